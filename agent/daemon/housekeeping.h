/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tasks of each second: reads the settings, checks clock and losses, reports to the service manager. */
#ifndef CG_DAEMON_HOUSEKEEPING_H
#define CG_DAEMON_HOUSEKEEPING_H

#include "ingest/dialog_tracker.h"
#include "ingest/map_scan.h"
#include "ingest/rings.h"
#include "maps/guard_maps.h"
#include "spool/writer.h"

struct cg_housekeeping { /* owns none of its pointers */
	struct cg_guard_maps *guard;
	struct cg_origin *origin;
	struct cg_writer *writer;
	struct cg_tracker *tracker;
	struct cg_map_scan *scan;
	struct cg_rings *rings;
	int clock_error; /* the last one logged */
	struct cg_losses losses; /* at the last run */
	__u64 warned_at; /* about unguarded calls; CLOCK_BOOTTIME, ns; 0: never */
	__u64 unguarded; /* calls at that warning */
	__u64 beat_at; /* last heartbeat in the spool; CLOCK_BOOTTIME, ns; 0: none yet */
	bool needs_scan; /* events were lost since a scan began */
};

/* 0, or -errno if the settings cannot be read: they stay as they were. */
int cg_housekeeping_run(struct cg_housekeeping *housekeeping);

#endif
