// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/breaker_action.h"

#include <stdio.h>
#include <string.h>

#include "calls/cdr.h"
#include "maps/runtime_dir.h"
#include "util/clock.h"
#include "util/log.h"

static void fall_back(struct cg_breaker_action *fallback, const struct cg_breaker_count *count,
		      __u64 now)
{
	const char *instance = fallback->guard->instance;
	struct cg_violation_row row;
	char note[CG_RUNTIME_NOTE_MAX];
	int err = cg_guard_maps_set_observe(fallback->guard);

	snprintf(note, sizeof(note),
		 "BYEs of %llu among %llu dialogs were dropped within %llu s, more than %llu %%",
		 (unsigned long long)count->blocked, (unsigned long long)count->judged,
		 (unsigned long long)(fallback->breaker->window / CG_SECOND),
		 (unsigned long long)fallback->breaker->percent);
	if (err) {
		cg_log_err("BREAKER: %s, but observe mode cannot be set: %s; trying again", note,
			   strerror(-err));
		return;
	}
	fallback->enforced = false;
	cg_log_err("BREAKER: %s: fell back from enforce to observe; when that is put right: "
		   "cseqguard set mode=enforce",
		   note);
	cg_cdr_fill_breaker(now, fallback->guard->config.clock, fallback->origin, &row);
	cg_writer_put(fallback->writer, CG_TABLE_VIOLATION, &row);
	err = cg_runtime_note_write(instance, CG_RUNTIME_BREAKER, note);
	if (err)
		cg_log_warning("breaker: no note for `cseqguard status`: %s", strerror(-err));
}

void cg_breaker_action_poll(struct cg_breaker_action *fallback, __u64 now)
{
	bool enforced = fallback->guard->config.mode == CG_ENFORCE;
	struct cg_breaker_count count;

	if (enforced && !fallback->enforced)
		cg_breaker_reset(fallback->breaker, now); /* observed ones were no false drops */
	fallback->enforced = enforced;
	if (enforced && cg_breaker_should_trip(fallback->breaker, now, &count))
		fall_back(fallback, &count, now);
}
