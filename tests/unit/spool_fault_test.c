// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c -lsqlite3
/* A spool without room that is not a full disk, and one that another process keeps for itself. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "spool/spool_internal.h"
#include "tap.h"
#include "util/clock.h"

static char path[64];

static int put_rows(struct cg_spool *spool, __s64 from, int rows)
{
	struct cg_cdr_row row = { .node = "n1", .call_uid = "call" };
	int err = cg_spool_begin(spool);

	memset(row.call_id, 'x', sizeof(row.call_id) - 1);
	for (row.setup_time = from; !err && row.setup_time < from + rows; row.setup_time++)
		err = cg_spool_put(spool, CG_TABLE_CDR, &row);
	return err ? err : cg_spool_commit(spool);
}

/* A limit of the file's size fails as a quota does: with an I/O error, not with SQLITE_FULL. */
static void size_limit(void)
{
	struct rlimit limit, all;
	struct cg_spool *spool;
	char why[80] = "";
	int err;

	if (cg_spool_open(path, 1, &spool) || getrlimit(RLIMIT_FSIZE, &all)) {
		ok(0, "limit: a spool");
		return;
	}
	signal(SIGXFSZ, SIG_IGN);
	limit = (struct rlimit){ .rlim_cur = 1 << 20, .rlim_max = all.rlim_max };
	setrlimit(RLIMIT_FSIZE, &limit);
	err = put_rows(spool, 0, 5000);
	snprintf(why, sizeof(why), "%s", cg_spool_strerror(spool));
	cg_spool_rollback(spool);
	setrlimit(RLIMIT_FSIZE, &all);
	ok(err == -ENOSPC,
	   "limit: a file that must not grow is a full disk, so that rows are deleted first");
	ok(!strcmp(why, strerror(EFBIG)), "limit: the error names the cause");
	ok(!put_rows(spool, 0, 5000), "limit: without it, rows find room");
	cg_spool_close(spool);
}

/* The event loop must read the rings meanwhile. */
static void locked_out(void)
{
	__u64 begin = cg_boottime();
	struct cg_spool *spool;
	sqlite3 *db = NULL;
	int err;

	if (sqlite3_open(path, &db) ||
	    sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE", NULL, NULL,
			 NULL)) {
		ok(0, "locked: another process");
		return;
	}
	for (int i = 0; i < 5; i++) {
		err = cg_spool_open_in_loop(path, &spool);
		cg_spool_close(spool);
	}
	ok(err == -EBUSY && cg_boottime() - begin < 4 * CG_SECOND,
	   "locked: the event loop does not wait for a process that keeps the file for itself");
	sqlite3_close(db);
	err = cg_spool_open_in_loop(path, &spool);
	ok(!err && cg_spool_count_rows(spool, 10000) == 5000, "locked: and reads when it can");
	cg_spool_close(spool);
}

int main(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char dir[] = "/tmp/spool_fault_test.XXXXXX", file[80];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	size_limit();
	locked_out();
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		unlink(file);
	}
	rmdir(dir);
	return tap_done();
}
