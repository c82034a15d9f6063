/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The map is the truth, the ring is the doorbell: a sweep looks at every dialog, in batches that
 * the kernel copies in a fraction of a millisecond, one a turn of the loop. It also has the calls
 * of `overflow` written, forgets INVITEs in `pending` that nothing will come of, and tells of maps
 * that fill up.
 */
#ifndef CG_INGEST_MAP_SCAN_H
#define CG_INGEST_MAP_SCAN_H

#include <stdbool.h>

#include "ingest/dialog_tracker.h"
#include "ingest/overflow_calls.h"
#include "ingest/usage_alarm.h"
#include "maps/guard_maps.h"

#define CG_SWEEP_BATCH 256
/* In the writer's queue, before a turn; the other half is the rings', which rest until it is free. */
#define CG_SWEEP_ROOM (CG_QUEUE_STEPS / 2 + CG_SWEEP_BATCH * CG_STEPS_A_LOOK)

struct cg_sweep;

/* All pointers must outlive it. NULL: no memory. */
struct cg_sweep *cg_sweep_new(const struct cg_guard_maps *guard, struct cg_track *track,
			      struct cg_overflow *overflow, const struct cg_limits *limits);
void cg_sweep_free(struct cg_sweep *sweep);

void cg_sweep_start(struct cg_sweep *sweep); /* at once; one that runs is followed by another */
/*
 * Starts one, unless one runs, or the last took so long that all of them would take more than a
 * tenth of a core. False: ask again later. now: CLOCK_BOOTTIME, ns.
 */
bool cg_sweep_want(struct cg_sweep *sweep, __u64 now);
bool cg_sweep_running(const struct cg_sweep *sweep);

struct cg_sweep_status { /* of the last that was complete; times in ns */
	__u64 count; /* complete ones so far */
	__u64 work, longest; /* of all its turns, of one */
	__u64 others; /* the longest that anything else in the loop took since the one before */
	struct cg_filling maps[3]; /* those that it walks, each as it found it */
};
void cg_sweep_status(const struct cg_sweep *sweep, struct cg_sweep_status *status);
/* One batch. 0, 1: that was the last one of this sweep; or -errno, and the sweep is over. */
int cg_sweep_turn(struct cg_sweep *sweep, __u64 now);

#endif
