/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who sent the most refused BYEs, in a table of fixed size: Space-Saving (Metwally, Agrawal, El
 * Abbadi, 2005). A source that is not in the full table takes the place of the one with the lowest
 * count, and its count over, which is kept beside it as what may be too much. So whoever sent more
 * than one in CG_OFFENDERS_MAX of all is in the table, and a million forged sources do not push him
 * out. Pure.
 */
#ifndef CG_STATS_OFFENDERS_H
#define CG_STATS_OFFENDERS_H

#include <linux/types.h>

#define CG_OFFENDERS_MAX 128

struct cg_offender {
	__u8 addr[16];
	__u64 count; /* at most so many ... */
	__u64 over; /* ... and at least so many fewer */
	__u64 last; /* CLOCK_BOOTTIME, ns */
	__u8 reason; /* enum cg_reason, of the last */
};

struct cg_offenders {
	unsigned int n;
	__u64 total;
	struct cg_offender list[CG_OFFENDERS_MAX]; /* in no order */
};

void cg_offenders_add(struct cg_offenders *offenders, const __u8 addr[16], __u8 reason, __u64 at);

/* The first `max` by what each sent at least, the most first. Returns how many. */
unsigned int cg_offenders_top(const struct cg_offenders *offenders, struct cg_offender *out,
			      unsigned int max);

#endif
