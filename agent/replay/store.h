/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where the rows of a replay go besides the report: a spool, which is kept, or PostgreSQL, by way
 * of a spool. A server that cannot be used is found out before the captures are read. Rows that it
 * has not got at the end are still in the spool, and cg_replay_store_send() sends them later.
 */
#ifndef CG_REPLAY_STORE_H
#define CG_REPLAY_STORE_H

#include "calls/db_tables.h"

struct cg_replay_target {
	const char *spool; /* file; NULL: none is kept */
	const char *db; /* conninfo; NULL: no PostgreSQL */
	const char *node; /* of the session; the rows have it already */
};

struct cg_replay_store;

/* Returns an exit code, errors reported. *store: NULL if *target names none. */
int cg_replay_store_open(const struct cg_replay_target *target, struct cg_replay_store **store);

/* Stores a row. Returns 0, or -errno, reported. A NULL store is ignored here and below. */
int cg_replay_store_put(struct cg_replay_store *store, enum cg_db_table_id table, const void *row);

/* All rows were put. Returns an exit code, errors reported. */
int cg_replay_store_finish(struct cg_replay_store *store);

void cg_replay_store_free(struct cg_replay_store *store);

/* Sends what waits in the spool. Returns an exit code, errors reported. */
int cg_replay_store_send(const struct cg_replay_target *target);

#endif
