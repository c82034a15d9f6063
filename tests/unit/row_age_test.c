// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c -lsqlite3
/* The age of rows, which no clock that is set wrong can change, and what retention deletes. */
#include <stdlib.h>
#include <unistd.h>

#include "spool/spool_internal.h"
#include "tap.h"
#include "util/text.h"

#define HOUR_US 3600000000LL
#define DAY_US (24 * HOUR_US)
#define KEEP_US (400 * DAY_US)
#define YEAR_2030_US 1900000000000000LL

static char path[64];
static __s64 boottime_us = 1; /* of the host that runs here */

/* Writes n closed calls, or as many open ones, with the next steps. */
static void put_calls(struct cg_spool *spool, int n, bool closed)
{
	static int number;

	cg_spool_begin(spool);
	for (int i = 0; i < n; i++) {
		struct cg_cdr_row row = { .node = "n1",
					  .end_time = closed ? 1 : CG_NULL,
					  .end_reason = "none",
					  .candidate_end = CG_NULL,
					  .first_blocked_at = CG_NULL };

		snprintf(row.call_uid, sizeof(row.call_uid), "%d", number++);
		cg_spool_put(spool, CG_TABLE_CDR, &row);
	}
	cg_spool_commit(spool);
}

static void put_violation(struct cg_spool *spool, __s64 at)
{
	static __u64 seq;
	struct cg_violation_row row = { .node = "n1", .seq = ++seq, .count = 1, .at = at };

	cg_spool_begin(spool);
	cg_spool_put(spool, CG_TABLE_VIOLATION, &row);
	cg_spool_commit(spool);
}

/* The host's clock wrote this time into the calls after `step`. */
static void set_closed_at(struct cg_spool *spool, __s64 step, __s64 at)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		 "UPDATE cdr SET closed_at = %lld WHERE end_time IS NOT NULL AND step > %lld",
		 (long long)at, (long long)step);
	cg_sqlite_execute(spool->db, sql);
}

static __s64 number_of(struct cg_spool *spool, const char *sql)
{
	__s64 number = -1;

	cg_sqlite_read_number(spool->db, sql, 0, &number);
	return number;
}

static __s64 calls(struct cg_spool *spool)
{
	return number_of(spool, "SELECT count(*) FROM cdr");
}

/* The daemon runs for `us`, with a heartbeat each 40 minutes; its clock shows `now_us`. */
static void run_daemon(struct cg_spool *spool, __s64 us, __s64 now_us)
{
	const __s64 until = boottime_us + us, pause = HOUR_US * 2 / 3;

	for (;;) {
		cg_spool_begin(spool);
		cg_spool_add_age(spool, KEEP_US, boottime_us, now_us);
		cg_spool_commit(spool);
		if (boottime_us == until)
			return;
		boottime_us += until - boottime_us < pause ? until - boottime_us : pause;
	}
}

/* Steps of upkeep until there is nothing more to do. Returns their number, or -errno. */
static int tidy(struct cg_spool *spool, __s64 keep_us)
{
	int more, n = 0;

	do {
		more = cg_spool_tidy(spool, keep_us);
		n++;
	} while (more == 1);
	return more < 0 ? more : n;
}

static struct cg_spool *open_spool(void)
{
	struct cg_spool *spool = NULL;

	if (cg_spool_open(path, 1, &spool)) {
		puts("Bail out! cannot open the spool");
		exit(1);
	}
	cg_sqlite_execute(spool->db, "PRAGMA synchronous = OFF");
	return spool;
}

static void close_spool(struct cg_spool *spool)
{
	cg_spool_close(spool);
	for (int i = 0; i < 3; i++) {
		char file[80];

		snprintf(file, sizeof(file), "%s%s", path,
			 (const char *[]){ "", "-wal", "-shm" }[i]);
		unlink(file);
	}
}

