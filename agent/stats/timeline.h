/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Blocked BYEs by the minute, of the last hours: what the daemon's page draws. */
#ifndef CG_STATS_TIMELINE_H
#define CG_STATS_TIMELINE_H

#include <linux/types.h>

#define CG_TIMELINE_NS 60000000000ULL /* of a bucket */
#define CG_TIMELINE_BUCKETS 180

struct cg_timeline {
	struct cg_timeline_bucket {
		__u64 number; /* its time / CG_TIMELINE_NS */
		__u64 blocked;
	} buckets[CG_TIMELINE_BUCKETS];
};

/* at, now: CLOCK_BOOTTIME, ns. What is older than the buckets reach is forgotten. */
void cg_timeline_add(struct cg_timeline *timeline, __u64 at, __u64 now, __u32 blocked);

/* Of the minute that was so many minutes before that of `now`; 0: this one. */
__u64 cg_timeline_blocked(const struct cg_timeline *timeline, __u64 now, unsigned int minutes);

#endif
