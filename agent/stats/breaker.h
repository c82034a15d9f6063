/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The breaker: of the dialogs whose first BYE was judged within a window of time, the share that
 * had one dropped. An upstream fault (a proxy whose timeout BYE always says CSeq 1) hits every call
 * at once; an attacker, who may repeat his BYE a thousand times, is one dialog, and a few dialogs
 * trip nothing. Pure: dialogs and a clock in, a verdict out.
 */
#ifndef CG_STATS_BREAKER_H
#define CG_STATS_BREAKER_H

#include <stdbool.h>

#include "cseqguard.h"

#define CG_BREAKER_SLOTS 16

struct cg_breaker {
	__u64 percent; /* trips above; 0: off */
	__u64 dialogs; /* fewer judged ones trip nothing */
	__u64 window; /* ns */
	__u64 since; /* CLOCK_BOOTTIME, ns: BYEs of before count nothing */
	struct cg_breaker_slot {
		__u64 number; /* time / (window / CG_BREAKER_SLOTS) */
		__u32 judged, blocked;
	} slots[CG_BREAKER_SLOTS];
};

struct cg_breaker_count {
	__u64 judged, blocked; /* dialogs within the window */
};

/*
 * A dialog as it is now. True: a BYE of its was judged, and it is counted (or is too old to count):
 * it shall not come again.
 */
bool cg_breaker_update(struct cg_breaker *breaker, const struct cg_dialog *dialog, __u64 now);

/* True: it trips. count is set in either case. */
bool cg_breaker_should_trip(const struct cg_breaker *breaker, __u64 now,
			    struct cg_breaker_count *count);

/* Counts from now on: enforcement begins anew. */
void cg_breaker_reset(struct cg_breaker *breaker, __u64 now);

#endif
