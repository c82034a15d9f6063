// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/housekeeping.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/manager.h"
#include "maps/map_usage.h"
#include "postgres/stale_calls.h"
#include "util/clock.h"
#include "util/enum_names.h"
#include "util/log.h"
#include "util/text.h"

/* Logs at most once a minute: a full map stays full for a while. */
static void check_unguarded(struct cg_housekeeping *hk, __u64 unguarded, __u64 now)
{
	if (unguarded <= hk->unguarded || (hk->warned_at && now - hk->warned_at < 60 * CG_SECOND))
		return;
	cg_log_err("map dialogs is full: %llu more calls run unguarded (suspect "
		   "CDRs). " CG_USAGE_REMEDY,
		   (unsigned long long)(unguarded - hk->unguarded));
	hk->unguarded = unguarded;
	hk->warned_at = now;
}

/* A scan finds the dialogs whose events were lost. */
static void check_losses(struct cg_housekeeping *hk)
{
	const struct cg_losses last = hk->losses;
	struct cg_losses now;

	if (cg_guard_maps_read_losses(hk->guard, &now))
		return;
	hk->needs_scan |= now.events != last.events;
	if (hk->needs_scan && cg_map_scan_request(hk->scan, cg_boottime()))
		hk->needs_scan = false;
	if (now.alerts > last.alerts)
		cg_log_warning(
			"%llu violations were not recorded because ring `alerts` was full; the "
			"counters include them",
			(unsigned long long)(now.alerts - last.alerts));
	if (now.unrecorded > last.unrecorded)
		cg_log_err(
			"%llu calls have no CDR because maps dialogs and overflow were full (calls "
			"before this start included); bill them by the proxy's records",
			(unsigned long long)(now.unrecorded - last.unrecorded));
	check_unguarded(hk, now.unguarded, cg_boottime());
	hk->losses = now;
}

static void check_clock(struct cg_housekeeping *hk)
{
	unsigned int in_use = cg_tracker_clocks(hk->tracker);
	int err = cg_guard_maps_update_clock(hk->guard, in_use);

	if (err < 0 && err != hk->clock_error && !(err == -ENOSPC && in_use == ~0u))
		cg_log_warning(
			"the wall clock was stepped, but new calls cannot use the new time: %s",
			err == -ENOSPC ? "all clock numbers are in use by calls" : strerror(-err));
	if (err == 1)
		cg_log_notice("the wall clock was stepped: new calls use the new time, open calls "
			      "keep theirs");
	hk->clock_error = err < 0 ? err : 0;
	memcpy(hk->origin->clock_offset, hk->guard->config.clock_offset,
	       sizeof(hk->origin->clock_offset));
}

#define HEARTBEAT_NS (5 * CG_SECOND)

/* Should the host stop or the maps go now, the active calls ran until this moment. */
static void write_heartbeat(struct cg_housekeeping *hk)
{
	struct cg_heartbeat beat = { .instance = hk->guard->instance,
				     .at = cg_now_us(),
				     .maps_at = cg_stale_calls_maps_time(&hk->guard->config) };
	__u64 now = cg_boottime();

	if (hk->beat_at && now - hk->beat_at < HEARTBEAT_NS)
		return;
	memcpy(beat.node, hk->origin->node, sizeof(beat.node));
	cg_writer_beat(hk->writer, &beat);
	hk->beat_at = now;
}

#define RINGS_AGE_MAX (5 * CG_SECOND)

/* No watchdog message if the loop has not read the rings for too long: systemd then restarts it. */
static void report_to_manager(const struct cg_housekeeping *hk)
{
	const struct cg_guard_maps *guard = hk->guard;
	struct cg_writer_status spool;
	bool rings_polled = cg_rings_age(hk->rings, cg_boottime()) < RINGS_AGE_MAX;

	cg_writer_get_status(hk->writer, &spool);
	cg_manager_beat("%sSTATUS=instance %s, mode %s: %u dialogs%s%s",
			rings_polled ? "WATCHDOG=1\n" : "", guard->instance,
			cg_mode_name(guard->config.mode), cg_tracker_count(hk->tracker),
			spool.error ? "; spool: " : "", spool.error ? spool.error_text : "");
}

int cg_housekeeping_run(struct cg_housekeeping *hk)
{
	int err = cg_guard_maps_read_config(hk->guard);

	if (!err)
		check_clock(hk);
	check_losses(hk);
	write_heartbeat(hk);
	report_to_manager(hk);
	cg_log_poll();
	return err;
}
