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

#define CG_SCAN_BATCH 256
/* In the writer's queue, before a turn; the other half is the rings', which rest until it is free. */
#define CG_SCAN_QUEUE_SPACE (CG_QUEUE_STEPS / 2 + CG_SCAN_BATCH * CG_STEPS_PER_UPDATE)

struct cg_map_scan;

/* All pointers must outlive it. NULL: no memory. */
struct cg_map_scan *cg_map_scan_new(const struct cg_guard_maps *guard, struct cg_tracker *track,
				    struct cg_overflow *overflow, const struct cg_limits *limits);
void cg_map_scan_free(struct cg_map_scan *sweep);

void cg_map_scan_start(
	struct cg_map_scan *sweep); /* at once; one that runs is followed by another */
/*
 * Starts one, unless one runs, or the last took so long that all of them would take more than a
 * tenth of a core. False: ask again later. now: CLOCK_BOOTTIME, ns.
 */
bool cg_map_scan_request(struct cg_map_scan *sweep, __u64 now);
bool cg_map_scan_is_running(const struct cg_map_scan *sweep);

struct cg_map_scan_status { /* of the last that was complete; times in ns */
	__u64 count; /* complete ones so far */
	__u64 work, longest; /* of all its turns, of one */
	__u64 others; /* the longest that anything else in the loop took since the one before */
	struct cg_usage_alarm maps[3]; /* those that it walks, each as it found it */
};
void cg_map_scan_get_status(const struct cg_map_scan *sweep, struct cg_map_scan_status *status);
/* One batch. 0, 1: that was the last one of this sweep; or -errno, and the sweep is over. */
int cg_map_scan_run(struct cg_map_scan *sweep, __u64 now);

#endif
