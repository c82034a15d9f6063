/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Scans the whole map, because events of the rings can be lost. It updates every dialog, in batches
 * that the kernel copies in a fraction of a millisecond, one for each turn of the event loop. It
 * also stores the calls of map `overflow`, deletes expired INVITEs, warns if a map fills up, makes
 * room in it, and counts the entries of each address.
 */
#ifndef CG_INGEST_MAP_SCAN_H
#define CG_INGEST_MAP_SCAN_H

#include <stdbool.h>

#include "ingest/dialog_tracker.h"
#include "ingest/overflow_calls.h"
#include "ingest/pressure.h"
#include "ingest/share_count.h"
#include "ingest/usage_alarm.h"
#include "maps/guard_maps.h"

#define CG_SCAN_BATCH 256
/*
 * Space in the writer's queue before a batch. The rings use the other half, and pause until it is
 * free.
 */
#define CG_SCAN_QUEUE_SPACE (CG_QUEUE_STEPS / 2 + CG_SCAN_BATCH * CG_STEPS_PER_UPDATE)

struct cg_map_scan;

/* All pointers must outlive it. NULL: no memory. */
struct cg_map_scan *cg_map_scan_new(const struct cg_guard_maps *guard, struct cg_tracker *tracker,
				    struct cg_overflow *overflow, const struct cg_limits *limits);
void cg_map_scan_free(struct cg_map_scan *scan);

void cg_map_scan_start(struct cg_map_scan *scan); /* at once, or after the one that runs */
/*
 * Starts a scan, unless one runs or scans would use more than a tenth of a core. False: not
 * started, try again later. now: CLOCK_BOOTTIME, ns.
 */
bool cg_map_scan_request(struct cg_map_scan *scan, __u64 now);
bool cg_map_scan_is_running(const struct cg_map_scan *scan); /* also if it failed and is repeated */
/*
 * True if cg_map_scan_run() has something to do. False: none runs, or one failed and has to wait.
 */
bool cg_map_scan_is_ready(const struct cg_map_scan *scan, __u64 now);

/*
 * Adds each dialog that is updated from now on to this set, and sets `complete` once a scan that
 * began later has read all dialogs. NULL: no longer.
 */
void cg_map_scan_collect(struct cg_map_scan *scan, struct cg_living_calls *living);

struct cg_map_scan_status { /* of the last complete scan; times in ns */
	__u64 count; /* complete scans so far */
	__u64 failed; /* scans that failed so far */
	__u64 work, longest; /* of all batches, of the longest one */
	__u64 others; /* longest turn of anything else in the loop since the scan before it */
	struct cg_usage_alarm maps[3]; /* usage of the scanned maps, as found */
	struct cg_share_most most; /* who holds most of map dialogs */
};
void cg_map_scan_get_status(const struct cg_map_scan *scan, struct cg_map_scan_status *status);
/*
 * Handles one batch. A scan that fails is logged, and begins again after a back-off: what it has
 * not seen cannot leave the map.
 */
void cg_map_scan_run(struct cg_map_scan *scan, __u64 now);

#endif
