/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The per-CPU counters, added up: as named fields, or as an array to walk over. Nothing prints. */
#ifndef CG_MAPS_COUNTERS_H
#define CG_MAPS_COUNTERS_H

#include "cseqguard.h"

#define CG_NUMBERS (sizeof(struct cg_counters) / sizeof(__u64)) /* a struct of __u64 throughout */

union cg_counters_sum {
	struct cg_counters counters;
	__u64 numbers[CG_NUMBERS];
};

/* fd: of the map `counters`. 0 or -errno, sum untouched. */
int cg_counters_read(int fd, union cg_counters_sum *sum);
int cg_counters_read_pinned(const char *instance,
			    union cg_counters_sum *sum); /* likewise, by its pin */

/* Calls that found room in `dialogs`, in no map but `overflow`, and in none. */
static inline __u64 cg_counters_opened(const struct cg_counters *c)
{
	return c->in.opened + c->out.opened + c->in.unseen_start + c->out.unseen_start;
}

static inline __u64 cg_counters_unguarded(const struct cg_counters *c)
{
	return c->in.dialogs_full + c->out.dialogs_full;
}

static inline __u64 cg_counters_unrecorded(const struct cg_counters *c)
{
	return c->in.overflow_full + c->out.overflow_full;
}

#endif
