// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "spool/spool_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPOOL_VERSION 1 /* PRAGMA user_version */
#define BUSY_MS 5000 /* only a second writer or a backup can hold it for so long */

int cg_spool_rc(struct cg_spool *spool, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -EUCLEAN;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CANTOPEN:
		return sqlite3_system_errno(spool->db) ? -sqlite3_system_errno(spool->db) : -EIO;
	default:
		return -EIO;
	}
}

static int run(struct cg_spool *spool, const char *sql)
{
	return cg_spool_rc(spool, sqlite3_exec(spool->db, sql, NULL, NULL, NULL));
}

int cg_spool_prepare(struct cg_spool *spool, char *text, sqlite3_stmt **stmt)
{
	int err = -ENOMEM;

	if (text)
		err = cg_spool_rc(spool, sqlite3_prepare_v3(spool->db, text, -1,
							    SQLITE_PREPARE_PERSISTENT, stmt, NULL));
	free(text);
	return err;
}

static int make_table(struct cg_spool *spool, const struct cg_db_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);
	int err;

	if (!sql)
		return -ENOMEM;
	fprintf(sql, "CREATE TABLE IF NOT EXISTS %s (step INTEGER PRIMARY KEY", table->name);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql, ", %s %s", table->columns[i].name,
			table->columns[i].size ? "TEXT" : "INTEGER");
	fputs(", UNIQUE (", sql);
	cg_db_table_write_key(sql, table);
	fputs("))", sql);
	err = fclose(sql) || !text ? -ENOMEM : run(spool, text);
	free(text);
	return err;
}

static int read_number(struct cg_spool *spool, const char *sql, __s64 *number)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(spool->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return cg_spool_rc(spool, rc);
}

static int prepare_write(struct cg_spool *spool, enum cg_db_table_id id)
{
	const struct cg_db_table *table = &cg_db_tables[id];
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);
	int err;

	if (!sql)
		return -ENOMEM;
	fprintf(sql, "INSERT INTO %s AS old (", table->name);
	cg_db_table_write_names(sql, table);
	fputs(", step) VALUES (", sql);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fputs("?, ", sql);
	fputs("?)", sql);
	cg_db_table_write_merge(sql, table, "step = excluded.step");
	fclose(sql);
	err = cg_spool_prepare(spool, text, &spool->put[id]);
	if (err)
		return err;
	text = NULL;
	if (asprintf(&text, "DELETE FROM %s WHERE step <= ?", table->name) < 0)
		return -ENOMEM;
	return cg_spool_prepare(spool, text, &spool->drop[id]);
}

/* Another writer may have given out steps. */
static int catch_up(struct cg_spool *spool)
{
	__s64 step = 0;
	int err = read_number(spool,
			      "SELECT max(coalesce((SELECT max(step) FROM cdr), 0),"
			      " coalesce((SELECT max(step) FROM violation), 0),"
			      " coalesce((SELECT max(step) FROM settlement), 0))",
			      &step);

	if (!err)
		cg_spool_resume(spool, step);
	return err;
}

static int check_version(struct cg_spool *spool, __s64 *version)
{
	int err = read_number(spool, "PRAGMA user_version", version);

	if (!err && *version > SPOOL_VERSION) {
		spool->why = "it is a newer version's";
		err = -EPROTO;
	}
	return err;
}

static int make_tables(struct cg_spool *spool)
{
	int err = run(spool, "BEGIN IMMEDIATE");

	for (int id = 0; !err && id < CG_TABLES; id++)
		err = make_table(spool, &cg_db_tables[id]);
	return err ? err
		   : run(spool,
			 "CREATE TABLE IF NOT EXISTS rejected (id INTEGER PRIMARY KEY,"
			 " at TEXT DEFAULT CURRENT_TIMESTAMP, kind TEXT, error TEXT, row TEXT);"
			 "PRAGMA user_version = 1;"
			 "COMMIT");
}

/*
 * WAL with synchronous=FULL: a commit is on disk when it returns, and readers never wait. A file
 * that is complete is not written to: its disk may be full.
 */
static int set_up_writer(struct cg_spool *spool, __s64 version)
{
	int err = run(
		spool,
		"PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA "
		"synchronous = FULL; PRAGMA wal_autocheckpoint = 256; PRAGMA cache_size = -16384;");

	if (!err && version != SPOOL_VERSION)
		err = make_tables(spool);
	if (!err)
		err = catch_up(spool);
	for (int id = 0; !err && id < CG_TABLES; id++)
		err = prepare_write(spool, id);
	return err ? err : cg_spool_count(spool);
}

/* SQLite tries to read where it may not write, and then names that error. */
static int why_not(const char *path, int err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	return access(*folder ? folder : "/", W_OK) ? -errno : err;
}

int cg_spool_open(const char *path, int writable, struct cg_spool **out)
{
	int flags = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	struct cg_spool *spool = calloc(1, sizeof(*spool));
	__s64 version = 0;
	int err;

	*out = spool;
	if (!spool)
		return -ENOMEM;
	err = cg_spool_rc(spool,
			  sqlite3_open_v2(path, &spool->db, flags | SQLITE_OPEN_NOMUTEX, NULL));
	if (err)
		return writable ? why_not(path, err) : err;
	sqlite3_busy_timeout(spool->db, BUSY_MS);
	err = check_version(spool, &version);
	if (!err && writable)
		err = set_up_writer(spool, version);
	return err;
}

