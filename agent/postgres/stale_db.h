/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stale rows (stale_calls.h) of PostgreSQL: reads the open rows page by page, and closes those of
 * each page whose dialog is gone. However many there are, no statement is long.
 */
#ifndef CG_POSTGRES_STALE_DB_H
#define CG_POSTGRES_STALE_DB_H

#include "postgres/pg.h"
#include "postgres/pg_array.h"
#include "postgres/stale_calls.h"

struct cg_stale_db {
	struct cg_stale_calls *stale;
	unsigned int round; /* of `stale`; what is below belongs to it */
	bool closing; /* the statement in flight closes rows; else it reads a page */
	bool is_last; /* no page follows the one that was read */
	bool has_stale; /* rows in `arrays` */
	char setup[24], call_uid[CG_UUID_TEXT], node[CG_NODE_MAX]; /* last row of that page */
	struct cg_pg_arrays arrays; /* setup time, call_uid and node of the stale rows in it */
};

/* Begins with the first page, as for a new connection. */
void cg_stale_db_restart(struct cg_stale_db *db);

void cg_stale_db_free(struct cg_stale_db *db);

/* Sends the next statement. The connection must be idle, and no row may wait in the spool. */
void cg_stale_db_send(struct cg_stale_db *db, struct cg_pg *pg);

/* Handles its result, which is no error. Sets stale->done after the last page. */
void cg_stale_db_handle(struct cg_stale_db *db, const PGresult *result);

#endif
