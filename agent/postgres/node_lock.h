/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lock of a node name in the database: two daemons that write as one node would bill a call twice,
 * and close each other's calls. It is an advisory lock of the session, so it ends with the
 * connection, and a standby that takes over has none. Keepalives end the session of a host that is
 * gone within a minute. A session of this daemon that PostgreSQL has not ended yet, because it hangs or
 * waits, still has the lock: it counts as ours.
 */
#ifndef CG_POSTGRES_NODE_LOCK_H
#define CG_POSTGRES_NODE_LOCK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Tries to get the lock, for two seconds: the last session of this daemon may still be ending.
 * Parameters: the node, and the process id of our session that holds the lock, or 0.
 */
extern const char cg_node_lock_sql[];

/*
 * True if the statement, which must have succeeded, got the lock, or a session of this daemon has it.
 * Else describes in `why` who has it. session: the process id of this one. *holder: of the session
 * that holds the lock for us, 0: none; it is updated.
 */
bool cg_node_lock_is_held(const PGresult *result, const char *node, int session, int *holder,
			  char *why, size_t size);

#endif
