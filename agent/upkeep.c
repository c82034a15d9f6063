// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "upkeep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "notify.h"
#include "words.h"

/* A dialog whose event was lost is in the map: the sweep finds it. */
static void check_losses(struct cg_upkeep *upkeep)
{
	__u64 events = upkeep->events_lost, alerts = upkeep->alerts_lost;

	if (cg_guard_lost(upkeep->guard, &events, &alerts))
		return;
	if (events != upkeep->events_lost)
		cg_sweep_start(upkeep->sweep);
	if (alerts > upkeep->alerts_lost)
		cg_log("%llu violations were not recorded: ring `alerts` was full (their counters "
		       "are exact)",
		       (unsigned long long)(alerts - upkeep->alerts_lost));
	upkeep->events_lost = events;
	upkeep->alerts_lost = alerts;
}

static void check_clock(struct cg_upkeep *upkeep)
{
	unsigned int in_use = cg_track_clocks(upkeep->track);
	int err = cg_guard_follow_clock(upkeep->guard, in_use);

	if (err < 0 && err != upkeep->clock_error && !(err == -ENOSPC && in_use == ~0u))
		cg_log("the wall clock was stepped, new calls cannot follow it: %s",
		       err == -ENOSPC ? "all clock numbers are used by live calls"
				      : strerror(-err));
	if (err == 1)
		cg_log("the wall clock was stepped: calls from now on follow it, running ones keep "
		       "theirs");
	upkeep->clock_error = err < 0 ? err : 0;
	memcpy(upkeep->origin->clock_offset, upkeep->guard->config.clock_offset,
	       sizeof(upkeep->origin->clock_offset));
}

static void tell_manager(const struct cg_upkeep *upkeep)
{
	const struct cg_guard *guard = upkeep->guard;
	struct cg_writer_status spool;
	char text[400];

	cg_writer_status(upkeep->writer, &spool);
	snprintf(text, sizeof(text), "instance %s, mode %s: %u dialogs%s%s", guard->instance,
		 cg_mode_word(guard->config.mode), cg_track_count(upkeep->track),
		 spool.error ? "; spool: " : "", spool.error ? spool.why : "");
	cg_notify_beat(text);
}

int cg_upkeep(struct cg_upkeep *upkeep)
{
	int err = cg_guard_read_config(upkeep->guard);

	if (!err)
		check_clock(upkeep);
	check_losses(upkeep);
	tell_manager(upkeep);
	return err;
}