void cg_spool_close(struct cg_spool *spool)
{
	if (!spool)
		return;
	for (int id = 0; id < CG_TABLES; id++) {
		sqlite3_finalize(spool->put[id]);
		sqlite3_finalize(spool->drop[id]);
		sqlite3_finalize(spool->each[id]);
	}
	sqlite3_close(spool->db);
	free(spool);
}

void cg_spool_resume(struct cg_spool *spool, __s64 step)
{
	if (spool->step < step)
		spool->step = step;
}

__s64 cg_spool_step(const struct cg_spool *spool)
{
	return spool->step;
}

const char *cg_spool_error(struct cg_spool *spool)
{
	if (!spool)
		return strerror(ENOMEM);
	return spool->why ? spool->why : sqlite3_errmsg(spool->db);
}

/* Rows written to a file that was moved away or deleted would be durable for nobody. */
int cg_spool_begin(struct cg_spool *spool)
{
	int moved = 0, err;

	sqlite3_file_control(spool->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved) {
		spool->why = "the file was moved away or deleted";
		return -ESTALE;
	}
	err = run(spool, "BEGIN IMMEDIATE");
	memcpy(spool->rows_before, spool->rows, sizeof(spool->rows));
	return err ? err : catch_up(spool);
}

int cg_spool_commit(struct cg_spool *spool)
{
	return run(spool, "COMMIT");
}

int cg_spool_checkpoint(struct cg_spool *spool)
{
	return cg_spool_rc(spool, sqlite3_wal_checkpoint_v2(
					  spool->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

void cg_spool_rollback(struct cg_spool *spool)
{
	run(spool, "ROLLBACK");
	memcpy(spool->rows, spool->rows_before, sizeof(spool->rows));
}

static int finish(struct cg_spool *spool, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return cg_spool_rc(spool, rc);
}

int cg_spool_put(struct cg_spool *spool, enum cg_db_table_id id, const void *row)
{
	const struct cg_db_table *table = &cg_db_tables[id];
	sqlite3_stmt *stmt = spool->put[id];
	int rc = SQLITE_OK, err;

	for (unsigned int i = 0; i < table->n_columns && rc == SQLITE_OK; i++) {
		const void *field = (const char *)row + table->columns[i].offset;

		if (table->columns[i].merge == CG_MERGE_FILL && !*(const char *)field)
			rc = sqlite3_bind_null(stmt, i + 1);
		else if (table->columns[i].size)
			rc = sqlite3_bind_text(stmt, i + 1, field, -1, SQLITE_STATIC);
		else if (*(const __s64 *)field == CG_NULL)
			rc = sqlite3_bind_null(stmt, i + 1);
		else
			rc = sqlite3_bind_int64(stmt, i + 1, *(const __s64 *)field);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(stmt, table->n_columns + 1, spool->step + 1);
	if (rc != SQLITE_OK)
		return cg_spool_rc(spool, rc);
	spool->step++; /* after a rollback too: a gap costs nothing */
	err = finish(spool, stmt);
	/* an update leaves that word alone */
	spool->rows[id] += !err && sqlite3_last_insert_rowid(spool->db) == spool->step;
	return err;
}

int cg_spool_run(struct cg_spool *spool, const char *sql, int n, const char *const *values)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(spool->db, sql, -1, &stmt, NULL);
	int named = stmt ? sqlite3_bind_parameter_count(stmt) : 0;

	for (int i = 0; i < n && i < named && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text(stmt, i + 1, values[i], -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && named > n)
		rc = sqlite3_bind_int64(stmt, n + 1, spool->step);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? sqlite3_changes(spool->db) : cg_spool_rc(spool, rc);
}

int cg_spool_drop(struct cg_spool *spool, enum cg_db_table_id id, __s64 through_step)
{
	int err;

	sqlite3_bind_int64(spool->drop[id], 1, through_step);
	err = finish(spool, spool->drop[id]);
	if (!err)
		spool->rows[id] -= sqlite3_changes(spool->db);
	return err;
}

int cg_spool_reject(struct cg_spool *spool, enum cg_db_table_id id, __s64 step, const char *error)
{
	const struct cg_db_table *table = &cg_db_tables[id];
	sqlite3_stmt *stmt = NULL;
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);
	int err;

	if (!sql)
		return -ENOMEM;
	fprintf(sql, "INSERT INTO rejected (kind, error, row) SELECT '%s', ?1, json_object(",
		table->name);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql, "%s'%s', %s", i ? ", " : "", table->columns[i].name,
			table->columns[i].name);
	fprintf(sql, ") FROM %s WHERE step = ?2", table->name);
	fclose(sql);
	err = cg_spool_prepare(spool, text, &stmt);
	if (!err) {
		sqlite3_bind_text(stmt, 1, error, -1, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, step);
		err = finish(spool, stmt);
	}
	sqlite3_finalize(stmt);
	return err ? err : cg_spool_drop(spool, id, step);
}
