// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Creates the tables and indexes of a spool, and adds them to the file of an older version. */
#include "spool/spool_internal.h"

/* Rewriting so much takes a second or two. */
#define VACUUM_BYTES_MAX (256LL << 20)

static void write_table(FILE *sql, const struct cg_db_table *table, const char *clause)
{
	(void)clause;
	fprintf(sql, "CREATE TABLE IF NOT EXISTS %s (step INTEGER PRIMARY KEY", table->name);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql, ", %s %s", table->columns[i].name,
			table->columns[i].size ? "TEXT" : "INTEGER");
	fputs(", UNIQUE (", sql);
	cg_db_table_write_key(sql, table);
	fputs("))", sql);
}

/*
 * For the filters of `cseqguard cdr`, which lists calls in the order of their answers, and for `cdr
 * settle`, which holds up the writer while it looks for a call.
 */
static int create_indexes(sqlite3 *db)
{
	return cg_sqlite_execute(
		db,
		"CREATE INDEX IF NOT EXISTS cdr_answer ON cdr (answer_time);"
		"CREATE INDEX IF NOT EXISTS cdr_open ON cdr (answer_time) WHERE end_time IS NULL;"
		"CREATE INDEX IF NOT EXISTS cdr_blocked ON cdr (answer_time) WHERE blocked_byes;"
		"CREATE INDEX IF NOT EXISTS cdr_suspect ON cdr (answer_time) WHERE suspect;"
		"CREATE INDEX IF NOT EXISTS cdr_settle ON cdr (call_uid)"
		" WHERE " CG_SPOOL_MAY_SETTLE ";");
}

/*
 * Rewrites a file that cannot give free pages back to the file system: a new one, and one of an
 * older version if it is small. A large one would hold up the start, and its free pages are used
 * again anyway. Errors leave it as it is.
 */
static void make_shrinkable(sqlite3 *db)
{
	__s64 mode = 0, bytes = 0;

	if (cg_sqlite_read_number(db, "SELECT auto_vacuum FROM pragma_auto_vacuum", 0, &mode) ||
	    mode)
		return;
	if (!cg_sqlite_read_number(db,
				   "SELECT (page_count - freelist_count) * page_size FROM"
				   " pragma_page_count, pragma_freelist_count, pragma_page_size",
				   0, &bytes) &&
	    bytes <= VACUUM_BYTES_MAX)
		cg_sqlite_execute(db, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
}

int cg_spool_create_tables(sqlite3 *db)
{
	int err = cg_sqlite_execute(db, "BEGIN IMMEDIATE");

	if (!err)
		err = cg_sqlite_execute_for_tables(db, write_table);
	if (!err)
		err = cg_spool_migrate(db);
	if (!err)
		err = create_indexes(db);
	if (!err)
		err = cg_spool_create_counts(db);
	if (!err)
		err = cg_spool_create_heartbeat(db);
	if (!err)
		err = cg_spool_create_ring_position(db);
	if (!err)
		err = cg_spool_create_age(db);
	if (err)
		return err;
	err = cg_sqlite_execute(
		db, "CREATE TABLE IF NOT EXISTS rejected (id INTEGER PRIMARY KEY,"
		    " at TEXT DEFAULT CURRENT_TIMESTAMP, kind TEXT, error TEXT, row TEXT);"
		    "PRAGMA user_version = 3;"
		    "COMMIT");
	if (!err)
		make_shrinkable(db);
	return err;
}
