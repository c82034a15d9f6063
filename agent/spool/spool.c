// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "spool/spool_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"

#define BUSY_MS 5000 /* longer than another writer or a backup usually holds the lock */
#define BUSY_MS_IN_LOOP 10

static void write_insert(FILE *sql, const struct cg_db_table *table, const char *clause)
{
	(void)clause;
	fprintf(sql, "INSERT INTO %s AS old (", table->name);
	cg_db_table_write_names(sql, table);
	fputs(", step) VALUES (", sql);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fputs("?, ", sql);
	fputs("?)", sql);
	cg_db_table_write_merge(sql, table, "step = excluded.step", "IS NOT");
}

static void write_delete(FILE *sql, const struct cg_db_table *table, const char *clause)
{
	(void)clause;
	fprintf(sql, "DELETE FROM %s WHERE step <= ?", table->name);
}

static void write_reject(FILE *sql, const struct cg_db_table *table, const char *clause)
{
	(void)clause;
	fprintf(sql, "INSERT INTO rejected (kind, error, row) SELECT '%s', ?1, json_object(",
		table->name);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql, "%s'%s', %s", i ? ", " : "", table->columns[i].name,
			table->columns[i].name);
	fprintf(sql, ") FROM %s WHERE step = ?2", table->name);
}

static int prepare_write(struct cg_spool *spool, enum cg_db_table_id id)
{
	const struct cg_db_table *table = &cg_db_tables[id];
	int err = cg_sqlite_prepare(spool->db, write_insert, table, NULL, &spool->insert[id]);

	if (!err)
		err = cg_sqlite_prepare(spool->db, write_delete, table, NULL, &spool->delete[id]);
	return err;
}

/* Another writer may have given out steps since the last transaction. */
static int load_last_step(struct cg_spool *spool)
{
	__s64 step = 0;
	int err = cg_sqlite_read_number(spool->db,
					"SELECT max(coalesce((SELECT max(step) FROM cdr), 0),"
					" coalesce((SELECT max(step) FROM violation), 0),"
					" coalesce((SELECT max(step) FROM settlement), 0))",
					0, &step);

	if (!err)
		cg_spool_raise_step(spool, step);
	return err;
}

static int check_version(struct cg_spool *spool, __s64 *version)
{
	int err = cg_sqlite_read_number(spool->db, "PRAGMA user_version", 0, version);

	if (!err && *version > CG_SPOOL_VERSION) {
		spool->error_text = "written by a newer version of cseqguard";
		err = -EPROTO;
	}
	return err;
}

/*
 * Prepares the file for writing. In WAL mode with synchronous=FULL a commit is on disk when it
 * returns, and readers never wait. A log that a long read has made larger than journal_size_limit
 * is cut once it is used from its start again. A file that has all tables is not written to,
 * because its disk may be full.
 */
static int set_up_writer(struct cg_spool *spool, __s64 version)
{
	int err = cg_sqlite_execute(spool->db, "PRAGMA page_size = 16384;"
					       "PRAGMA journal_mode = WAL;"
					       "PRAGMA journal_size_limit = 16777216;"
					       "PRAGMA synchronous = FULL;"
					       "PRAGMA wal_autocheckpoint = 256;"
					       "PRAGMA cache_size = -16384;");
	if (err)
		goto out;
	if (version != CG_SPOOL_VERSION) {
		err = cg_spool_create_tables(spool->db);
		if (err)
			goto out;
	}
	err = load_last_step(spool);
	if (err)
		goto out;
	for (int id = 0; !err && id < CG_TABLES; id++)
		err = prepare_write(spool, id);
	cg_spool_watch_counts(spool);
out:
	return err;
}

/*
 * Returns why the file cannot be opened for writing. SQLite falls back to reading, and then returns
 * the error of that. If the folder is not writable, that is the cause; otherwise it is `err`.
 */
static int find_write_error(const char *path, int err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	return access(*folder ? folder : "/", W_OK) ? -errno : err;
}

