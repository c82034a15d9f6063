// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: tests/unit/merge_orders.c agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/renew.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c -lsqlite3
/* Two nodes write one call's row: the spool's statement gives one row in any order. */
#include <stdlib.h>
#include <unistd.h>

#include "merge_orders.h"
#include "spool/spool.h"
#include "tap.h"

static struct cg_spool *spool;
static bool has_begun;
static merge_row_handler handler;

static bool put(const struct cg_cdr_row *row)
{
	if (!has_begun && cg_spool_begin(spool))
		return false;
	has_begun = true;
	return !cg_spool_put(spool, CG_TABLE_CDR, row);
}

static bool commit(void)
{
	bool had_begun = has_begun;

	has_begun = false;
	return !had_begun || !cg_spool_commit(spool);
}

static int see(void *ctx, __s64 step, const char *const *values)
{
	(void)ctx;
	(void)step;
	handler(values);
	return 0;
}

static bool read_rows(merge_row_handler handle)
{
	handler = handle;
	return cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 1000000, see, NULL) > 0;
}

int main(void)
{
	const struct merge_store store = { put, commit, read_rows };
	char dir[] = "/tmp/cg-merge-XXXXXX", path[64];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	ok(!cg_spool_open(path, 1, &spool) && merge_orders_check(&store),
	   "merge: the versions of two nodes give one row, in whatever order they come");
	cg_spool_close(spool);
	unlink(path);
	snprintf(path, sizeof(path), "%s/spool.db-wal", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/spool.db-shm", dir);
	unlink(path);
	rmdir(dir);
	return tap_done();
}
