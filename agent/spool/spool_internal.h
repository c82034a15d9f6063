/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The spool's handle, and what spool.c (the file and writing) shares with the other files. */
#ifndef CG_SPOOL_SPOOL_INTERNAL_H
#define CG_SPOOL_SPOOL_INTERNAL_H

#include "spool/spool.h"
#include "spool/sqlite.h"

#define CG_SPOOL_VERSION 3 /* PRAGMA user_version */

struct cg_spool {
	sqlite3 *db;
	sqlite3_stmt *insert[CG_TABLES]; /* NULL in a reader, like `delete` */
	sqlite3_stmt *delete[CG_TABLES];
	sqlite3_stmt *read_steps[CG_TABLES]; /* prepared at the first use */
	__s64 last_step; /* the highest step given out */
	__s64 added[CG_TABLES]; /* rows, in this transaction; negative: deleted */
	__s64 data_version; /* SQLite's number of other connections' commits; 0: none read yet */
	__s64 examined[CG_TABLES]; /* by cg_spool_tidy(): rows up to this step; 0: start again */
	__s64 aged_at; /* of the last cg_spool_add_age(): CLOCK_BOOTTIME, us; 0: none */
	const char *error_text; /* our own error, shown instead of SQLite's; NULL: none */
};

/*
 * Lets a connection that does not write read the rows of an older version: temporary views hide the
 * tables and add the missing columns. 0 or -errno.
 */
int cg_spool_view_old_columns(sqlite3 *db);

/* Creates the table of cg_spool_beat(), if it does not exist. 0 or -errno. */
int cg_spool_create_heartbeat(sqlite3 *db);

/* Creates the table of cg_spool_add_age(), if it does not exist. 0 or -errno. */
int cg_spool_create_age(sqlite3 *db);

/* Sets *step to the last one whose row is older than keep_us; 0: none is. 0 or -errno. */
int cg_spool_get_old_step(struct cg_spool *spool, __s64 keep_us, __s64 *step);

/* Creates the table of cg_spool_put_ring_position(), if it does not exist. 0 or -errno. */
int cg_spool_create_ring_position(sqlite3 *db);

/* Adds the columns that an older version did not have. Within a transaction. 0 or -errno. */
int cg_spool_migrate(sqlite3 *db);

/* Replaces the end reasons of an older version. Within a transaction. 0 or -errno. */
int cg_spool_rename_ends(sqlite3 *db);

/*
 * The numbers of rows in the file (row_count.c). create: also counts. begin, save: in each
 * transaction, as its first and last. 0 or -errno.
 */
int cg_spool_create_counts(sqlite3 *db);
void cg_spool_watch_counts(struct cg_spool *spool);
int cg_spool_begin_counts(struct cg_spool *spool);
int cg_spool_save_counts(struct cg_spool *spool);
void cg_spool_read_counts(struct cg_spool *spool, __s64 rows[CG_TABLES]);

/* Creates what the file does not have of a spool's tables, in a transaction. 0 or -errno. */
int cg_spool_create_tables(sqlite3 *db);

#endif
