/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One connection to PostgreSQL in the event loop. It connects by itself, in a thread, with back-off
 * between tries, sends one statement at a time, and never blocks. A server that does not answer is given
 * up at a deadline with PQfinish(), because PQcancel() would hang.
 * Of several hosts it uses the first that is not read-only.
 */
#ifndef CG_POSTGRES_PG_H
#define CG_POSTGRES_PG_H

#include <libpq-fe.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

struct cg_pg;

struct cg_pg_callbacks { /* called from the event loop */
	/* Statements may be sent now. */
	void (*connected)(void *ctx);
	/* The result of a statement, or its first error. It is freed after the call. */
	void (*result)(void *ctx, const PGresult *result);
	/* The connection failed, was lost, or takes too long. cg_pg waits, then tries again. */
	void (*disconnected)(void *ctx, const char *why);
	void *ctx;
};

/*
 * Starts to connect. conninfo: as for libpq. timeout: ns for connecting, and for each statement.
 * 0 or -errno.
 */
int cg_pg_new(sd_event *loop, const char *conninfo, __u64 timeout,
	      const struct cg_pg_callbacks *callbacks, struct cg_pg **pg);
void cg_pg_set_timeout(struct cg_pg *pg, __u64 timeout); /* from the next statement on */
void cg_pg_free(struct cg_pg *pg);

bool cg_pg_is_connected(const struct cg_pg *pg);
bool cg_pg_is_idle(const struct cg_pg *pg); /* connected, and no statement in flight */

/* Returns the role of the connection, valid until it is lost; "": not connected. */
const char *cg_pg_role(const struct cg_pg *pg);

/* True if the database of the connection stores any text in UTF-8. */
bool cg_pg_stores_utf8(const struct cg_pg *pg);

/* Returns the process id of the server's session; 0: not connected. */
int cg_pg_session(const struct cg_pg *pg);

/*
 * Sends a statement with n text parameters (NULL: SQL's NULL), or with n = 0 one or more statements
 * in one transaction. 0, -EBUSY (not idle), or -EIO after `disconnected` was called.
 */
int cg_pg_send(struct cg_pg *pg, const char *sql, int n, const char *const *values);

/* Closes the connection and connects again after the back-off, which doubles each time. */
void cg_pg_disconnect(struct cg_pg *pg, const char *why);

/* The connection is of use: start with a short back-off again. */
void cg_pg_reset_backoff(struct cg_pg *pg);

#endif
