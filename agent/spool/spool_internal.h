/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What spool.c (the file, writing) and spool_read.c share, and nobody else sees. */
#ifndef CG_SPOOL_SPOOL_INTERNAL_H
#define CG_SPOOL_SPOOL_INTERNAL_H

#include <sqlite3.h>

#include "spool/spool.h"

struct cg_spool {
	sqlite3 *db;
	sqlite3_stmt *put[CG_TABLES];
	sqlite3_stmt *drop[CG_TABLES];
	sqlite3_stmt *each[CG_TABLES];
	__s64 rows[CG_TABLES]; /* a writer's: in the file */
	__s64 rows_before[CG_TABLES]; /* ... when its changes began */
	__s64 step; /* the last one given out */
	const char *why; /* of our own, over SQLite's */
};

/* SQLite's result code as 0 or -errno. */
int cg_spool_rc(struct cg_spool *spool, int rc);

/* Counts the rows, all of them. 0 or -errno. */
int cg_spool_count(struct cg_spool *spool);

/* Takes over `text` (of open_memstream, may be NULL). 0 or -errno. */
int cg_spool_prepare(struct cg_spool *spool, char *text, sqlite3_stmt **stmt);

#endif
