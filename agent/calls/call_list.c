// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/call_list.h"

#include <string.h>

#include "calls/cdr.h"
#include "util/clock.h"

static int compare_numbers(__u64 a, __u64 b)
{
	return a < b ? -1 : a > b;
}

/*
 * Returns a negative number if `a` comes before `b`. Call-ID and To tag break ties, so that rows do
 * not change places between two updates of a screen.
 */
static int compare_dialogs(const struct cg_call_list *list, const struct cg_dialog *a,
			   const struct cg_dialog *b)
{
	int by = 0;

	switch (list->order) {
	case CG_ORDER_BLOCKED:
		by = compare_numbers(cg_dialog_blocked_byes(b), cg_dialog_blocked_byes(a));
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
		by = cg_time_is_after(a->answer, b->answer) -
		     cg_time_is_after(b->answer, a->answer);
	if (!by)
		by = strncmp(a->call.call_id, b->call.call_id, CG_CALL_ID_MAX);
	if (!by)
		by = strncmp(a->to_tag, b->to_tag, CG_TAG_MAX);
	return list->reverse ? -by : by;
}

void cg_call_list_init(struct cg_call_list *list, enum cg_order order, bool reverse)
{
	list->order = order;
	list->reverse = reverse;
	list->n = list->live = list->ended = 0;
}

static void swap_dialogs(struct cg_dialog *a, struct cg_dialog *b)
{
	struct cg_dialog was = *a;

	*a = *b;
	*b = was;
}

/* The array is a heap. Its root is the last dialog in the order, which is replaced first. */
static void move_up(struct cg_call_list *list, unsigned int at)
{
	for (unsigned int above; at; at = above) {
		above = (at - 1) / 2;
		if (compare_dialogs(list, &list->list[at], &list->list[above]) <= 0)
			break;
		swap_dialogs(&list->list[at], &list->list[above]);
	}
}

static void move_down(struct cg_call_list *list, unsigned int n)
{
	unsigned int at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n &&
		    compare_dialogs(list, &list->list[child + 1], &list->list[child]) > 0)
			child++;
		if (compare_dialogs(list, &list->list[child], &list->list[at]) <= 0)
			break;
		swap_dialogs(&list->list[child], &list->list[at]);
		at = child;
	}
}

void cg_call_list_add(struct cg_call_list *list, const struct cg_dialog *dialog)
{
	if (dialog->state == CG_S_ENDED) {
		list->ended++;
		return;
	}
	list->live++;
	if (list->n < CG_CALL_LIST_MAX) {
		list->list[list->n] = *dialog;
		move_up(list, list->n++);
	} else if (compare_dialogs(list, dialog, &list->list[0]) < 0) {
		list->list[0] = *dialog;
		move_down(list, list->n);
	}
}

void cg_call_list_sort(struct cg_call_list *list)
{
	for (unsigned int n = list->n; n > 1; n--) {
		swap_dialogs(&list->list[0], &list->list[n - 1]);
		move_down(list, n - 1);
	}
}
