/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stores violations: as rows of their own, or beyond the limits of violation_fold.h in sums. A
 * record of ring `alerts` is freed once the row that counts it is on disk. The position up to which
 * the records are counted is committed together with the sums. So a daemon that is killed counts
 * each record once: its successor skips those that are counted, and a row that is written again is
 * the same row.
 */
#ifndef CG_INGEST_VIOLATIONS_H
#define CG_INGEST_VIOLATIONS_H

#include "calls/cdr.h"
#include "calls/violation_fold.h"
#include "maps/guard_maps.h"
#include "maps/ring_reader.h"
#include "spool/writer.h"

struct cg_violations { /* of cg_violations_start() */
	struct cg_writer *writer;
	struct cg_fold *fold;
	struct cg_ring_reader *alerts; /* whose owner is this struct */
	struct cg_ring_position counted; /* the last position that was queued */
	__u64 ticket; /* of `counted`; 0: it is on disk */
	bool changed; /* violations came since then */
};

/* Names the ring that was made with these maps, for the node's cg_spool_get_ring_position(). */
void cg_violations_name_ring(struct cg_ring_position *counted, const char *node,
			     const struct cg_config *config);

/*
 * Opens ring `alerts`, behind the records that the spool's rows count. `writer` must outlive it. 0
 * or -errno, logged.
 */
int cg_violations_start(struct cg_violations *violations, const struct cg_guard_maps *maps,
			struct cg_writer *writer, const char *spool, const char *node);
void cg_violations_stop(struct cg_violations *violations);

enum cg_violation_result {
	CG_VIOLATION_NO_SPACE, /* the writer's queue is full: nothing was done */
	CG_VIOLATION_FOLDED,
	CG_VIOLATION_STORED, /* as a row of its own, which may be put again with its outcome */
};

enum cg_violation_result cg_violations_put(struct cg_violations *violations,
					   const struct cg_violation_row *row);

/*
 * Queues the sums, with the position up to which `alerts` has been read, unless earlier ones are
 * still on their way to the disk. Call after each batch of events, and each second.
 */
void cg_violations_flush(struct cg_violations *violations);

/* The writer's tickets up to this one are on disk: frees the records that they count. */
void cg_violations_set_durable(struct cg_violations *violations, __u64 ticket);

/* True if every violation so far is in a row on disk, and its record is free. */
bool cg_violations_are_durable(const struct cg_violations *violations);

#endif
