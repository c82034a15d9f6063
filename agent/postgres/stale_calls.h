/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Closes the open rows of this node whose dialog is in no map: the host was started again, or the
 * maps were removed without their daemon. A row is stale if a complete scan did not
 * find its dialog, it was not written meanwhile, and no later version of it waits in the spool. Such rows are closed
 * as `reboot` or `maps_lost`, suspect. They end at the last message that is known of the call since
 * its answer (a candidate end, a violation), else at the daemon's last heartbeat before these maps,
 * else at the answer. The host may have been down for days, so the boot is not their end. A row of an
 * unguarded call never had a dialog: it is closed as `unguarded` when it is older than max_call.
 *
 * A daemon whose node has a new name closes the rows of the former one in the same way. Their
 * dialogs may live, and have rows under the new name then. The spool knows the former names (table
 * heartbeat).
 *
 * stale_db.c does it in PostgreSQL, stale_spool.c in a spool that is the store.
 */
#ifndef CG_POSTGRES_STALE_CALLS_H
#define CG_POSTGRES_STALE_CALLS_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "calls/living_calls.h"
#include "spool/spool.h"

/* Parameters of the statements; times in microseconds since 1970. */
enum cg_stale_value {
	CG_STALE_NODE,
	CG_STALE_BOOT, /* calls answered before this time: `reboot` */
	CG_STALE_MAPS, /* when the maps were made: later messages belong to another call */
	CG_STALE_BEAT, /* heartbeat, or NULL */
	CG_STALE_UNGUARDED, /* unguarded calls answered before this time */
	CG_STALE_FORMER, /* as cg_spool_former_nodes(): their calls until the heartbeat */
	CG_STALE_VALUES
};

struct cg_stale_calls {
	const struct cg_origin *origin;
	const char *instance;
	struct cg_living_calls *living; /* complete; NULL: nothing to do */
	unsigned int round; /* its number */
	const char *values[CG_STALE_VALUES];
	char times[CG_STALE_VALUES][24];
	char *former; /* value CG_STALE_FORMER; NULL: none are known */
	bool done; /* all rows were compared */
	__s64 closed; /* rows so far */
};

/* Begins a round: sets all but origin and instance. path: the spool, which has the heartbeat. */
void cg_stale_calls_begin(struct cg_stale_calls *stale, struct cg_living_calls *living,
			  const struct cg_config *config, __u64 max_call, const char *path);

/* True if the open row has lost its dialog, or belongs to a former name of the node. */
bool cg_stale_calls_row_is_stale(const struct cg_stale_calls *stale, const char *node,
				 const char *call_uid, __s64 setup_time);

/* Frees what a round holds. */
void cg_stale_calls_end(struct cg_stale_calls *stale);

/* Returns when the maps were made, by the current clock; microseconds since 1970. */
__s64 cg_stale_calls_maps_time(const struct cg_config *config);

/* Closes them in the spool. Returns the number of rows, or -errno. It blocks: call it in a thread. */
int cg_stale_calls_close(const struct cg_stale_calls *stale, const char *path);

#endif
