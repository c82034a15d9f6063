// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/candidate_list.h"

#include <stdlib.h>

#include "util/clock.h"

static void swap(struct cg_candidate *a, struct cg_candidate *b)
{
	struct cg_candidate copy = *a;

	*a = *b;
	*b = copy;
}

static void sift_up(struct cg_candidate *items, unsigned int i)
{
	for (; i && cg_time_is_after(items[i].at, items[(i - 1) / 2].at); i = (i - 1) / 2)
		swap(&items[(i - 1) / 2], &items[i]);
}

static void sift_down(struct cg_candidate *items, unsigned int count)
{
	unsigned int i = 0, child;

	while ((child = 2 * i + 1) < count) {
		if (child + 1 < count && cg_time_is_after(items[child + 1].at, items[child].at))
			child++;
		if (!cg_time_is_after(items[child].at, items[i].at))
			return;
		swap(&items[i], &items[child]);
		i = child;
	}
}

void cg_candidate_list_add(struct cg_candidate_list *list, const struct cg_dialog_key *key,
			   __u64 at)
{
	struct cg_candidate item = { .at = at, .key = *key };

	if (list->count < CG_CANDIDATES_MAX) {
		list->items[list->count] = item;
		sift_up(list->items, list->count++);
	} else if (cg_time_is_after(list->items[0].at, at)) {
		list->items[0] = item;
		sift_down(list->items, list->count);
	}
}

static int compare(const void *a, const void *b)
{
	__u64 first = ((const struct cg_candidate *)a)->at;
	__u64 second = ((const struct cg_candidate *)b)->at;

	return cg_time_is_after(first, second) - cg_time_is_after(second, first);
}

void cg_candidate_list_sort(struct cg_candidate_list *list)
{
	qsort(list->items, list->count, sizeof(*list->items), compare);
}
