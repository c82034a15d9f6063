/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Of all the dialogs that are walked over, those that stand first in some order, and how many there
 * were: a list for a screen, bounded whatever the map holds. Pure.
 */
#ifndef CG_CALLS_CALL_LIST_H
#define CG_CALLS_CALL_LIST_H

#include <stdbool.h>

#include "cseqguard.h"

#define CG_CALL_LIST_MAX 1024

/* X(NAME, word, key): key is pressed in `top` */
#define CG_ORDER_LIST(X)                                                                           \
	X(AGE, age, 'a')                                                                           \
	X(BLOCKED, blocked, 'b')                                                                   \
	X(CALLER, caller, 'c')                                                                     \
	X(CALLEE, callee, 'e')                                                                     \
	X(SOURCE, source, 's')

#define CG_ORDER_ENUM(NAME, word, key) CG_ORDER_##NAME,
enum cg_order { CG_ORDER_LIST(CG_ORDER_ENUM) CG_ORDERS };
#undef CG_ORDER_ENUM

struct cg_call_list {
	enum cg_order
		order; /* age: the longest first; blocked: the most; else by text or address */
	bool reverse;
	unsigned int n;
	__u32 live; /* seen, early to ending */
	__u32 ended; /* seen, in their grace */
	struct cg_dialog list[CG_CALL_LIST_MAX]; /* live ones; in order after cg_call_list_sort() */
};

void cg_call_list_init(struct cg_call_list *calls, enum cg_order order, bool reverse);
void cg_call_list_add(struct cg_call_list *calls, const struct cg_dialog *dialog);

/* What is kept, in order; nothing is to be added after. */
void cg_call_list_sort(struct cg_call_list *calls);

#endif
