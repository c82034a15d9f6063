// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "stats/offenders.h"

#include <string.h>

static __u64 least(const struct cg_offender *offender)
{
	return offender->count - offender->over;
}

static struct cg_offender *find(struct cg_offenders *offenders, const __u8 addr[16])
{
	for (unsigned int i = 0; i < offenders->n; i++)
		if (!memcmp(offenders->list[i].addr, addr, 16))
			return &offenders->list[i];
	return NULL;
}

/* A free place, or that of the lowest count: of equal ones the longest silent goes. */
static struct cg_offender *make_room(struct cg_offenders *offenders)
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
	struct cg_offender *offender = find(offenders, addr);

	if (!offender) {
		offender = make_room(offenders);
		memcpy(offender->addr, addr, sizeof(offender->addr));
	}
	offender->count++;
	offender->last = at;
	offender->reason = reason;
	offenders->total++;
}

static int before(const struct cg_offender *a, const struct cg_offender *b)
{
	return least(a) != least(b) ? least(a) > least(b) : a->last > b->last;
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
		else if (!before(offender, &out[--at]))
			continue;
		for (; at && before(offender, &out[at - 1]); at--)
			out[at] = out[at - 1];
		out[at] = *offender;
	}
	return n;
}
