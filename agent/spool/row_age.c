// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The age of rows, counted in time that the daemon ran: CLOCK_BOOTTIME, added up in the file. The
 * wall clock has no part in it. A host that boots with the clock of 2030 would otherwise delete
 * every row, and rows of such an hour would stay for years.
 *
 * Table `age` has a mark for each hour: all rows up to `step` were written before `at`, in
 * microseconds of that time. The last mark is the present one, and moves. Where it begins means
 * nothing. Only differences count.
 */
#include "spool/spool_internal.h"

#include <stdio.h>

#define HOUR_US "3600000000"

int cg_spool_create_age(sqlite3 *db)
{
	return cg_sqlite_execute(
		db, "CREATE TABLE IF NOT EXISTS age (at INTEGER PRIMARY KEY, step INTEGER)");
}

/*
 * Makes the first marks, from the rows' own times: of a file whose rows were kept for ever, or were
 * copied from a damaged one. They are compared with each other. now_us only excludes rows in the
 * future, so that one of them does not make the others old.
 */
static int make_marks(struct cg_spool *spool, __s64 now_us)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "INSERT OR REPLACE INTO age SELECT min(hour + 1, max(hour) OVER ()) * " HOUR_US
		 ", coalesce(min(first) OVER"
		 " (ORDER BY hour DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - 1, %lld)"
		 " FROM (SELECT time / " HOUR_US " AS hour, min(step) AS first FROM"
		 " (SELECT coalesce(closed_at, answer_time) AS time, step FROM cdr"
		 " UNION ALL SELECT at, step FROM violation) WHERE time <= %lld GROUP BY hour)"
		 " ORDER BY hour;"
		 "INSERT INTO age SELECT 0, %lld WHERE NOT EXISTS (SELECT 1 FROM age)",
		 (long long)spool->last_step, (long long)now_us, (long long)spool->last_step);
	return cg_sqlite_execute(spool->db, sql);
}

/* Moves the present mark. After an hour it stays where it is, and there is a new one. */
static int move_mark(struct cg_spool *spool, __s64 present, __s64 by_us)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO age VALUES (%lld, %lld);"
		 "DELETE FROM age WHERE at = %lld AND"
		 " at - (SELECT max(at) FROM age WHERE at < %lld) < " HOUR_US,
		 (long long)(present + by_us), (long long)spool->last_step, (long long)present,
		 (long long)present);
	return cg_sqlite_execute(spool->db, sql);
}

/* Deletes the marks before the last one that is old enough. */
static int delete_marks(struct cg_spool *spool, __s64 keep_us)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "DELETE FROM age WHERE at < (SELECT max(at) FROM age WHERE at <="
		 " (SELECT max(at) FROM age) - %lld)",
		 (long long)keep_us);
	return cg_sqlite_execute(spool->db, sql);
}

int cg_spool_add_age(struct cg_spool *spool, __s64 keep_us, __s64 boottime_us, __s64 now_us)
{
	const __s64 by_us = spool->aged_at ? boottime_us - spool->aged_at : 0;
	__s64 present = -1;
	int err = cg_sqlite_read_number(spool->db, "SELECT at FROM age ORDER BY at DESC LIMIT 1", 0,
					&present);

	if (!err && present < 0)
		err = make_marks(spool, now_us);
	else if (!err && by_us > 0)
		err = move_mark(spool, present, by_us);
	if (!err)
		err = delete_marks(spool, keep_us);
	if (!err)
		spool->aged_at = boottime_us;
	return err;
}

int cg_spool_get_old_step(struct cg_spool *spool, __s64 keep_us, __s64 *step)
{
	*step = 0;
	return cg_sqlite_read_number(spool->db,
				     "SELECT coalesce(max(step), 0) FROM age WHERE at <="
				     " (SELECT max(at) FROM age) - ?1",
				     keep_us, step);
}
