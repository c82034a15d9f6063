// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/housekeeping.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "maps/map_usage.h"
#include "util/clock.h"
#include "util/enum_names.h"
#include "util/log.h"
#include "util/notify.h"

/* A line a minute: a full map stays full for a while. */
static void check_unguarded(struct cg_housekeeping *upkeep, __u64 unguarded, __u64 now)
{
	if (unguarded <= upkeep->unguarded ||
	    (upkeep->told_at && now - upkeep->told_at < 60 * CG_SECOND))
		return;
	cg_log_err("map dialogs is full: %llu more calls run unguarded, their CDRs are "
		   "suspect; " CG_USAGE_REMEDY,
		   (unsigned long long)(unguarded - upkeep->unguarded));
	upkeep->unguarded = unguarded;
	upkeep->told_at = now;
}

/* A dialog whose event was lost is in the map: the sweep finds it. */
static void check_losses(struct cg_housekeeping *upkeep)
{
	const struct cg_losses last = upkeep->losses;
	struct cg_losses now;

	if (cg_guard_maps_read_losses(upkeep->guard, &now))
		return;
	upkeep->behind |= now.events != last.events;
	if (upkeep->behind && cg_map_scan_request(upkeep->sweep, cg_boottime()))
		upkeep->behind = false;
	if (now.alerts > last.alerts)
		cg_log_warning(
			"%llu violations were not recorded: ring `alerts` was full (their counters "
			"are exact)",
			(unsigned long long)(now.alerts - last.alerts));
	if (now.unrecorded > last.unrecorded)
		cg_log_err("%llu calls have no CDR: maps dialogs and overflow were full (those of "
			   "before this start included); their bill is the proxy's own",
			   (unsigned long long)(now.unrecorded - last.unrecorded));
	check_unguarded(upkeep, now.unguarded, cg_boottime());
	upkeep->losses = now;
}

static void check_clock(struct cg_housekeeping *upkeep)
{
	unsigned int in_use = cg_tracker_clocks(upkeep->tracker);
	int err = cg_guard_maps_update_clock(upkeep->guard, in_use);

	if (err < 0 && err != upkeep->clock_error && !(err == -ENOSPC && in_use == ~0u))
		cg_log_warning("the wall clock was stepped, new calls cannot follow it: %s",
			       err == -ENOSPC ? "all clock numbers are used by live calls"
					      : strerror(-err));
	if (err == 1)
		cg_log_notice("the wall clock was stepped: calls from now on follow it, running "
			      "ones keep "
			      "theirs");
	upkeep->clock_error = err < 0 ? err : 0;
	memcpy(upkeep->origin->clock_offset, upkeep->guard->config.clock_offset,
	       sizeof(upkeep->origin->clock_offset));
}

static void tell_manager(const struct cg_housekeeping *upkeep)
{
	const struct cg_guard_maps *guard = upkeep->guard;
	struct cg_writer_status spool;
	char text[400];

	cg_writer_get_status(upkeep->writer, &spool);
	snprintf(text, sizeof(text), "instance %s, mode %s: %u dialogs%s%s", guard->instance,
		 cg_mode_name(guard->config.mode), cg_tracker_count(upkeep->tracker),
		 spool.error ? "; spool: " : "", spool.error ? spool.error_text : "");
	cg_notify_watchdog(text);
}

int cg_housekeeping_run(struct cg_housekeeping *upkeep)
{
	int err = cg_guard_maps_read_config(upkeep->guard);

	if (!err)
		check_clock(upkeep);
	check_losses(upkeep);
	tell_manager(upkeep);
	return err;
}
