/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the daemon knows of each dialog: what was said of it last, and whether that is durable.
 * Looks at a dialog's value decide what its row is told, and when it may leave the map: never
 * before its last step is on disk. Nothing here needs to survive the daemon: a new one says all
 * once more.
 */
#ifndef CG_INGEST_DIALOG_TRACKER_H
#define CG_INGEST_DIALOG_TRACKER_H

#include "calls/cdr.h"
#include "calls/recent.h"
#include "spool/writer.h"
#include "stats/breaker.h"
#include "stats/totals.h"

struct cg_tracker;

#define CG_STEPS_PER_UPDATE 3 /* room that the writer's queue must have before each look */

/* All pointers must outlive it. NULL: no memory. */
struct cg_tracker *cg_tracker_new(unsigned int max_dialogs, int dialogs_fd,
				  struct cg_writer *writer, const struct cg_limits *limits,
				  const struct cg_origin *origin, struct cg_breaker *breaker,
				  struct cg_totals *totals);
void cg_tracker_free(struct cg_tracker *track);

/* Each look at a dialog is told to this memory, which must outlive it. */
void cg_tracker_set_recent(struct cg_tracker *track, struct cg_recent *recent);

/*
 * All tickets of the writer up to here are on disk, in the file that it made anew so many times:
 * what was said into an earlier one is said once more.
 */
void cg_tracker_set_durable(struct cg_tracker *track, __u64 ticket, unsigned int anew);

/* Looks at a dialog's value, or fetches it first (-ENOENT: not in the map). now: CLOCK_BOOTTIME, ns. */
void cg_tracker_update(struct cg_tracker *track, const struct cg_dialog_key *key,
		       const struct cg_dialog *dialog, __u64 now);
int cg_tracker_fetch(struct cg_tracker *track, const struct cg_dialog_key *key, __u64 now);

/*
 * After a sweep over the whole map: forgets, from slot `from` on and a bounded number of slots,
 * what the sweep before it and this one did not meet. Returns where to go on; 0: done.
 */
unsigned int cg_tracker_expire(struct cg_tracker *track, unsigned int from);
void cg_tracker_next_scan(struct cg_tracker *track);

/* Clock numbers of dialogs that the last complete sweep met, a bit each. */
unsigned int cg_tracker_clocks(const struct cg_tracker *track);
unsigned int cg_tracker_count(const struct cg_tracker *track);

#endif
