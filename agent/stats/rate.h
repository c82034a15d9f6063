/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Rate per second of a growing counter. No I/O, no clock. */
#ifndef CG_STATS_RATE_H
#define CG_STATS_RATE_H

#include <linux/types.h>

#define CG_RATE_UNKNOWN (-1.0)

struct cg_rate {
	__u64 total;
	__u64 at; /* time of the last reading, ns; 0: none yet */
	double per_second; /* CG_RATE_UNKNOWN before the second reading */
};

/* Adds a reading at time `at` (ns). A counter that has fallen was reset, and grew from 0. */
static inline void cg_rate_update(struct cg_rate *rate, __u64 total, __u64 at)
{
	__u64 grown = total >= rate->total ? total - rate->total : total;

	if (!rate->at)
		rate->per_second = CG_RATE_UNKNOWN;
	else if (at > rate->at)
		rate->per_second = grown * 1e9 / (at - rate->at);
	rate->total = total;
	rate->at = at;
}

/*
 * Returns the number of ended calls: live before, plus started, minus live now. The three numbers
 * are not read at one instant, so the result is cut at 0.
 */
static inline __u64 cg_rate_ended(__u64 live_before, __u64 began, __u64 live)
{
	return live_before + began > live ? live_before + began - live : 0;
}

#endif
