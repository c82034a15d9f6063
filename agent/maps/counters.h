/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sums of the per-CPU counters, as named fields and as an array. These functions print nothing.
 */
#ifndef CG_MAPS_COUNTERS_H
#define CG_MAPS_COUNTERS_H

#include "cseqguard.h"

#define CG_NUMBERS (sizeof(struct cg_counters) / sizeof(__u64)) /* all its fields are __u64 */

union cg_counters_sum {
	struct cg_counters counters;
	__u64 numbers[CG_NUMBERS];
};

/* Reads map `counters` by its fd. Returns 0, or -errno with *sum untouched. */
int cg_counters_read(int fd, union cg_counters_sum *sum);
/* Reads map `counters` by its pin. Returns 0, or -errno with *sum untouched. */
int cg_counters_read_pinned(const char *instance, union cg_counters_sum *sum);

/* Returns the number of calls that were stored in `dialogs`. */
static inline __u64 cg_counters_opened(const struct cg_counters *c)
{
	return c->in.opened + c->out.opened + c->in.unseen_start + c->out.unseen_start;
}

/* Returns the number of calls for which `dialogs` had no room. */
static inline __u64 cg_counters_unguarded(const struct cg_counters *c)
{
	return c->in.dialogs_full + c->out.dialogs_full;
}

/* Returns the number of calls for which `overflow` had no room either. */
static inline __u64 cg_counters_unrecorded(const struct cg_counters *c)
{
	return c->in.overflow_full + c->out.overflow_full;
}

#endif
