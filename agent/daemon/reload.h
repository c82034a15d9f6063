/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * SIGHUP reads command line and file again, and applies all changes that are possible in a running
 * daemon between two turns of the event loop. If the file has an error, no setting changes.
 */
#ifndef CG_DAEMON_RELOAD_H
#define CG_DAEMON_RELOAD_H

#include <systemd/sd-event.h>

#include "config/options.h"
#include "hep/hep_input.h"
#include "ingest/event_router.h"
#include "pair/pair.h"
#include "postgres/ship.h"

struct cg_reload { /* owns none of its pointers */
	int argc;
	char **argv;
	sd_event *loop;
	sd_event_source *scan_timer;
	struct cg_daemon_options *options; /* other parts read limits and breaker from here */
	struct cg_event_router *router; /* with its homer */
	struct cg_hep_input **hep;
	struct cg_pair **pair;
	struct cg_pair_callbacks pair_callbacks;
	struct cg_tracker *tracker;
	const char *node; /* as in the rows */
	const struct cg_guard_maps *guard;
	struct cg_ship **ship;
	struct cg_writer *writer;
	struct cg_stale_calls *stale;
};

void cg_reload_run(const struct cg_reload *reload);

/* Used at the start and after a change. Each replaces the log, Homer, the listener for HEP,
 * the pair or the shipper by the options. */
void cg_reload_log(const struct cg_daemon_options *options);
int cg_reload_homer(const struct cg_reload *reload); /* 0 or -errno, logged */
int cg_reload_hep(const struct cg_reload *reload); /* likewise */
int cg_reload_pair(const struct cg_reload *reload); /* likewise */
int cg_reload_ship(const struct cg_reload *reload); /* likewise */

#endif
