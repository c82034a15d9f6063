/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sets observe mode when the breaker trips in enforce mode. It logs an error, records a violation
 * `breaker`, writes a note that `cseqguard status` shows until an operator sets the mode, and keeps
 * the mode on disk.
 */
#ifndef CG_DAEMON_BREAKER_ACTION_H
#define CG_DAEMON_BREAKER_ACTION_H

#include "daemon/settings_keeper.h"
#include "maps/guard_maps.h"
#include "spool/writer.h"
#include "stats/breaker.h"

struct cg_breaker_action {
	struct cg_breaker *breaker;
	struct cg_guard_maps *guard;
	struct cg_settings_keeper *keeper;
	struct cg_writer *writer;
	const struct cg_origin *origin;
	bool enforced; /* at the last poll */
	int error; /* the last one logged; 0: none */
};

/* Call each second, after guard->config was read. now: CLOCK_BOOTTIME, ns. */
void cg_breaker_action_poll(struct cg_breaker_action *action, __u64 now);

#endif