/* A file whose rows were kept for ever until now. */
static void kept_for_ever(void)
{
	const __s64 now = cg_now_us();
	struct cg_spool *spool = open_spool();

	put_calls(spool, 3000, true);
	put_calls(spool, 10, false);
	put_violation(spool, now - KEEP_US - DAY_US);
	put_calls(spool, 2, true);
	set_closed_at(spool, 0, now - KEEP_US - DAY_US);
	put_calls(spool, 100, true);
	set_closed_at(spool, 3013, now - DAY_US);
	put_violation(spool, now);
	run_daemon(spool, 0, now);
	ok(tidy(spool, 0) == 1 && calls(spool) == 3112, "retention: nothing goes while it is off");
	ok(tidy(spool, KEEP_US) > 5, "retention: thousands of calls go in small steps");
	ok(calls(spool) == 110 &&
		   number_of(spool, "SELECT count(*) FROM cdr WHERE end_time IS NULL") == 10 &&
		   number_of(spool, "SELECT count(*) FROM violation") == 1,
	   "retention: an open call stays whatever its age, as do younger calls and violations");
	close_spool(spool);
}

static void wrong_at_first(void)
{
	const __s64 now = cg_now_us();
	struct cg_spool *spool = open_spool();

	put_calls(spool, 10, true);
	run_daemon(spool, 0, YEAR_2030_US);
	tidy(spool, KEEP_US);
	ok(calls(spool) == 10, "retention: its first start with the clock of 2030 deletes nothing");
	close_spool(spool);
	spool = open_spool();
	put_calls(spool, 10, true);
	put_calls(spool, 1, true);
	set_closed_at(spool, 10, YEAR_2030_US);
	put_violation(spool, YEAR_2030_US);
	run_daemon(spool, 0, now);
	tidy(spool, KEEP_US);
	ok(calls(spool) == 11, "retention: a row in the future makes no other old");
	close_spool(spool);
}

static void stepped_clock(void)
{
	const __s64 now = cg_now_us();
	struct cg_spool *spool = open_spool();

	put_calls(spool, 5, true);
	run_daemon(spool, DAY_US, now);
	put_calls(spool, 5, true);
	set_closed_at(spool, 5, YEAR_2030_US);
	put_violation(spool, YEAR_2030_US);
	run_daemon(spool, DAY_US, YEAR_2030_US);
	put_calls(spool, 5, true);
	set_closed_at(spool, 11, 1);
	put_violation(spool, 1);
	run_daemon(spool, DAY_US, 1);
	tidy(spool, KEEP_US);
	ok(calls(spool) == 15 && number_of(spool, "SELECT count(*) FROM violation") == 2,
	   "retention: a clock that is stepped to 2030 or 1970 deletes nothing, neither do its "
	   "rows");
	run_daemon(spool, KEEP_US - 3 * DAY_US - HOUR_US, now);
	put_calls(spool, 1, true);
	tidy(spool, KEEP_US);
	ok(calls(spool) == 16, "retention: no row goes before the daemon has run for that time");
	cg_spool_close(spool);
	spool = open_spool(); /* a restart; the host may have been off for years */
	boottime_us = 1;
	run_daemon(spool, 3 * HOUR_US, now + KEEP_US);
	tidy(spool, KEEP_US);
	ok(calls(spool) == 11, "retention: a restart takes no age away, and adds none");
	run_daemon(spool, 2 * DAY_US, now);
	tidy(spool, KEEP_US);
	ok(calls(spool) == 1 && !number_of(spool, "SELECT count(*) FROM violation"),
	   "retention: rows of 2030 and 1970 go when their neighbours do");
	ok(number_of(spool, "SELECT count(*) FROM age") < 24 * 400 + 10,
	   "retention: the marks have an end, too");
	close_spool(spool);
}

int main(void)
{
	char dir[] = "/tmp/row_age_test.XXXXXX";

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	kept_for_ever();
	wrong_at_first();
	stepped_clock();
	rmdir(dir);
	return tap_done();
}
