/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lock of a node name in the database: two daemons that write as one node would bill a call twice,
 * and close each other's calls. It is an advisory lock of the session, so it ends with the
 * connection, and a standby that takes over has none. Keepalives end the session of a host that is
 * gone within a minute.
 */
#ifndef CG_POSTGRES_NODE_LOCK_H
#define CG_POSTGRES_NODE_LOCK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Tries to get the lock, for two seconds: the last session of this daemon may still be ending.
 * Parameter: the node. Its result is the session that holds the lock instead, or NULL.
 */
extern const char cg_node_lock_sql[];

/* True if the statement got the lock; it must have succeeded. Else describes in `why` who has it. */
bool cg_node_lock_is_held(const PGresult *result, const char *node, char *why, size_t size);

#endif
