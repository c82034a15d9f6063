/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps of the daemon's instance, opened once, and the changes that the daemon makes to
 * `config`.
 */
#ifndef CG_MAPS_GUARD_MAPS_H
#define CG_MAPS_GUARD_MAPS_H

#include <stdbool.h>

#include "cseqguard.h"

struct cg_guard_maps {
	const char *instance;
	struct cg_config config; /* as last read */
	int config_fd, dialogs_fd, overflow_fd, pending_fd, branches_fd, shares_fd, usage_fd,
		gateways_fd, counters_fd, events_fd, alerts_fd;
	__u32 config_id; /* kernel id of `config`; a later attach makes a map with another id */
};

/*
 * Opens the maps. Returns 0, or -errno after it has logged the error. `instance` must outlive
 * `maps`.
 */
int cg_guard_maps_open(struct cg_guard_maps *maps, const char *instance);
void cg_guard_maps_close(struct cg_guard_maps *maps);

/* True if the pins are gone or belong to other maps: the instance was detached. */
bool cg_guard_maps_are_detached(const struct cg_guard_maps *maps);

/* Reads `config` again. Returns 0 or -errno. */
int cg_guard_maps_read_config(struct cg_guard_maps *maps);

struct cg_losses { /* sums over all CPUs */
	__u64 events, alerts; /* not sent, because the ring was full */
	__u64 unguarded; /* calls (and copies of their 2xx) for which `dialogs` had no room */
	__u64 unrecorded; /* those of them for which `overflow` had no room either */
};

/* Reads the loss counters. Returns 0 or -errno. */
int cg_guard_maps_read_losses(const struct cg_guard_maps *maps, struct cg_losses *losses);

/* Sets mode observe. Returns 0 or -errno. */
int cg_guard_maps_set_observe(struct cg_guard_maps *maps);

/*
 * If the wall clock was stepped by more than 100 ms, stores the new offset for the dialogs that
 * open from now on. The offset gets a clock number that is not set in the bitmask `in_use`. Returns
 * 1 if maps->config has changed, 0 if the clock was not stepped, or -errno; -ENOSPC: all numbers
 * are in use.
 */
int cg_guard_maps_update_clock(struct cg_guard_maps *maps, unsigned int in_use);

#endif
