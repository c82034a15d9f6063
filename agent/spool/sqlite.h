/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Calls of SQLite that the files of the spool share: result codes as errno, statements built from
 * a table's columns, and queries that return one number. They know nothing of the spool.
 */
#ifndef CG_SPOOL_SQLITE_H
#define CG_SPOOL_SQLITE_H

#include <sqlite3.h>
#include <stdio.h>

#include "calls/db_tables.h"

/* Returns SQLite's code as 0 or -errno. -EUCLEAN: damaged, or no SQLite file; -ENOSPC: no room. */
int cg_sqlite_errno(sqlite3 *db, int rc);

/* Returns the last error as text, valid until the next call; of an I/O error its cause. */
const char *cg_sqlite_strerror(sqlite3 *db);

/* Runs one or more statements that return no rows. 0 or -errno. */
int cg_sqlite_execute(sqlite3 *db, const char *sql);

/* Writes a statement for a table. `clause` is the part that the caller chooses, or NULL. */
typedef void cg_sql_writer(FILE *sql, const struct cg_db_table *table, const char *clause);

/*
 * Prepares the statement that `write` writes. 0, or -errno with *stmt untouched or NULL. The caller
 * frees *stmt with sqlite3_finalize().
 */
int cg_sqlite_prepare(sqlite3 *db, cg_sql_writer *write, const struct cg_db_table *table,
		      const char *clause, sqlite3_stmt **stmt);

/* Runs the statement that `write` writes for each table of the spool. 0 or -errno. */
int cg_sqlite_execute_for_tables(sqlite3 *db, cg_sql_writer *write);

/* Runs a prepared statement that returns no rows, and resets it. 0 or -errno. */
int cg_sqlite_step(sqlite3 *db, sqlite3_stmt *stmt);

/*
 * Reads the number in the first column of the first row. `limit` becomes parameter ?1, if the
 * statement has one. 0 or -errno; *number is untouched on failure and if there is no row.
 */
int cg_sqlite_read_number(sqlite3 *db, const char *sql, __s64 limit, __s64 *number);

#endif
