// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The spool, read: rows by step or by condition, and how many there are. */
#include <errno.h>
#include <string.h>

#include "spool/spool_internal.h"

static int walk(struct cg_spool *spool, const struct cg_db_table *table, sqlite3_stmt *stmt,
		cg_spool_take take, void *ctx)
{
	const char *values[CG_COLUMNS_MAX];
	int rc, err = 0, n = 0;

	while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (unsigned int i = 0; i < table->n_columns; i++)
			values[i] = (const char *)sqlite3_column_text(stmt, i + 1);
		err = take(ctx, sqlite3_column_int64(stmt, 0), values);
		n++;
	}
	if (!err)
		err = cg_spool_rc(spool, rc);
	sqlite3_reset(stmt); /* an unfinished read would keep the WAL from being reset */
	return err ? err : n;
}

static int prepare_read(struct cg_spool *spool, const struct cg_db_table *table, const char *where,
			const char *order, sqlite3_stmt **stmt)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return -ENOMEM;
	fputs("SELECT step, ", sql);
	cg_db_table_write_names(sql, table);
	fprintf(sql, " FROM %s WHERE %s ORDER BY ", table->name, where);
	if (order)
		fputs(order, sql);
	else
		cg_db_table_write_key(sql, table);
	fclose(sql);
	return cg_spool_prepare(spool, text, stmt);
}

int cg_spool_each(struct cg_spool *spool, enum cg_db_table_id id, __s64 after_step, int max,
		  cg_spool_take take, void *ctx)
{
	int err;

	if (!spool->each[id]) {
		err = prepare_read(spool, &cg_db_tables[id], "step > ?1", "step LIMIT ?2",
				   &spool->each[id]);
		if (err)
			return err;
	}
	sqlite3_bind_int64(spool->each[id], 1, after_step);
	sqlite3_bind_int64(spool->each[id], 2, max);
	return walk(spool, &cg_db_tables[id], spool->each[id], take, ctx);
}

int cg_spool_select(struct cg_spool *spool, enum cg_db_table_id id, const char *where, int n,
		    const char *const *values, cg_spool_take take, void *ctx)
{
	sqlite3_stmt *stmt = NULL;
	int err = prepare_read(spool, &cg_db_tables[id], where, NULL, &stmt);

	for (int i = 0; i < n && !err; i++)
		err = cg_spool_rc(spool,
				  sqlite3_bind_text(stmt, i + 1, values[i], -1, SQLITE_STATIC));
	if (!err)
		err = walk(spool, &cg_db_tables[id], stmt, take, ctx);
	sqlite3_finalize(stmt);
	return err;
}

static int read_number(struct cg_spool *spool, const char *sql, __s64 limit, __s64 *number)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(spool->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(stmt, 1, limit);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return cg_spool_rc(spool, rc);
}

__s64 cg_spool_rows(struct cg_spool *spool, __s64 most)
{
	__s64 rows = 0;
	int err =
		read_number(spool,
			    "SELECT count(*) FROM (SELECT 1 FROM cdr UNION ALL"
			    " SELECT 1 FROM violation UNION ALL SELECT 1 FROM settlement LIMIT ?1)",
			    most, &rows);

	return err ? err : rows;
}

#define OLDEST_OF 1000 /* rows: those that were written first */

int cg_spool_oldest(struct cg_spool *spool, __s64 *us)
{
	__s64 oldest = 0;
	int err = read_number(
		spool,
		"SELECT coalesce(min(at), 0) FROM ("
		" SELECT * FROM (SELECT end_time AS at FROM cdr ORDER BY step LIMIT ?1)"
		" UNION ALL SELECT * FROM (SELECT at FROM violation ORDER BY step LIMIT ?1))",
		OLDEST_OF, &oldest);

	if (!err)
		*us = oldest;
	return err;
}

int cg_spool_count(struct cg_spool *spool)
{
	int err = 0;

	for (int id = 0; !err && id < CG_TABLES; id++) {
		sqlite3_stmt *stmt = NULL;
		char *sql = sqlite3_mprintf("SELECT count(*) FROM %s", cg_db_tables[id].name);
		int rc = sql ? sqlite3_prepare_v2(spool->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;

		if (rc == SQLITE_OK)
			rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			spool->rows[id] = sqlite3_column_int64(stmt, 0);
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
		err = cg_spool_rc(spool, rc);
	}
	return err;
}

void cg_spool_content(struct cg_spool *spool, struct cg_spool_content *content)
{
	content->oldest = 0;
	memcpy(content->rows, spool->rows, sizeof(content->rows));
	cg_spool_oldest(spool, &content->oldest);
}
