/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What all calls add up to: BYEs blocked, seconds protected, ends by reason. Each look at a dialog
 * adds what is new of it; what is in the map is added up again by a new daemon's first sweep, and
 * what has left the map stands in a note, so that no total starts again while the maps live.
 */
#ifndef CG_STATS_TOTALS_H
#define CG_STATS_TOTALS_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "stats/timeline.h"

struct cg_totals_part { /* of one dialog: what of it has been added */
	__u64 protected_ms; /* open: since when, CLOCK_BOOTTIME; closed: how long; 0: not at all */
	__u32 blocked;
	__u8 state; /* enum cg_state; CG_S_EARLY: nothing has been added */
	__u8 end; /* enum cg_end; CG_E_NONE: open */
	bool suspect;
} __attribute__((packed)); /* a million of them lie in struct cg_tracker */

struct cg_totals_sums {
	__u64 blocked; /* BYEs dropped, or that observe mode would have */
	__u64 protected_ms; /* of closed calls, from the first blocked BYE to the end */
	__u64 suspect; /* calls */
	__u64 closed[CG_ENDS];
};

struct cg_totals {
	struct cg_totals_sums all;
	struct cg_totals_sums gone; /* of dialogs that have left the map */
	__u64 states[CG_STATES]; /* dialogs that are in the map */
	__u64 attacked; /* open calls with a blocked BYE */
	__u64 attacked_since_ms; /* sum */
	__u64 shown_ms; /* cg_totals_protected_ms() never goes back */
	struct cg_timeline timeline;
};

/* Adds what a dialog's value has over its part. due: of cg_cdr_due(). now: CLOCK_BOOTTIME, ns. */
void cg_totals_update(struct cg_totals *totals, struct cg_totals_part *part,
		      const struct cg_dialog *dialog, const struct cg_limits *limits,
		      unsigned int due, __u64 now);
/* The dialog has left the map. */
void cg_totals_remove(struct cg_totals *totals, struct cg_totals_part *part);

/* Of closed calls, and of open ones until now. */
__u64 cg_totals_protected_ms(struct cg_totals *totals, __u64 now);

#endif
