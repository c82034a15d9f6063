// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Reads and migrates the tables of spools that an older version has written. */
#include <stdbool.h>

#include "spool/spool_internal.h"

/* X(name, type, value): columns that version 1 did not have, and their values in its rows */
#define NEW_CDR_COLUMNS(X)                                                                         \
	X(caller_side, TEXT, NULL)                                                                 \
	X(callee_side, TEXT, NULL)                                                                 \
	X(witness, INTEGER, NULL)                                                                  \
	X(twin_uid, TEXT, NULL)                                                                    \
	X(candidate_end, INTEGER, NULL)                                                            \
	X(closed_at, INTEGER, end_time)
#define NEW_VIOLATION_COLUMNS(X) X(count, INTEGER, 1)

#define OLD_VALUE(name, type, value) ", " #value " AS " #name
#define ADD_TO_CDR(name, type, value)                                                              \
	"ALTER TABLE cdr ADD COLUMN " #name " " #type "; UPDATE cdr SET " #name " = " #value ";"
#define ADD_TO_VIOLATION(name, type, value)                                                        \
	"ALTER TABLE violation ADD COLUMN " #name " " #type "; UPDATE violation SET " #name        \
	" = " #value ";"

int cg_spool_rename_ends(sqlite3 *db)
{
	return cg_sqlite_execute(
		db,
		"UPDATE cdr SET end_reason = 'maps_lost' WHERE end_reason = 'lost';"
		"UPDATE cdr SET end_reason = 'unproven_bye' WHERE end_reason = 'unseen_bye';"
		"UPDATE settlement SET was_end_reason = 'maps_lost' WHERE was_end_reason = 'lost';"
		"UPDATE settlement SET was_end_reason = 'unproven_bye'"
		" WHERE was_end_reason = 'unseen_bye';");
}

static bool can_read(sqlite3 *db, const char *sql)
{
	return !cg_sqlite_execute(db, sql);
}

static bool cdr_is_old(sqlite3 *db)
{
	return can_read(db, "SELECT step FROM cdr LIMIT 0") &&
	       !can_read(db, "SELECT witness FROM cdr LIMIT 0");
}

static bool violation_is_old(sqlite3 *db)
{
	return can_read(db, "SELECT step FROM violation LIMIT 0") &&
	       !can_read(db, "SELECT count FROM violation LIMIT 0");
}

int cg_spool_view_old_columns(sqlite3 *db)
{
	int err = 0;

	if (cdr_is_old(db))
		err = cg_sqlite_execute(db, "PRAGMA temp_store = MEMORY;"
					    "CREATE TEMP VIEW cdr AS SELECT *" NEW_CDR_COLUMNS(
						    OLD_VALUE) " FROM main.cdr");
	if (!err && violation_is_old(db))
		err = cg_sqlite_execute(
			db, "PRAGMA temp_store = MEMORY;"
			    "CREATE TEMP VIEW violation AS SELECT *" NEW_VIOLATION_COLUMNS(
				    OLD_VALUE) " FROM main.violation");
	return err;
}

int cg_spool_migrate(sqlite3 *db)
{
	int err = 0;

	if (cdr_is_old(db))
		err = cg_sqlite_execute(db, NEW_CDR_COLUMNS(ADD_TO_CDR));
	if (!err && violation_is_old(db))
		err = cg_sqlite_execute(db, NEW_VIOLATION_COLUMNS(ADD_TO_VIOLATION));
	return err ? err : cg_spool_rename_ends(db);
}
