// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/breaker_action.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "calls/violation_row.h"
#include "maps/runtime_dir.h"
#include "util/clock.h"
#include "util/log.h"

static void set_observe(struct cg_breaker_action *action, const struct cg_breaker_count *count,
			__u64 now)
{
	const char *instance = action->guard->instance;
	struct cg_violation_row row;
	char note[CG_RUNTIME_NOTE_MAX];
	int err = cg_guard_maps_set_observe(action->guard);

	snprintf(note, sizeof(note),
		 "BYEs of %llu among %llu dialogs were dropped within %llu s, more than %llu %%",
		 (unsigned long long)count->blocked, (unsigned long long)count->judged,
		 (unsigned long long)(action->breaker->window / CG_SECOND),
		 (unsigned long long)action->breaker->percent);
	if (err && err != action->error)
		cg_log_err("BREAKER: %s; cannot set observe mode: %s; trying again", note,
			   err == -EWOULDBLOCK ? "another process holds the lock of the pins"
					       : strerror(-err));
	action->error = err;
	if (err)
		return;
	action->enforced = false;
	cg_log_err("BREAKER: %s; mode changed from enforce to observe; when the cause is removed: "
		   "cseqguard set mode=enforce",
		   note);
	cg_violation_fill_breaker(now, action->guard->config.clock, action->origin, &row);
	cg_writer_put(action->writer, CG_TABLE_VIOLATION, &row);
	cg_settings_keeper_trip(action->keeper, note);
	err = cg_runtime_note_write(instance, CG_RUNTIME_BREAKER, note);
	if (err)
		cg_log_warning("breaker: cannot write the note for `cseqguard status`: %s",
			       strerror(-err));
}

void cg_breaker_action_poll(struct cg_breaker_action *action, __u64 now)
{
	bool enforced = action->guard->config.mode == CG_ENFORCE;
	struct cg_breaker_count count;

	if (enforced && !action->enforced)
		cg_breaker_reset(action->breaker, now); /* dialogs of observe mode do not count */
	action->enforced = enforced;
	if (enforced && cg_breaker_should_trip(action->breaker, now, &count))
		set_observe(action, &count, now);
}
