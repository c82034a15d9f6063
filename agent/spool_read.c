// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>

#include "spool_own.h"

static int walk(struct cg_spool *spool, const struct cg_table *table, sqlite3_stmt *stmt,
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

static int prepare_read(struct cg_spool *spool, const struct cg_table *table, const char *where,
			const char *order, sqlite3_stmt **stmt)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return -ENOMEM;
	fputs("SELECT step, ", sql);
	cg_table_names(sql, table);
	fprintf(sql, " FROM %s WHERE %s ORDER BY ", table->name, where);
	if (order)
		fputs(order, sql);
	else
		cg_table_key(sql, table);
	fclose(sql);
	return cg_spool_prepare(spool, text, stmt);
}

int cg_spool_each(struct cg_spool *spool, enum cg_table_id id, __s64 after_step, int max,
		  cg_spool_take take, void *ctx)
{
	int err;

	if (!spool->each[id]) {
		err = prepare_read(spool, &cg_tables[id], "step > ?1", "step LIMIT ?2",
				   &spool->each[id]);
		if (err)
			return err;
	}
	sqlite3_bind_int64(spool->each[id], 1, after_step);
	sqlite3_bind_int64(spool->each[id], 2, max);
	return walk(spool, &cg_tables[id], spool->each[id], take, ctx);
}

int cg_spool_select(struct cg_spool *spool, enum cg_table_id id, const char *where, int n,
		    const char *const *values, cg_spool_take take, void *ctx)
{
	sqlite3_stmt *stmt = NULL;
	int err = prepare_read(spool, &cg_tables[id], where, NULL, &stmt);

	for (int i = 0; i < n && !err; i++)
		err = cg_spool_rc(spool,
				  sqlite3_bind_text(stmt, i + 1, values[i], -1, SQLITE_STATIC));
	if (!err)
		err = walk(spool, &cg_tables[id], stmt, take, ctx);
	sqlite3_finalize(stmt);
	return err;
}
