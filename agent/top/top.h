/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The data of `top`, read from the pinned maps, the daemon's socket and its spool. Each read is
 * bounded, so that the screen can be drawn in between. Only cg_top_new() prints.
 */
#ifndef CG_TOP_TOP_H
#define CG_TOP_TOP_H

#include "attach/interface.h"
#include "calls/call_list.h"
#include "config/store_select.h"
#include "maps/map_iter.h"
#include "maps/map_usage.h"
#include "maps/runtime_dir.h"
#include "maps/share_most.h"
#include "stats/offenders.h"
#include "stats/rate.h"

enum cg_top_map { CG_TOP_DIALOGS, CG_TOP_PENDING, CG_TOP_INVITES, CG_TOP_EARLY, CG_TOP_MAPS };

#define CG_TOP_SPOOL_MAX 100000 /* rows are counted up to here */

struct cg_top {
	const char *instance;
	struct cg_config config;
	char breaker[CG_RUNTIME_NOTE_MAX]; /* reason for the fallback to observe mode, or "" */
	struct cg_interface *interfaces;
	size_t n_interfaces;
	__u64 now; /* of the last refresh: CLOCK_BOOTTIME, ns */
	struct cg_counters counters;
	struct cg_rate starts, ends, passed, dropped, rewritten, would_drop;
	struct cg_share_most most; /* who has most calls without a gateway */
	struct cg_map_usage usages[CG_TOP_MAPS]; /* max 0: not read yet */
	__s64 spool_rows; /* -1: cannot be read */
	int daemon_fd; /* of its socket; negative: not connected */
	struct cg_offenders offenders; /* since top started */
	struct cg_call_list *calls; /* of the last complete scan of the maps */
	/* private */
	struct cg_store store;
	struct cg_call_list *building;
	enum cg_order order;
	bool reverse;
	struct cg_map_iter *iter;
	int map; /* being scanned; CG_TOP_MAPS: the scan is complete */
	bool has_balance; /* live_before and began_before are valid */
	__u64 live_before, began_before;
};

/*
 * Opens the instance. config, db, spool: as for cg_store_of(). Returns CG_DONE, or an exit code
 * with the error reported. Call cg_top_free() in either case.
 */
int cg_top_new(const char *instance, const char *config, const char *db, const char *spool,
	       struct cg_top **top);
void cg_top_free(struct cg_top *top);

/*
 * Reads everything but the maps, and starts a scan of the maps if none is running. Returns 0 or
 * -errno; -ENOENT: detached.
 */
int cg_top_refresh(struct cg_top *top);

/* Scans the maps for some milliseconds. Returns 1 if the scan is complete, 0 if not, or -errno. */
int cg_top_run(struct cg_top *top);

/* Handles the events that the daemon has sent, without waiting. */
void cg_top_poll_daemon(struct cg_top *top);

/* Sorts the calls: the current list at once, and the next scans. */
void cg_top_set_order(struct cg_top *top, enum cg_order order, bool reverse);

#endif
