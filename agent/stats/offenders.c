// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "stats/offenders.h"

#include <string.h>

static __u64 min_count(const struct cg_offender *offender)
{
	return offender->count - offender->over;
}

static struct cg_offender *find_offender(struct cg_offenders *offenders, const __u8 addr[16])
{
	for (unsigned int i = 0; i < offenders->n; i++)
		if (!memcmp(offenders->list[i].addr, addr, 16))
			return &offenders->list[i];
	return NULL;
}

/*
 * Returns a free entry, or the one with the lowest count. Of equal counts it takes the entry
 * without a BYE for the longest time.
 */
static struct cg_offender *replace_lowest(struct cg_offenders *offenders)
{
	struct cg_offender *lowest = offenders->list;

	if (offenders->n < CG_OFFENDERS_MAX) {
		lowest = &offenders->list[offenders->n++];
		*lowest = (struct cg_offender){};
		return lowest;
	}
	for (unsigned int i = 1; i < CG_OFFENDERS_MAX; i++) {
		struct cg_offender *other = &offenders->list[i];

		if (other->count < lowest->count ||
		    (other->count == lowest->count && other->last < lowest->last))
			lowest = other;
	}
	lowest->over = lowest->count;
	return lowest;
}

void cg_offenders_add(struct cg_offenders *offenders, const __u8 addr[16], __u8 reason, __u64 at)
{
	struct cg_offender *offender = find_offender(offenders, addr);

	if (!offender) {
		offender = replace_lowest(offenders);
		memcpy(offender->addr, addr, sizeof(offender->addr));
	}
	offender->count++;
	offender->last = at;
	offender->reason = reason;
	offenders->total++;
}

static int ranks_before(const struct cg_offender *a, const struct cg_offender *b)
{
	return min_count(a) != min_count(b) ? min_count(a) > min_count(b) : a->last > b->last;
}

unsigned int cg_offenders_top(const struct cg_offenders *offenders, struct cg_offender *out,
			      unsigned int max)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < offenders->n && max; i++) {
		const struct cg_offender *offender = &offenders->list[i];
		unsigned int at = n;

		if (n < max)
			n++;
		else if (!ranks_before(offender, &out[--at]))
			continue;
		for (; at && ranks_before(offender, &out[at - 1]); at--)
			out[at] = out[at - 1];
		out[at] = *offender;
	}
	return n;
}
