/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connects to PostgreSQL in a thread, because libpq looks up host names, and reads .pgpass, service and
 * certificate files, in blocking calls. A silent name server holds the thread, not the event loop.
 */
#ifndef CG_POSTGRES_PG_CONNECT_H
#define CG_POSTGRES_PG_CONNECT_H

#include <libpq-fe.h>
#include <linux/types.h>

struct cg_pg_connect;

/*
 * Starts a try. timeout: ns for all hosts of the conninfo. Each address gets a fifth of it, at least
 * 2 s, unless the conninfo has a connect_timeout; the lookup of a name takes as long as it takes.
 * Returns 0 or -errno.
 */
int cg_pg_connect_start(const char *conninfo, __u64 timeout, struct cg_pg_connect **try);

/* Returns the eventfd that becomes readable when the try has ended. The try owns it. */
int cg_pg_connect_fd(const struct cg_pg_connect *try);

/* Frees a try that has ended. Returns its connection, which may have failed; NULL: no memory. */
PGconn *cg_pg_connect_finish(struct cg_pg_connect *try);

/* Leaves the try to its thread, which closes the connection when it has one. NULL is ignored. */
void cg_pg_connect_abandon(struct cg_pg_connect *try);

/* Returns the number of threads that still run. With any of them, leave the process by _exit(). */
unsigned int cg_pg_connect_running(void);

#endif
