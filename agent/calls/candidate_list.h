/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The dialogs with the oldest candidate ends among all that were added. Bounded; no maps, no clock.
 */
#ifndef CG_CALLS_CANDIDATE_LIST_H
#define CG_CALLS_CANDIDATE_LIST_H

#include "cseqguard.h"

#define CG_CANDIDATES_MAX 4096

struct cg_candidate {
	__u64 at; /* CLOCK_BOOTTIME, ns */
	struct cg_dialog_key key;
};

struct cg_candidate_list {
	unsigned int count;
	struct cg_candidate items[CG_CANDIDATES_MAX]; /* a heap, the youngest first, until sorted */
};

/* Adds a candidate. If the list is full, the youngest is forgotten. */
void cg_candidate_list_add(struct cg_candidate_list *list, const struct cg_dialog_key *key,
			   __u64 at);

/* Sorts the list, the oldest first. Clear it (count = 0) before the next add. */
void cg_candidate_list_sort(struct cg_candidate_list *list);

#endif
