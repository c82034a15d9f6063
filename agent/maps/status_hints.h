/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Hints of `status` for the operator: possible false drops, and gateways missing from the list. */
#ifndef CG_MAPS_STATUS_HINTS_H
#define CG_MAPS_STATUS_HINTS_H

#include <stdbool.h>

#include "cseqguard.h"
#include "maps/runtime_dir.h"
#include "maps/share_most.h"

#define CG_STATUS_UAS_MAX 10 /* hosts listed */

struct cg_status_hints {
	char breaker[CG_RUNTIME_NOTE_MAX]; /* reason for the fallback to observe mode, or "" */
	struct {
		__u64 packets; /* number that enforce mode would have dropped */
		__u64 accepted, refused; /* BYEs of them, by the answer of the far end */
		bool all_byes; /* all packets are BYEs */
	} would_drop;
	struct cg_share_most most; /* who holds most of map dialogs */
	unsigned int n_uas;
	struct cg_status_uas {
		__u8 addr[16]; /* answered for another host and is in no --gateway prefix */
		__u64 count;
		__u64 last; /* CLOCK_BOOTTIME, ns */
	} uas[CG_STATUS_UAS_MAX]; /* the latest first */
};

/*
 * Reads the hints. Prints nothing. Returns 0, or -errno with *hints untouched if a map cannot be
 * opened or read.
 */
int cg_status_hints_read(const char *instance, struct cg_status_hints *hints);

#endif
