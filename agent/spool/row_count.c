// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The number of rows of each table, kept in the file: a start need not read all rows. SQLite
 * reports each row that this connection adds or deletes, and a commit stores the sums. (A trigger
 * would cost more than the insert.) Another connection may be that of sqlite3, which knows nothing
 * of this. So after one has written, the rows are counted, unless there are so many that it takes
 * long.
 */
#include <string.h>

#include "spool/spool_internal.h"

#define COUNT_ROWS_MAX 1000000 /* some 50 ms */

static void write_count(FILE *sql, const struct cg_db_table *table, const char *clause)
{
	(void)clause;
	fprintf(sql, "INSERT OR REPLACE INTO row_count SELECT '%1$s', count(*) FROM %1$s",
		table->name);
}

int cg_spool_create_counts(sqlite3 *db)
{
	int err = cg_sqlite_execute(db, "CREATE TABLE IF NOT EXISTS row_count"
					" (kind TEXT PRIMARY KEY, rows INTEGER) WITHOUT ROWID");

	return err ? err : cg_sqlite_execute_for_tables(db, write_count);
}

static void add_change(void *ctx, int operation, const char *database, const char *table,
		       sqlite3_int64 rowid)
{
	struct cg_spool *spool = ctx;

	(void)database, (void)rowid;
	if (operation == SQLITE_UPDATE)
		return;
	for (int id = 0; id < CG_TABLES; id++)
		if (!strcmp(table, cg_db_tables[id].name))
			spool->added[id] += operation == SQLITE_INSERT ? 1 : -1;
}

void cg_spool_watch_counts(struct cg_spool *spool)
{
	sqlite3_update_hook(spool->db, add_change, spool);
}

int cg_spool_begin_counts(struct cg_spool *spool)
{
	__s64 version = 0, rows = 0;
	int err = cg_sqlite_read_number(spool->db, "PRAGMA data_version", 0, &version);

	memset(spool->added, 0, sizeof(spool->added));
	if (err || version == spool->data_version)
		return err;
	err = cg_sqlite_read_number(spool->db, "SELECT sum(rows) FROM row_count", 0, &rows);
	if (!err && rows <= COUNT_ROWS_MAX)
		err = cg_sqlite_execute_for_tables(spool->db, write_count);
	if (!err)
		spool->data_version = version;
	return err;
}

int cg_spool_save_counts(struct cg_spool *spool)
{
	char sql[128];
	int err = 0;

	for (int id = 0; !err && id < CG_TABLES; id++) {
		if (!spool->added[id])
			continue;
		snprintf(sql, sizeof(sql),
			 "UPDATE row_count SET rows = rows + %lld WHERE kind = '%s'",
			 (long long)spool->added[id], cg_db_tables[id].name);
		err = cg_sqlite_execute(spool->db, sql);
		spool->added[id] = 0;
	}
	return err;
}

/*
 * The rows of an uncommitted transaction are counted as well. A wrong sum is not shown as negative.
 */
void cg_spool_read_counts(struct cg_spool *spool, __s64 rows[CG_TABLES])
{
	char sql[80];

	for (int id = 0; id < CG_TABLES; id++) {
		rows[id] = 0;
		snprintf(sql, sizeof(sql), "SELECT rows FROM row_count WHERE kind = '%s'",
			 cg_db_tables[id].name);
		cg_sqlite_read_number(spool->db, sql, 0, &rows[id]);
		rows[id] += spool->added[id];
		if (rows[id] < 0)
			rows[id] = 0;
	}
}
