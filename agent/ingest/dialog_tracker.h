/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tracks each dialog of the map: the last row written for it, and whether that is on disk. An
 * update with the dialog's value decides whether a row is written, and when the dialog is deleted
 * from the map, which is never before its last row is on disk. The state need not survive the
 * daemon: a new daemon writes all rows again.
 */
#ifndef CG_INGEST_DIALOG_TRACKER_H
#define CG_INGEST_DIALOG_TRACKER_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "calls/living_calls.h"
#include "calls/recent.h"
#include "ingest/violations.h"
#include "maps/guard_maps.h"
#include "pair/pair.h"
#include "stats/breaker.h"
#include "stats/totals.h"

struct cg_tracker;

#define CG_STEPS_PER_UPDATE 3 /* space that the writer's queue must have before each update */

/* All pointers must outlive it. NULL: no memory. */
struct cg_tracker *cg_tracker_new(const struct cg_guard_maps *guard,
				  struct cg_violations *violations, const struct cg_limits *limits,
				  const struct cg_origin *origin, struct cg_breaker *breaker,
				  struct cg_totals *totals);
void cg_tracker_free(struct cg_tracker *tracker);

/* Passes each update on to `recent`, which must outlive the tracker. */
void cg_tracker_set_recent(struct cg_tracker *tracker, struct cg_recent *recent);

/* Adds each dialog that is updated to this set, before its row is written. NULL: to none. */
void cg_tracker_set_living(struct cg_tracker *tracker, struct cg_living_calls *living);

/*
 * Publishes each change of a dialog to this pair, which must outlive the tracker's last update.
 * NULL: this host is alone.
 */
void cg_tracker_set_pair(struct cg_tracker *tracker, struct cg_pair *pair);

/*
 * The writer's tickets up to this one are on disk, in its file of that generation. Rows of an
 * earlier generation are written again.
 */
void cg_tracker_set_durable(struct cg_tracker *tracker, __u64 ticket, unsigned int generation);

/*
 * Handles a dialog's value. Returns whether the dialog is still in the map. now: CLOCK_BOOTTIME,
 * ns.
 */
bool cg_tracker_update(struct cg_tracker *tracker, const struct cg_dialog_key *key,
		       const struct cg_dialog *dialog, __u64 now);

/* Reads a dialog from the map and handles it. 0, or -ENOENT if it is not there. */
int cg_tracker_fetch(struct cg_tracker *tracker, const struct cg_dialog_key *key, __u64 now);

/*
 * Closes the row of a dialog by its candidate end, if it still has one, and removes the dialog from
 * the map once that row is on disk. A sign of life before then opens the row again.
 */
void cg_tracker_close_doubtful(struct cg_tracker *tracker, const struct cg_dialog_key *key,
			       __u64 now);

/*
 * Deletes a dialog of another host from the map, because that host has removed it. One that speaks here
 * stays: this host removes it once its row is written.
 */
void cg_tracker_drop_foreign(struct cg_tracker *tracker, const struct cg_dialog_key *key);

/*
 * After a scan of the whole map: forgets the dialogs that neither this scan nor the one before it
 * found. Handles a bounded number of slots from `from` on. Returns the slot to continue from; 0:
 * done.
 */
unsigned int cg_tracker_expire(struct cg_tracker *tracker, unsigned int from);

/* A new scan of the map begins. */
void cg_tracker_next_scan(struct cg_tracker *tracker);

/* Returns the clock numbers of the dialogs that the last complete scan found, as a bit mask. */
unsigned int cg_tracker_clocks(const struct cg_tracker *tracker);

/* Returns the number of tracked dialogs that another host of the pair has opened. */
unsigned int cg_tracker_foreign_count(const struct cg_tracker *tracker);

/* Returns the number of tracked dialogs. */
unsigned int cg_tracker_count(const struct cg_tracker *tracker);

#endif
