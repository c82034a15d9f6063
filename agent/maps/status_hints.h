/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What `status` tells an operator to look into: false drops in sight, gateways that are not named. */
#ifndef CG_MAPS_STATUS_HINTS_H
#define CG_MAPS_STATUS_HINTS_H

#include <stdbool.h>

#include "cseqguard.h"
#include "maps/runtime_dir.h"

#define CG_STATUS_UAS_MAX 10 /* so many are named, the latest first */

struct cg_status_hints {
	char breaker[CG_RUNTIME_NOTE_MAX]; /* why the daemon fell back to observe mode; or "" */
	struct {
		__u64 packets; /* that enforce mode would have dropped */
		__u64 accepted, refused; /* BYEs among them, by the far end */
		bool all_byes;
	} would_drop;
	unsigned int n_uas;
	struct cg_status_uas {
		__u8 addr[16]; /* answered for another, and is under no --gateway */
		__u64 count, last; /* CLOCK_BOOTTIME, ns */
	} uas[CG_STATUS_UAS_MAX];
};

/* 0, or -errno of a map that did not open or was not read; advice untouched. Nothing prints. */
int cg_status_hints_read(const char *instance, struct cg_status_hints *advice);

#endif
