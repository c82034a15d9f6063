/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's event loop is sd-event(3)'s; its sources are made with that API. The rules here:
 *
 * - A handler always returns 0. sd-event switches off a source whose handler returns an error.
 * - The rings come first (CG_PRIORITY_RINGS), but not twice in a row. All other sources take turns.
 * - Timers are made with cg_timer_add(), which sets their accuracy.
 */
#ifndef CG_UTIL_LOOP_H
#define CG_UTIL_LOOP_H

#include <linux/types.h>
#include <systemd/sd-event.h>

#define CG_PRIORITY_RINGS SD_EVENT_PRIORITY_IMPORTANT

/*
 * Waits up to timeout_ms (-1: no limit) and handles what is ready, 16 events at most. 0 or -errno.
 */
int cg_loop_run(sd_event *loop, int timeout_ms);

/* Returns the longest time that one handler ran since the last call, in ns. */
__u64 cg_loop_longest(void);

/* Makes a timer on CLOCK_BOOTTIME, not set yet. 0 or -errno. */
int cg_timer_add(sd_event *loop, sd_event_source **timer, sd_event_time_handler_t handler,
		 void *ctx);

/* Fires once, `ns` after the start of the running handler (0: not at all). */
void cg_timer_set(sd_event_source *timer, __u64 ns);

#endif
