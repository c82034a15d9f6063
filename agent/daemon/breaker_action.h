/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From enforce back to observe, loudly, when the breaker trips: a line in the log, a row `breaker`
 * among the violations, and a note that `cseqguard status` shows until the mode is set by hand.
 */
#ifndef CG_DAEMON_BREAKER_ACTION_H
#define CG_DAEMON_BREAKER_ACTION_H

#include "maps/guard_maps.h"
#include "spool/writer.h"
#include "stats/breaker.h"

struct cg_breaker_action {
	struct cg_breaker *breaker;
	struct cg_guard_maps *guard;
	struct cg_writer *writer;
	const struct cg_origin *origin;
	bool enforced; /* at the last look */
};

/* Each second, guard->config freshly read. now: CLOCK_BOOTTIME, ns. */
void cg_breaker_action_poll(struct cg_breaker_action *fallback, __u64 now);

#endif
