// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/stale_calls.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "spool/spool.h"
#include "util/text.h"

#define MARGIN_US 1000000 /* clock offsets are corrected when they are off by 100 ms */

#define TIME(parameter) "(timestamptz 'epoch' + " parameter "::int8 * interval '1 microsecond')"
const char cg_stale_calls_sql[] =
	"WITH stale AS (UPDATE cseqguard.cdr AS c SET end_time = greatest(c.answer_time, coalesce("
	"greatest(candidate_end, first_blocked_at, (SELECT max(v.at) FROM cseqguard.violation v"
	" WHERE v.call_uid = c.call_uid AND v.node = c.node AND v.at < " TIME(
		"$2") ")),"
		      " " TIME(
			      "$3") ")), end_reason = 'reboot',"
				    " ended_by = 'none', bye_confirmed = false, suspect = true, "
				    "closed_at = now()"
				    " WHERE node = $1 AND end_time IS NULL AND answer_time < " TIME(
					    "$2") " RETURNING 1)"
						  " SELECT count(*) FROM stale";

#define BEAT_BEFORE_BOOT                                                                           \
	"(SELECT CASE WHEN at < CAST(?2 AS INTEGER) THEN at ELSE before_boot END FROM heartbeat"   \
	" WHERE node = ?1)"

/* In SQLite max() of several values is NULL if one of them is. */
static const char spool_sql[] =
	"UPDATE cdr SET end_time = max(answer_time, coalesce(call.message, " BEAT_BEFORE_BOOT
	", 0)),"
	" end_reason = 'reboot', ended_by = 'none', bye_confirmed = 0, suspect = 1,"
	" closed_at = CAST(?3 AS INTEGER), step = ?4 + call.number"
	" FROM (SELECT step AS was, row_number() OVER (ORDER BY step) AS number,"
	" nullif(max(coalesce(candidate_end, 0), coalesce(first_blocked_at, 0), coalesce(seen.at, "
	"0)), 0)"
	" AS message FROM cdr LEFT JOIN (SELECT call_uid, max(at) AS at FROM violation"
	" WHERE node = ?1 AND at < CAST(?2 AS INTEGER) GROUP BY call_uid) AS seen USING (call_uid)"
	" WHERE node = ?1 AND end_time IS NULL AND answer_time < CAST(?2 AS INTEGER)) AS call"
	" WHERE cdr.step = call.was";

__s64 cg_stale_calls_boot_time(const struct cg_origin *origin)
{
	__s64 least = 0;

	for (int i = 0; i < CG_CLOCKS; i++) {
		__s64 offset = origin->clock_offset[i];

		if (offset > 0 && (!least || offset < least))
			least = offset;
	}
	return least / 1000 > MARGIN_US ? least / 1000 - MARGIN_US : 0;
}

static void format_time(__s64 us, char out[24])
{
	snprintf(out, 24, "%lld", (long long)us);
}

void cg_stale_calls_prepare(const char *path, const struct cg_origin *origin,
			    struct cg_stale_calls *stale)
{
	const __s64 boot = cg_stale_calls_boot_time(origin);
	struct cg_spool *spool = NULL;
	__s64 beat = 0;

	format_time(boot, stale->boot);
	if (!cg_spool_open(path, 0, &spool))
		cg_spool_last_beat(spool, origin->node, boot, &beat);
	cg_spool_close(spool);
	format_time(beat, stale->beat);
	stale->values[0] = origin->node;
	stale->values[1] = stale->boot;
	stale->values[2] = beat ? stale->beat : NULL;
}

int cg_stale_calls_close(const char *path, const struct cg_origin *origin)
{
	struct cg_spool *spool = NULL;
	char boot[24], now[24];
	const char *values[] = { origin->node, boot, now };
	int err, rows = 0;

	format_time(cg_stale_calls_boot_time(origin), boot);
	format_time(cg_now_us(), now);
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
