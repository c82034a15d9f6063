/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sums over all calls: blocked BYEs, protected time, ends by reason. Each update of a dialog adds
 * the difference to its last one. A new daemon adds up the dialogs in the map with its first scan
 * and reads the sums of those that have left it from a note. So no sum restarts while the maps
 * exist. No I/O, no clock.
 */
#ifndef CG_STATS_TOTALS_H
#define CG_STATS_TOTALS_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "stats/timeline.h"

struct cg_totals_part { /* the part of the sums that comes from one dialog */
	__u64 protected_ms; /* open call: start, CLOCK_BOOTTIME; closed: duration; 0: not attacked */
	__u32 blocked;
	__u8 state; /* enum cg_state; CG_S_EARLY: not added yet */
	__u8 end; /* enum cg_end; CG_E_NONE: open */
	bool suspect;
	bool tcp; /* a leg is over TCP */
} __attribute__((packed)); /* the tracker holds a million of them */

struct cg_totals_sums {
	__u64 blocked; /* BYEs that were dropped, or that enforce mode would have dropped */
	__u64 protected_ms; /* closed calls: time from the first blocked BYE to the end */
	__u64 suspect; /* suspect calls */
	__u64 closed[CG_ENDS];
};

struct cg_totals {
	struct cg_totals_sums all;
	struct cg_totals_sums gone; /* part of dialogs that have left the map */
	__u64 states[CG_STATES]; /* dialogs in the map by state */
	__u64 tcp; /* ... and of these the ones with a leg over TCP */
	__u64 attacked; /* open calls with a blocked BYE */
	__u64 attacked_since_ms; /* sum of the times of their first blocked BYE */
	__u64 shown_ms; /* last value of cg_totals_protected_ms(), which never falls */
	struct cg_timeline timeline;
};

/*
 * Adds the change of a dialog since its last update and stores it in *part. due: from cg_cdr_due().
 * now: CLOCK_BOOTTIME, ns.
 */
void cg_totals_update(struct cg_totals *totals, struct cg_totals_part *part,
		      const struct cg_dialog *dialog, const struct cg_limits *limits,
		      unsigned int due, __u64 now);
/* Moves the part of a dialog that has left the map to `gone`. */
void cg_totals_remove(struct cg_totals *totals, struct cg_totals_part *part);

/* Returns the protected time of closed calls, and of open ones until `now`. */
__u64 cg_totals_protected_ms(struct cg_totals *totals, __u64 now);

#endif
