/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon sees to each second: its settings, the clock, losses, and a word to its manager. */
#ifndef CG_DAEMON_HOUSEKEEPING_H
#define CG_DAEMON_HOUSEKEEPING_H

#include "ingest/dialog_tracker.h"
#include "ingest/map_scan.h"
#include "maps/guard_maps.h"
#include "spool/writer.h"

struct cg_housekeeping { /* all pointers are others' */
	struct cg_guard_maps *guard;
	struct cg_origin *origin;
	struct cg_writer *writer;
	struct cg_tracker *tracker;
	struct cg_map_scan *sweep;
	int clock_error; /* said already */
	struct cg_losses losses; /* as of the last look */
	__u64 told_at; /* CLOCK_BOOTTIME, ns: that calls run unguarded */
	__u64 unguarded; /* ... so many by then */
	bool behind; /* events were lost since a sweep began */
};

/* 0, or -errno: the settings of the instance are as read before. */
int cg_housekeeping_run(struct cg_housekeeping *upkeep);

#endif
