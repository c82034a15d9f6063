/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What `top` shows, read from the pinned maps, the daemon's socket and its spool; each read is
 * bounded, so that it can be drawn in time. Drawing is elsewhere. Nothing here prints but
 * cg_top_new().
 */
#ifndef CG_TOP_TOP_H
#define CG_TOP_TOP_H

#include "attach/interface.h"
#include "calls/call_list.h"
#include "config/store_select.h"
#include "maps/map_iter.h"
#include "maps/map_usage.h"
#include "maps/runtime_dir.h"
#include "stats/offenders.h"
#include "stats/rate.h"

enum cg_top_map { CG_TOP_DIALOGS, CG_TOP_PENDING, CG_TOP_INVITES, CG_TOP_EARLY, CG_TOP_MAPS };

#define CG_TOP_SPOOL_MOST 100000 /* rows are counted so far */

struct cg_top {
	const char *instance;
	struct cg_config config;
	char breaker[CG_RUNTIME_NOTE_MAX]; /* why the daemon fell back to observe mode; or "" */
	struct cg_interface *interfaces;
	size_t n_interfaces;
	__u64 now; /* of the last refresh: CLOCK_BOOTTIME, ns */
	struct cg_counters counters;
	struct cg_rate starts, ends, passed, dropped, would_drop;
	struct cg_map_usage fills[CG_TOP_MAPS]; /* max 0: not read yet */
	__s64 spool_rows; /* -1: cannot be read */
	int daemon_fd; /* of its socket; negative: none answers */
	struct cg_offenders offenders; /* since we listen */
	struct cg_call_list *calls; /* of the last round */
	/* own */
	struct cg_store store;
	struct cg_call_list *building;
	enum cg_order order;
	bool reverse;
	struct cg_map_iter *walk;
	int map; /* that is walked over; CG_TOP_MAPS: the round is over */
	bool balanced; /* live_before and began_before are known */
	__u64 live_before, began_before;
};

/*
 * config, db, spool: as cg_store_select() takes them. Returns CG_DONE, or an exit code with the error
 * reported. Call cg_top_free() in either case.
 */
int cg_top_new(const char *instance, const char *config, const char *db, const char *spool,
	       struct cg_top **top);
void cg_top_free(struct cg_top *top);

/*
 * Reads what is read at once, and begins a round over the maps if none is under way. 0 or -errno,
 * -ENOENT: detached.
 */
int cg_top_refresh(struct cg_top *top);

/* A slice of the round, some milliseconds. 0: there is more; 1: the round is over; or -errno. */
int cg_top_work(struct cg_top *top);

/* Takes what the daemon has sent. */
void cg_top_listen(struct cg_top *top);

/* Lists the calls in another order: what is shown at once, the map with the next round. */
void cg_top_order(struct cg_top *top, enum cg_order order, bool reverse);

#endif
