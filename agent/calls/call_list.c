// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/call_list.h"

#include <stdlib.h>
#include <string.h>

static int numbers(__u64 a, __u64 b)
{
	return a < b ? -1 : a > b;
}

/* Negative: a stands before b. The Call-ID makes the order whole, so that a list does not jump. */
static int compare(const struct cg_call_list *calls, const struct cg_dialog *a,
		   const struct cg_dialog *b)
{
	int by = 0;

	switch (calls->order) {
	case CG_ORDER_BLOCKED:
		by = numbers(b->blocked_byes, a->blocked_byes);
		break;
	case CG_ORDER_CALLER:
		by = strncmp(a->call.from_uri, b->call.from_uri, CG_URI_MAX);
		break;
	case CG_ORDER_CALLEE:
		by = strncmp(a->call.to_uri, b->call.to_uri, CG_URI_MAX);
		break;
	case CG_ORDER_SOURCE:
		by = memcmp(a->caller.addr, b->caller.addr, sizeof(a->caller.addr));
		break;
	case CG_ORDER_AGE:
	case CG_ORDERS:
		break;
	}
	if (!by)
		by = numbers(a->answer, b->answer);
	if (!by)
		by = strncmp(a->call.call_id, b->call.call_id, CG_CALL_ID_MAX);
	if (!by)
		by = strncmp(a->to_tag, b->to_tag, CG_TAG_MAX);
	return calls->reverse ? -by : by;
}

void cg_call_list_init(struct cg_call_list *calls, enum cg_order order, bool reverse)
{
	calls->order = order;
	calls->reverse = reverse;
	calls->n = calls->live = calls->ended = 0;
}

static void swap(struct cg_dialog *a, struct cg_dialog *b)
{
	struct cg_dialog was = *a;

	*a = *b;
	*b = was;
}

/* A heap: at its root stands who goes first, the last in the order. */
static void rise(struct cg_call_list *calls, unsigned int at)
{
	for (unsigned int above; at; at = above) {
		above = (at - 1) / 2;
		if (compare(calls, &calls->list[at], &calls->list[above]) <= 0)
			break;
		swap(&calls->list[at], &calls->list[above]);
	}
}

static void sink(struct cg_call_list *calls, unsigned int n)
{
	unsigned int at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n &&
		    compare(calls, &calls->list[child + 1], &calls->list[child]) > 0)
			child++;
		if (compare(calls, &calls->list[child], &calls->list[at]) <= 0)
			break;
		swap(&calls->list[child], &calls->list[at]);
		at = child;
	}
}

void cg_call_list_add(struct cg_call_list *calls, const struct cg_dialog *dialog)
{
	if (dialog->state == CG_S_ENDED) {
		calls->ended++;
		return;
	}
	calls->live++;
	if (calls->n < CG_CALL_LIST_MAX) {
		calls->list[calls->n] = *dialog;
		rise(calls, calls->n++);
	} else if (compare(calls, dialog, &calls->list[0]) < 0) {
		calls->list[0] = *dialog;
		sink(calls, calls->n);
	}
}

void cg_call_list_sort(struct cg_call_list *calls)
{
	for (unsigned int n = calls->n; n > 1; n--) {
		swap(&calls->list[0], &calls->list[n - 1]);
		sink(calls, n - 1);
	}
}
