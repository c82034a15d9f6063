// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "stats/timeline.h"

void cg_timeline_add(struct cg_timeline *timeline, __u64 at, __u64 now, __u32 blocked)
{
	__u64 number = at / CG_TIMELINE_NS;
	struct cg_timeline_bucket *bucket = &timeline->buckets[number % CG_TIMELINE_BUCKETS];

	if (at > now || now / CG_TIMELINE_NS - number >= CG_TIMELINE_BUCKETS)
		return;
	if (bucket->number != number)
		*bucket = (struct cg_timeline_bucket){ .number = number };
	bucket->blocked += blocked;
}

__u64 cg_timeline_blocked(const struct cg_timeline *timeline, __u64 now, unsigned int minutes)
{
	__u64 number = now / CG_TIMELINE_NS - minutes;
	const struct cg_timeline_bucket *bucket = &timeline->buckets[number % CG_TIMELINE_BUCKETS];

	if (now / CG_TIMELINE_NS < minutes || bucket->number != number)
		return 0;
	return bucket->blocked;
}
