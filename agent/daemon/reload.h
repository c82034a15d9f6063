/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * SIGHUP: command line and file are read once more, and what may change is taken over between two
 * turns of the loop, all of it at once. A file with an error changes nothing.
 */
#ifndef CG_DAEMON_RELOAD_H
#define CG_DAEMON_RELOAD_H

#include "config/options.h"
#include "ingest/event_router.h"
#include "postgres/ship.h"

struct cg_reload { /* all pointers are others' */
	int argc;
	char **argv;
	int loop, sweep_timer;
	struct cg_daemon_options *options; /* limits and breaker are used in there */
	struct cg_event_router *intake; /* with its homer */
	struct cg_ship **ship;
	struct cg_writer *writer;
	const struct cg_origin *origin;
};

void cg_reload_run(const struct cg_reload *reload);

/* At a start, and after a change: what the options name takes the place of what was there. */
void cg_reload_log(const struct cg_daemon_options *options);
int cg_reload_homer(const struct cg_reload *reload); /* 0 or -errno, logged */
int cg_reload_ship(const struct cg_reload *reload); /* likewise */

#endif
