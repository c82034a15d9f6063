// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Upkeep of the spool, in steps that take some milliseconds: deletes rows that are old enough
 * (row_age.c), and gives free pages back to the file system.
 *
 * Rows are examined in the order of their steps, which is that of their last changes. So no index
 * is needed, and a call that was settled lately is kept as long as a new one.
 */
#include "spool/spool_internal.h"

#define ROWS_PER_STEP 500
#define PAGES_PER_STEP 64
#define FREE_PAGES_KEPT 1024 /* 16 MiB: the next rows need no longer file */

/* The rows of each table that may be deleted. Open calls never are. */
static const struct expiry {
	enum cg_db_table_id table;
	const char *may_go;
} expiries[] = {
	{ CG_TABLE_CDR, "end_time IS NOT NULL" },
	{ CG_TABLE_VIOLATION, "true" },
};

static int delete_rows(struct cg_spool *spool, const struct expiry *expiry, __s64 after, __s64 last)
{
	char sql[256];
	int err = cg_spool_begin(spool);

	if (err)
		return err;
	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE step > %lld AND step <= %lld AND %s",
		 cg_db_tables[expiry->table].name, (long long)after, (long long)last,
		 expiry->may_go);
	err = cg_sqlite_execute(spool->db, sql);
	return err ? err : cg_spool_commit(spool);
}

/* Counts the rows of the range that may be deleted. */
static int count_rows(struct cg_spool *spool, const struct expiry *expiry, __s64 after, __s64 last,
		      __s64 *rows)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM %s WHERE step > %lld AND step <= %lld AND %s",
		 cg_db_tables[expiry->table].name, (long long)after, (long long)last,
		 expiry->may_go);
	return cg_sqlite_read_number(spool->db, sql, 0, rows);
}

/*
 * Deletes those of the next rows of a table, up to old_step, that may go. Returns 1 if there may be
 * more behind them; 0: there are none; or -errno.
 */
static int expire_rows(struct cg_spool *spool, const struct expiry *expiry, __s64 old_step)
{
	__s64 *examined = &spool->examined[expiry->table], after = *examined, last = 0, rows = 0;
	char sql[256];
	int err;

	*examined = 0;
	snprintf(sql, sizeof(sql),
		 "SELECT coalesce(max(step), 0) FROM (SELECT step FROM %s WHERE step > %lld AND"
		 " step <= %lld ORDER BY step LIMIT %d)",
		 cg_db_tables[expiry->table].name, (long long)after, (long long)old_step,
		 ROWS_PER_STEP);
	err = cg_sqlite_read_number(spool->db, sql, 0, &last);
	if (!err && last)
		err = count_rows(spool, expiry, after, last, &rows);
	if (!err && rows)
		err = delete_rows(spool, expiry, after, last);
	if (err || !last)
		return err;
	*examined = last;
	return 1;
}

/*
 * Returns 1 if there are more pages to give back, 0 or -errno. A file of an older version may have
 * none.
 */
static int shrink_file(struct cg_spool *spool)
{
	__s64 mode = 0, pages = 0;
	char sql[64];
	int err = cg_sqlite_read_number(spool->db, "PRAGMA auto_vacuum", 0, &mode);

	if (!err && mode)
		err = cg_sqlite_read_number(spool->db, "PRAGMA freelist_count", 0, &pages);
	if (err || pages <= FREE_PAGES_KEPT)
		return err;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", PAGES_PER_STEP);
	err = cg_sqlite_execute(spool->db, sql);
	return err ? err : pages - PAGES_PER_STEP > FREE_PAGES_KEPT;
}

int cg_spool_tidy(struct cg_spool *spool, __s64 keep_us)
{
	__s64 old_step = 0;
	int more = keep_us ? cg_spool_get_old_step(spool, keep_us, &old_step) : 0;

	if (!more)
		more = shrink_file(spool);
	for (size_t i = 0; old_step && more >= 0 && i < sizeof(expiries) / sizeof(*expiries); i++) {
		int rows = expire_rows(spool, &expiries[i], old_step);

		more = rows < 0 ? rows : more | rows;
	}
	return more;
}
