/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Calls that found no room in `dialogs`: each gets its row, open and suspect, and leaves map
 * `overflow` once that is durable. Nobody watches such a call: its row stays open until an operator
 * settles it.
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

/* Queues the row of a call, which it fetches first, or has. now: CLOCK_BOOTTIME, ns. */
void cg_overflow_fetch(struct cg_overflow *overflow, const struct cg_dialog_key *key, __u64 now);
void cg_overflow_store(struct cg_overflow *overflow, const struct cg_dialog_key *key,
		       const struct cg_dialog *call, __u64 now);

/* All tickets of the writer up to here are on disk. */
void cg_overflow_set_durable(struct cg_overflow *overflow, __u64 ticket);

/* Some that were looked at still stand in the map: no time to walk it. */
bool cg_overflow_has_pending(const struct cg_overflow *overflow);

#endif
