/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The maps of the instance that the daemon serves, opened once; and its numbered clock offsets. */
#ifndef CG_MAPS_GUARD_MAPS_H
#define CG_MAPS_GUARD_MAPS_H

#include <stdbool.h>

#include "cseqguard.h"

struct cg_guard_maps {
	const char *instance;
	struct cg_config config; /* as last read */
	int config_fd, dialogs_fd, overflow_fd, pending_fd, counters_fd, events_fd, alerts_fd;
	__u32 config_id; /* of the kernel: a map pinned anew has another */
};

/* 0, or -errno with the error logged; instance must outlive it. */
int cg_guard_maps_open(struct cg_guard_maps *guard, const char *instance);
void cg_guard_maps_close(struct cg_guard_maps *guard);

/* True if the pins are gone, or another's: this instance was detached. */
bool cg_guard_maps_are_detached(const struct cg_guard_maps *guard);

int cg_guard_maps_read_config(struct cg_guard_maps *guard);

struct cg_losses { /* sums over all CPUs */
	__u64 events, alerts; /* rings full */
	__u64 unguarded; /* calls, with copies of their 2xx: dialogs full */
	__u64 unrecorded; /* ... and overflow */
};

/* 0 or -errno. */
int cg_guard_maps_read_losses(const struct cg_guard_maps *guard, struct cg_losses *losses);

/* Sets mode observe. 0 or -errno. */
int cg_guard_maps_set_observe(struct cg_guard_maps *guard);

/*
 * Where the wall clock was stepped by more than 100 ms: writes the new offset under a number that
 * is not in `in_use` (a bit each), for dialogs born from now on. 1: done, guard->config is anew; 0:
 * not needed; or -errno: -ENOSPC all numbers are in use.
 */
int cg_guard_maps_update_clock(struct cg_guard_maps *guard, unsigned int in_use);

#endif