static int open_spool(const char *path, int writable, int busy_ms, struct cg_spool **out)
{
	int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	struct cg_spool *spool = calloc(1, sizeof(*spool));
	__s64 version = 0;
	int rc, err;

	*out = spool;
	if (!spool)
		return -ENOMEM;
	rc = sqlite3_open_v2(path, &spool->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	err = cg_sqlite_errno(spool->db, rc);
	if (err)
		return writable ? find_write_error(path, err) : err;
	sqlite3_busy_timeout(spool->db, busy_ms);
	err = check_version(spool, &version);
	if (!err)
		err = writable ? set_up_writer(spool, version)
			       : cg_spool_view_old_columns(spool->db);
	return err;
}

int cg_spool_open(const char *path, int writable, struct cg_spool **out)
{
	return open_spool(path, writable, BUSY_MS, out);
}

int cg_spool_open_in_loop(const char *path, struct cg_spool **out)
{
	return open_spool(path, 0, BUSY_MS_IN_LOOP, out);
}

void cg_spool_close(struct cg_spool *spool)
{
	if (!spool)
		return;
	for (int id = 0; id < CG_TABLES; id++) {
		sqlite3_finalize(spool->insert[id]);
		sqlite3_finalize(spool->delete[id]);
		sqlite3_finalize(spool->read_steps[id]);
	}
	sqlite3_close(spool->db);
	free(spool);
}

void cg_spool_raise_step(struct cg_spool *spool, __s64 step)
{
	if (spool->last_step < step)
		spool->last_step = step;
}

__s64 cg_spool_last_step(const struct cg_spool *spool)
{
	return spool->last_step;
}

const char *cg_spool_strerror(struct cg_spool *spool)
{
	if (!spool)
		return strerror(ENOMEM);
	return spool->error_text ? spool->error_text : cg_sqlite_strerror(spool->db);
}

/* Checks that the file is still there: SQLite would write rows to a moved or deleted one. */
int cg_spool_begin(struct cg_spool *spool)
{
	int moved = 0, err;

	sqlite3_file_control(spool->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved) {
		spool->error_text = "the file was moved or deleted";
		return -ESTALE;
	}
	err = cg_sqlite_execute(spool->db, "BEGIN IMMEDIATE");
	if (!err)
		err = load_last_step(spool);
	return err ? err : cg_spool_begin_counts(spool);
}

int cg_spool_commit(struct cg_spool *spool)
{
	int err = cg_spool_save_counts(spool);

	return err ? err : cg_sqlite_execute(spool->db, "COMMIT");
}

int cg_spool_checkpoint(struct cg_spool *spool)
{
	int rc = sqlite3_wal_checkpoint_v2(spool->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	return cg_sqlite_errno(spool->db, rc);
}

void cg_spool_rollback(struct cg_spool *spool)
{
	cg_sqlite_execute(spool->db, "ROLLBACK");
	memset(spool->added, 0, sizeof(spool->added));
}

static int bind_closed_at(sqlite3_stmt *stmt, int i, const struct cg_cdr_row *row)
{
	return row->end_time == CG_NULL ? sqlite3_bind_null(stmt, i)
					: sqlite3_bind_int64(stmt, i, cg_now_us());
}

/* Binds one column of a row to parameter i. Returns SQLite's result code. */
static int bind_column(sqlite3_stmt *stmt, int i, const struct cg_db_column *column,
		       const void *row)
{
	const void *field = (const char *)row + column->offset;

	if (column->merge == CG_MERGE_CLOSED)
		return bind_closed_at(stmt, i, row);
	if (column->merge == CG_MERGE_FILL && !*(const char *)field)
		return sqlite3_bind_null(stmt, i);
	if (column->size)
		return sqlite3_bind_text(stmt, i, field, -1, SQLITE_STATIC);
	if (*(const __s64 *)field == CG_NULL)
		return sqlite3_bind_null(stmt, i);
	return sqlite3_bind_int64(stmt, i, *(const __s64 *)field);
}

int cg_spool_put(struct cg_spool *spool, enum cg_db_table_id id, const void *row)
{
	const struct cg_db_table *table = &cg_db_tables[id];
	sqlite3_stmt *stmt = spool->insert[id];
	int rc = SQLITE_OK;

	for (unsigned int i = 0; i < table->n_columns && rc == SQLITE_OK; i++)
		rc = bind_column(stmt, i + 1, &table->columns[i], row);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(stmt, table->n_columns + 1, spool->last_step + 1);
	if (rc != SQLITE_OK)
		return cg_sqlite_errno(spool->db, rc);
	spool->last_step++; /* a rollback does not take it back: a gap does no harm */
	return cg_sqlite_step(spool->db, stmt);
}

int cg_spool_execute(struct cg_spool *spool, const char *sql, int n, const char *const *values)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(spool->db, sql, -1, &stmt, NULL);
	int n_used = stmt ? sqlite3_bind_parameter_count(stmt) : 0;

	for (int i = 0; i < n && i < n_used && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text(stmt, i + 1, values[i], -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && n_used > n)
		rc = sqlite3_bind_int64(stmt, n + 1, spool->last_step);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? sqlite3_changes(spool->db) : cg_sqlite_errno(spool->db, rc);
}

int cg_spool_delete(struct cg_spool *spool, enum cg_db_table_id id, __s64 through_step)
{
	sqlite3_bind_int64(spool->delete[id], 1, through_step);
	return cg_sqlite_step(spool->db, spool->delete[id]);
}

int cg_spool_reject(struct cg_spool *spool, enum cg_db_table_id id, __s64 step, const char *error)
{
	sqlite3_stmt *stmt = NULL;
	int err = cg_sqlite_prepare(spool->db, write_reject, &cg_db_tables[id], NULL, &stmt);

	if (!err) {
		sqlite3_bind_text(stmt, 1, error, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, step);
		err = cg_sqlite_step(spool->db, stmt);
	}
	sqlite3_finalize(stmt);
	return err ? err : cg_spool_delete(spool, id, step);
}
