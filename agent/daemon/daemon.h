/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The state of a running daemon. start.c creates and frees it, watch.c handles its events. */
#ifndef CG_DAEMON_DAEMON_H
#define CG_DAEMON_DAEMON_H

#include <systemd/sd-event.h>

#include "config/options.h"
#include "ctl/ctl_server.h"
#include "daemon/breaker_action.h"
#include "daemon/closing.h"
#include "daemon/housekeeping.h"
#include "daemon/reload.h"
#include "daemon/settings_keeper.h"
#include "daemon/stale_rows.h"
#include "http/listener.h"
#include "http/routes.h"
#include "ingest/event_router.h"
#include "ingest/map_scan.h"
#include "ingest/rings.h"
#include "maps/guard_maps.h"
#include "postgres/ship.h"
#include "util/clock.h"
#include "util/exit.h"

#define CG_STOP_NS (5 * CG_SECOND) /* time to wait for disk and server before the exit */

#define CG_STOP_NOW 1 /* in stop_at */

struct cg_daemon {
	struct cg_daemon_options options;
	struct cg_guard_maps guard;
	struct cg_origin origin;
	sd_event *loop;
	int lock_fd;
	struct cg_event_router router;
	struct cg_breaker_action breaker_action;
	struct cg_settings_keeper keeper;
	struct cg_writer *writer;
	struct cg_violations violations;
	struct cg_totals totals;
	struct cg_tracker *tracker;
	struct cg_overflow *overflow;
	struct cg_map_scan *scan;
	struct cg_rings *rings;
	struct cg_recent *recent;
	struct cg_ctl_server *server;
	struct cg_ship *ship; /* NULL: no --db */
	struct cg_hep_input *hep; /* NULL: no --hep */
	struct cg_pair *pair; /* NULL: no --pair */
	__u64 beat_ns; /* between two beats */
	int spool_error; /* the last one logged; 0: none */
	unsigned int spool_generation; /* of the last file that was handled */
	struct cg_housekeeping housekeeping;
	struct cg_stale_rows stale_rows;
	struct cg_reload reload;
	struct cg_routes routes;
	struct cg_http *http; /* NULL: no --http */
	__u64 stop_at; /* CLOCK_BOOTTIME, ns; 0: running */
	bool signalled; /* a signal asked for the stop */
	struct cg_closing closing;
	int exit_code; /* CG_DONE or CG_FAILED */
};

/* Opens and starts all parts. Every error is logged. 0 or -errno. */
int cg_daemon_start(struct cg_daemon *d);

/* Starts the pair, if there is one, once the tracker is there (pair_updates.c). 0 or -errno, logged. */
int cg_daemon_start_pair(struct cg_daemon *d);

/* Adds its sources to the loop, as the last step of a start. 0 or -errno. */
int cg_daemon_watch(struct cg_daemon *d);

/* Stops and frees all parts. */
void cg_daemon_finish(struct cg_daemon *d);

#endif
