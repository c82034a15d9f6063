/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Blocked BYEs per minute over the last three hours, for the daemon's web page. */
#ifndef CG_STATS_TIMELINE_H
#define CG_STATS_TIMELINE_H

#include <linux/types.h>

#define CG_TIMELINE_NS 60000000000ULL /* length of a bucket */
#define CG_TIMELINE_BUCKETS 180

struct cg_timeline {
	struct cg_timeline_bucket {
		__u64 number; /* time / CG_TIMELINE_NS */
		__u64 blocked;
	} buckets[CG_TIMELINE_BUCKETS];
};

/* Adds blocked BYEs at time `at`. Ignores times before the oldest bucket. CLOCK_BOOTTIME, ns. */
void cg_timeline_add(struct cg_timeline *timeline, __u64 at, __u64 now, __u32 blocked);

/* Returns the BYEs of the minute `minutes` before the current one; 0: the current one. */
__u64 cg_timeline_blocked(const struct cg_timeline *timeline, __u64 now, unsigned int minutes);

#endif
