/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Calls for which map `dialogs` had no space. Each gets a row, open and suspect, and is deleted
 * from map `overflow` when the row is on disk. The guard does not watch such a call: its row stays
 * open until an operator settles it, or until it is older than max_call (postgres/stale_calls.h).
 */
#ifndef CG_INGEST_OVERFLOW_CALLS_H
#define CG_INGEST_OVERFLOW_CALLS_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "spool/writer.h"

struct cg_overflow;

/* fd: of the map. All pointers must outlive it. NULL: no memory. */
struct cg_overflow *cg_overflow_new(int fd, struct cg_writer *writer,
				    const struct cg_limits *limits, const struct cg_origin *origin);
void cg_overflow_free(struct cg_overflow *overflow);

/*
 * Queues the row of a call: fetch reads the call from the map, store gets it. If the queue is full,
 * the call stays in the map for the next scan. now: CLOCK_BOOTTIME, ns.
 */
void cg_overflow_fetch(struct cg_overflow *overflow, const struct cg_dialog_key *key, __u64 now);
void cg_overflow_store(struct cg_overflow *overflow, const struct cg_dialog_key *key,
		       const struct cg_dialog *call, __u64 now);

/* The writer's tickets up to this one are on disk: deletes their calls from the map. */
void cg_overflow_set_durable(struct cg_overflow *overflow, __u64 ticket);

/* True while stored calls are still in the map. Do not scan it then: it would store them twice. */
bool cg_overflow_has_pending(const struct cg_overflow *overflow);

#endif
