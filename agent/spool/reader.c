// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Reads rows of the spool by step, and counts them. */
#include <string.h>

#include "spool/spool_internal.h"

#define OLDEST_ROWS 1000 /* rows of each table in which cg_spool_get_oldest() searches */

/* Calls `handle` for each row. Returns the number of rows, -errno, or what `handle` returned. */
static int handle_rows(struct cg_spool *spool, const struct cg_db_table *table, sqlite3_stmt *stmt,
		       cg_spool_row_handler handle, void *ctx)
{
	const char *values[CG_COLUMNS_MAX];
	int rc, err = 0, n = 0;

	while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (unsigned int i = 0; i < table->n_columns; i++)
			values[i] = (const char *)sqlite3_column_text(stmt, i + 1);
		err = handle(ctx, sqlite3_column_int64(stmt, 0), values);
		n++;
	}
	if (!err)
		err = cg_sqlite_errno(spool->db, rc);
	sqlite3_reset(stmt); /* an unfinished SELECT would keep the WAL from being truncated */
	return err ? err : n;
}

static void write_select(FILE *sql, const struct cg_db_table *table, const char *where)
{
	fputs("SELECT step, ", sql);
	cg_db_table_write_names(sql, table);
	fprintf(sql, " FROM %s WHERE %s", table->name, where);
}

static void write_select_by_step(FILE *sql, const struct cg_db_table *table, const char *clause)
{
	(void)clause;
	write_select(sql, table, "step > ?1 ORDER BY step LIMIT ?2");
}

int cg_spool_read_steps(struct cg_spool *spool, enum cg_db_table_id id, __s64 after_step, int max,
			cg_spool_row_handler handle, void *ctx)
{
	sqlite3_stmt **stmt = &spool->read_steps[id];
	int err = 0;

	if (!*stmt)
		err = cg_sqlite_prepare(spool->db, write_select_by_step, &cg_db_tables[id], NULL,
					stmt);
	if (err)
		return err;
	sqlite3_bind_int64(*stmt, 1, after_step);
	sqlite3_bind_int64(*stmt, 2, max);
	return handle_rows(spool, &cg_db_tables[id], *stmt, handle, ctx);
}

__s64 cg_spool_count_rows(struct cg_spool *spool, __s64 most)
{
	__s64 rows = 0;
	int err = cg_sqlite_read_number(
		spool->db,
		"SELECT count(*) FROM (SELECT 1 FROM cdr UNION ALL"
		" SELECT 1 FROM violation UNION ALL SELECT 1 FROM settlement LIMIT ?1)",
		most, &rows);

	return err ? err : rows;
}

__s64 cg_spool_count_after(struct cg_spool *spool, __s64 us)
{
	__s64 rows = 0;
	int err = cg_sqlite_read_number(
		spool->db, "SELECT count(*) FROM cdr WHERE answer_time > ?1", us, &rows);

	return err ? err : rows;
}

int cg_spool_get_oldest(struct cg_spool *spool, __s64 *us)
{
	return cg_sqlite_read_number(
		spool->db,
		"SELECT coalesce(min(at), 0) FROM ("
		" SELECT * FROM (SELECT end_time AS at FROM cdr ORDER BY step LIMIT ?1)"
		" UNION ALL SELECT * FROM (SELECT at FROM violation ORDER BY step LIMIT ?1))",
		OLDEST_ROWS, us);
}

void cg_spool_get_content(struct cg_spool *spool, struct cg_spool_content *content)
{
	*content = (struct cg_spool_content){};
	cg_spool_read_counts(spool, content->rows);
	cg_spool_get_oldest(spool, &content->oldest_us);
}
