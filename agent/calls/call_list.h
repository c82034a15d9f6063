/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The first dialogs of a map in some order, and the number of dialogs: a bounded list for a screen.
 * No I/O, no clock.
 */
#ifndef CG_CALLS_CALL_LIST_H
#define CG_CALLS_CALL_LIST_H

#include <stdbool.h>

#include "cseqguard.h"

#define CG_CALL_LIST_MAX 1024

/* X(NAME, word, key): `key` selects the order in `top` */
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
	enum cg_order order; /* age: oldest first; blocked: most first; others: ascending */
	bool reverse;
	unsigned int n;
	__u32 live; /* dialogs added that have not ended */
	__u32 ended; /* dialogs added that have ended but are still in the map */
	struct cg_dialog list[CG_CALL_LIST_MAX]; /* live ones; in order after cg_call_list_sort() */
};

void cg_call_list_init(struct cg_call_list *list, enum cg_order order, bool reverse);
/* Counts the dialog, and keeps a copy if it is live and among the first CG_CALL_LIST_MAX. */
void cg_call_list_add(struct cg_call_list *list, const struct cg_dialog *dialog);

/* Sorts the list. Nothing may be added afterwards. */
void cg_call_list_sort(struct cg_call_list *list);

#endif
