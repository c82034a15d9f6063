// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A damaged spool: the file is kept for people, its readable rows go on in a new one. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/spool_internal.h"

#define ASIDE_MAX 1000

static int move(const char *from, const char *to, const char *suffix)
{
	char *a = NULL, *b = NULL;
	int err = 0;

	if (asprintf(&a, "%s%s", from, suffix) < 0 || asprintf(&b, "%s%s", to, suffix) < 0)
		err = -ENOMEM;
	else if (rename(a, b) && errno != ENOENT)
		err = -errno;
	free(a);
	free(b);
	return err;
}

int cg_spool_set_aside(const char *path, char *aside, size_t size)
{
	int err = -EEXIST;

	for (int i = 1; err == -EEXIST && i < ASIDE_MAX; i++) {
		snprintf(aside, size, "%s.damaged-%d", path, i);
		err = access(aside, F_OK) ? 0 : -EEXIST;
	}
	err = err ? err : move(path, aside, "-wal");
	err = err ? err : move(path, aside, "-shm");
	return err ? err : move(path, aside, "");
}

/* True: the walk came to its end. */
static int copy_rows(struct cg_spool *into, sqlite3_stmt *from, enum cg_db_table_id id, int *rows)
{
	sqlite3_stmt *put = into->put[id];
	int n = cg_db_tables[id].n_columns, rc;

	while ((rc = sqlite3_step(from)) == SQLITE_ROW) {
		for (int i = 0; i < n; i++)
			sqlite3_bind_value(put, i + 1, sqlite3_column_value(from, i));
		sqlite3_bind_int64(put, n + 1, ++into->step);
		*rows += sqlite3_step(put) == SQLITE_DONE;
		sqlite3_reset(put);
	}
	return rc == SQLITE_DONE;
}

/* From both ends: what lies between two damaged pages is lost to us. */
static void copy_table(struct cg_spool *into, sqlite3 *from, enum cg_db_table_id id, int *rows)
{
	static const char *const orders[] = { "ASC", "DESC" };
	int whole = 0;

	for (int i = 0; i < 2 && !whole; i++) {
		sqlite3_stmt *stmt = NULL;
		char *text = NULL;
		size_t size;
		FILE *sql = open_memstream(&text, &size);

		if (!sql)
			return;
		fputs("SELECT ", sql);
		cg_db_table_write_names(sql, &cg_db_tables[id]);
		fprintf(sql, " FROM %s ORDER BY step %s", cg_db_tables[id].name, orders[i]);
		fclose(sql);
		if (text && sqlite3_prepare_v2(from, text, -1, &stmt, NULL) == SQLITE_OK)
			whole = copy_rows(into, stmt, id, rows);
		sqlite3_finalize(stmt);
		free(text);
	}
}

int cg_spool_salvage(struct cg_spool *into, const char *aside, int *rows)
{
	sqlite3 *from = NULL;
	int err = cg_spool_begin(into);

	*rows = 0;
	if (!err && sqlite3_open_v2(aside, &from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		for (int id = 0; id < CG_TABLES; id++)
			copy_table(into, from, id, rows);
	sqlite3_close(from);
	err = err ? err : cg_spool_commit(into);
	return err ? err : cg_spool_count(into);
}
