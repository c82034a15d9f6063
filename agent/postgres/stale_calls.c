// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/stale_calls.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "spool/spool.h"
#include "util/text.h"

#define MARGIN_US 1000000 /* clock offsets are corrected when they are off by 100 ms */

#define BOOT "timestamptz 'epoch' + $2::int8 * interval '1 microsecond'"
const char cg_stale_calls_sql[] =
	"WITH stale AS (UPDATE cseqguard.cdr SET end_time = " BOOT ", end_reason = 'reboot',"
	" ended_by = 'none', bye_confirmed = false, suspect = true, closed_at = now()"
	" WHERE node = $1 AND end_time IS NULL AND answer_time < " BOOT " RETURNING 1)"
	" SELECT count(*) FROM stale";

static const char spool_sql[] =
	"UPDATE cdr SET end_time = CAST(?2 AS INTEGER), end_reason = 'reboot', ended_by = 'none',"
	" bye_confirmed = 0, suspect = 1, closed_at = CAST(?3 AS INTEGER), step = ?4 + call.number"
	" FROM (SELECT step AS was, row_number() OVER (ORDER BY step) AS number FROM cdr"
	" WHERE node = ?1 AND end_time IS NULL AND answer_time < CAST(?2 AS INTEGER)) AS call"
	" WHERE cdr.step = call.was";

void cg_stale_calls_boot_time(const struct cg_origin *origin, char out[24])
{
	__s64 least = 0;

	for (int i = 0; i < CG_CLOCKS; i++) {
		__s64 offset = origin->clock_offset[i];

		if (offset > 0 && (!least || offset < least))
			least = offset;
	}
	snprintf(out, 24, "%lld", least / 1000 > MARGIN_US ? least / 1000 - MARGIN_US : 0LL);
}

int cg_stale_calls_close(const char *path, const struct cg_origin *origin)
{
	struct cg_spool *spool = NULL;
	char boot[24], now[24];
	const char *values[] = { origin->node, boot, now };
	int err, rows = 0;

	cg_stale_calls_boot_time(origin, boot);
	snprintf(now, sizeof(now), "%lld", (long long)cg_now_us());
	if (access(path, F_OK))
		return errno == ENOENT ? 0 : -errno;
	err = cg_spool_open(path, 1, &spool);
	if (!err)
		err = cg_spool_begin(spool);
	if (!err) {
		rows = cg_spool_execute(spool, spool_sql, 3, values);
		err = rows < 0 ? rows : cg_spool_commit(spool);
	}
	cg_spool_close(spool);
	return err ? err : rows;
}
