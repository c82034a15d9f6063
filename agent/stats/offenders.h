/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The sources of the most refused BYEs, in a table of fixed size. The algorithm is Space-Saving
 * (Metwally, Agrawal, El Abbadi, 2005): if the table is full, a new source replaces the one with
 * the lowest count. It inherits that count, which is stored in `over` as the possible error. A
 * source of more than one in CG_OFFENDERS_MAX of all BYEs is therefore in the table, and a million
 * forged sources do not displace it. No I/O, no clock.
 */
#ifndef CG_STATS_OFFENDERS_H
#define CG_STATS_OFFENDERS_H

#include <linux/types.h>

#define CG_OFFENDERS_MAX 128

struct cg_offender {
	__u8 addr[16];
	__u64 count; /* upper bound of the BYEs sent */
	__u64 over; /* possible error: at least count - over were sent */
	__u64 last; /* CLOCK_BOOTTIME, ns */
	__u8 reason; /* enum cg_reason of the newest */
};

struct cg_offenders {
	unsigned int n;
	__u64 total;
	struct cg_offender list[CG_OFFENDERS_MAX]; /* not sorted */
};

void cg_offenders_add(struct cg_offenders *offenders, const __u8 addr[16], __u8 reason, __u64 at);

/* Stores up to `max` offenders, sorted by the lower bound, highest first. Returns their number. */
unsigned int cg_offenders_top(const struct cg_offenders *offenders, struct cg_offender *out,
			      unsigned int max);

#endif
