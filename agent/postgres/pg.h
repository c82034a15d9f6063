/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One connection to PostgreSQL in the loop: connects by itself, again and again with back-off,
 * sends one statement at a time, and never waits. A server that stalls instead of dying is left at
 * a deadline of our own, by PQfinish: PQcancel would hang with it. Of several hosts it takes the
 * first that is not read-only. (libpq looks host names up blocking.)
 */
#ifndef CG_POSTGRES_PG_H
#define CG_POSTGRES_PG_H

#include <libpq-fe.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct cg_pg;

struct cg_pg_callbacks { /* called from the loop */
	void (*up)(void *ctx); /* connected: statements may be sent */
	/* The statement's result, its first error if it had one. Freed after the call. */
	void (*result)(void *ctx, const PGresult *result);
	/* Lost or not reached; it tries again by itself. */
	void (*down)(void *ctx, const char *why);
	void *ctx;
};

/* timeout: ns for connecting, and for each statement. conninfo goes to libpq untouched. 0 or -errno. */
int cg_pg_new(int loop, const char *conninfo, __u64 timeout, const struct cg_pg_callbacks *user,
	      struct cg_pg **pg);
void cg_pg_set_timeout(struct cg_pg *pg, __u64 timeout); /* from the next statement on */
void cg_pg_free(struct cg_pg *pg);

bool cg_pg_is_connected(const struct cg_pg *pg);
bool cg_pg_is_idle(const struct cg_pg *pg); /* up, and no statement under way */
const char *cg_pg_role(const struct cg_pg *pg); /* who is logged in; until the next `down` */

/*
 * Sends a statement with n text parameters (NULL: SQL's NULL); n = 0: one or more statements in one
 * transaction. 0, -EBUSY (not idle) or -EIO: then `down` has been called.
 */
int cg_pg_send(struct cg_pg *pg, const char *sql, int n, const char *const *values);

/* Gives the connection up and tries again after the back-off, longer each time until cg_pg_reset_backoff(). */
void cg_pg_disconnect(struct cg_pg *pg, const char *why);
void cg_pg_reset_backoff(struct cg_pg *pg);

#endif
