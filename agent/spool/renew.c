// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Replaces a damaged spool: keeps the file for inspection and copies its readable rows to a new
 * one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/spool_internal.h"

#define ASIDE_MAX 1000 /* damaged files that are kept */

/* Renames FROM+suffix to TO+suffix. A missing file is no error. */
static int rename_file(const char *from, const char *to, const char *suffix)
{
	char *old_path = NULL, *new_path = NULL;
	int err = 0;

	if (asprintf(&old_path, "%s%s", from, suffix) < 0 ||
	    asprintf(&new_path, "%s%s", to, suffix) < 0)
		err = -ENOMEM;
	else if (rename(old_path, new_path) && errno != ENOENT)
		err = -errno;
	free(old_path);
	free(new_path);
	return err;
}

int cg_spool_set_aside(const char *path, char *aside, size_t size)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	int err = -EEXIST;

	for (int i = 1; err == -EEXIST && i < ASIDE_MAX; i++) {
		snprintf(aside, size, "%s.damaged-%d", path, i);
		err = access(aside, F_OK) ? 0 : -EEXIST;
	}
	for (size_t i = 0; !err && i < sizeof(suffixes) / sizeof(*suffixes); i++)
		err = rename_file(path, aside, suffixes[i]);
	return err;
}

/* Copies rows until the end or the first damaged page. True: the end was reached. */
static int copy_rows(struct cg_spool *into, sqlite3_stmt *from, enum cg_db_table_id id, int *rows)
{
	sqlite3_stmt *insert = into->insert[id];
	int n = cg_db_tables[id].n_columns, rc;

	while ((rc = sqlite3_step(from)) == SQLITE_ROW) {
		for (int i = 0; i < n; i++)
			sqlite3_bind_value(insert, i + 1, sqlite3_column_value(from, i));
		sqlite3_bind_int64(insert, n + 1, ++into->last_step);
		*rows += sqlite3_step(insert) == SQLITE_DONE;
		sqlite3_reset(insert);
	}
	return rc == SQLITE_DONE;
}

static void write_ordered(FILE *sql, const struct cg_db_table *table, const char *order)
{
	fputs("SELECT ", sql);
	cg_db_table_write_names(sql, table);
	fprintf(sql, " FROM %s ORDER BY step %s", table->name, order);
}

/* Reads a table from both ends. Only rows between two damaged pages are lost. */
static void copy_table(struct cg_spool *into, sqlite3 *from, enum cg_db_table_id id, int *rows)
{
	static const char *const orders[] = { "ASC", "DESC" };
	int complete = 0;

	for (int i = 0; i < 2 && !complete; i++) {
		sqlite3_stmt *stmt = NULL;

		if (!cg_sqlite_prepare(from, write_ordered, &cg_db_tables[id], orders[i], &stmt))
			complete = copy_rows(into, stmt, id, rows);
		sqlite3_finalize(stmt);
	}
}

int cg_spool_salvage(struct cg_spool *into, const char *aside, int *rows)
{
	sqlite3 *from = NULL;
	int err;

	*rows = 0;
	err = cg_spool_begin(into);
	if (err)
		goto out;
	if (sqlite3_open_v2(aside, &from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		cg_spool_view_old_columns(from); /* on failure, rows of `cdr` are not readable */
		for (int id = 0; id < CG_TABLES; id++)
			copy_table(into, from, id, rows);
	}
	err = cg_spool_rename_ends(into->db);
	if (!err)
		err = cg_spool_commit(into);
out:
	sqlite3_close(from);
	return err;
}
