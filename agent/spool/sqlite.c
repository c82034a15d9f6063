// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "spool/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Returns the errno of the last I/O error; 0: unknown. Only the file keeps that of a COMMIT. */
static int get_system_errno(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	int err = sqlite3_system_errno(db);

	if (!err)
		sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &err);
	if (!err && !sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) && log &&
	    log->pMethods)
		log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &err);
	return err;
}

/* SQLITE_FULL is a full disk, but no quota, no limit of the file's size, no -shm without room. */
static int get_io_errno(sqlite3 *db)
{
	int err = db ? get_system_errno(db) : 0;

	return err == ENOSPC || err == EDQUOT || err == EFBIG ? -ENOSPC : -EIO;
}

int cg_sqlite_errno(sqlite3 *db, int rc)
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
		return sqlite3_system_errno(db) ? -sqlite3_system_errno(db) : -EIO;
	case SQLITE_IOERR:
		return get_io_errno(db);
	default:
		return -EIO;
	}
}

const char *cg_sqlite_strerror(sqlite3 *db)
{
	int err = sqlite3_errcode(db) == SQLITE_IOERR ? get_system_errno(db) : 0;

	return err ? strerror(err) : sqlite3_errmsg(db);
}

int cg_sqlite_execute(sqlite3 *db, const char *sql)
{
	return cg_sqlite_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int cg_sqlite_prepare(sqlite3 *db, cg_sql_writer *write, const struct cg_db_table *table,
		      const char *clause, sqlite3_stmt **stmt)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);
	int err = -ENOMEM;

	if (!sql)
		return -ENOMEM;
	write(sql, table, clause);
	if (!fclose(sql) && text)
		err = cg_sqlite_errno(
			db,
			sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL));
	free(text);
	return err;
}

int cg_sqlite_execute_for_tables(sqlite3 *db, cg_sql_writer *write)
{
	int err = 0;

	for (int id = 0; !err && id < CG_TABLES; id++) {
		sqlite3_stmt *stmt = NULL;

		err = cg_sqlite_prepare(db, write, &cg_db_tables[id], NULL, &stmt);
		if (!err)
			err = cg_sqlite_step(db, stmt);
		sqlite3_finalize(stmt);
	}
	return err;
}

int cg_sqlite_step(sqlite3 *db, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return cg_sqlite_errno(db, rc);
}

int cg_sqlite_read_number(sqlite3 *db, const char *sql, __s64 limit, __s64 *number)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(stmt))
		rc = sqlite3_bind_int64(stmt, 1, limit);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return cg_sqlite_errno(db, rc);
}
