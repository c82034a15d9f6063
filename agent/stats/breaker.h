/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The breaker. Among the dialogs whose first BYE was judged within the window, it computes the
 * share with a dropped BYE. An upstream fault (a proxy whose timeout BYE always has CSeq 1) affects
 * every call at once. An attacker who repeats a BYE a thousand times counts as one dialog, and a
 * few dialogs do not trip the breaker. No I/O, no clock.
 */
#ifndef CG_STATS_BREAKER_H
#define CG_STATS_BREAKER_H

#include <stdbool.h>

#include "cseqguard.h"

#define CG_BREAKER_SLOTS 16

struct cg_breaker {
	__u64 percent; /* trips above this share; 0: off */
	__u64 dialogs; /* minimum number of judged dialogs */
	__u64 window; /* ns */
	__u64 since; /* CLOCK_BOOTTIME, ns; earlier BYEs are ignored */
	struct cg_breaker_slot {
		__u64 number; /* time / (window / CG_BREAKER_SLOTS) */
		__u32 judged, blocked;
	} slots[CG_BREAKER_SLOTS];
};

struct cg_breaker_count {
	__u64 judged, blocked; /* dialogs within the window */
};

/*
 * Counts the dialog if its first BYE was judged. Returns true once that is so, even if the BYE was
 * too old to count. Do not pass this dialog again.
 */
bool cg_breaker_update(struct cg_breaker *breaker, const struct cg_dialog *dialog, __u64 now);

/* Returns true if the breaker trips. Sets *count in either case. */
bool cg_breaker_should_trip(const struct cg_breaker *breaker, __u64 now,
			    struct cg_breaker_count *count);

/* Discards the counts, when enforcement starts again. now: CLOCK_BOOTTIME, ns. */
void cg_breaker_reset(struct cg_breaker *breaker, __u64 now);

#endif
