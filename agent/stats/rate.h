/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Sums that grow, as so many a second. Pure. */
#ifndef CG_STATS_RATE_H
#define CG_STATS_RATE_H

#include <linux/types.h>

#define CG_RATE_UNKNOWN (-1.0)

struct cg_rate {
	__u64 total;
	__u64 at; /* ns; 0: never read */
	double per_second; /* CG_RATE_UNKNOWN: read less than twice */
};

/* total is what is read at `at`. A sum that fell was made anew: it counts from nothing. */
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
 * Calls that ended, by the balance: those that were live, and those that began, less those that are
 * live. Counted while calls come and go, it may fall short of nothing.
 */
static inline __u64 cg_rate_ended(__u64 live_before, __u64 began, __u64 live)
{
	return live_before + began > live ? live_before + began - live : 0;
}

#endif
