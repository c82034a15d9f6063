// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Creates the parts of the daemon and connects them; stops and frees them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/totals_note.h"
#include "maps/runtime_dir.h"
#include "pair/pair_note.h"
#include "util/clock.h"
#include "util/ifname.h"
#include "util/log.h"
#include "util/text.h"

#define LOCK_NS (2 * CG_SECOND)

/* Sets node and clock offsets of the rows, and opens the namespace for interface names. */
static int set_origin(struct cg_daemon *d)
{
	size_t len = strlen(d->options.node);

	cg_text_escape(d->origin.node, sizeof(d->origin.node), d->options.node, len);
	memcpy(d->origin.clock_offset, d->guard.config.clock_offset,
	       sizeof(d->origin.clock_offset));
	d->router.ifname_fd = cg_ifname_open(d->options.netns);
	if (d->router.ifname_fd < 0)
		cg_log_err("--netns %s: cannot open: %s", d->options.netns ? d->options.netns : "",
			   strerror(-d->router.ifname_fd));
	return d->router.ifname_fd < 0 ? d->router.ifname_fd : 0;
}

/* Waits for the lock: the last thread of a daemon that was just killed may hold it during an fsync. */
static int lock_rings(struct cg_daemon *d)
{
	__u64 until = cg_boottime() + LOCK_NS;

	while ((d->lock_fd = cg_runtime_lock_rings(d->options.instance)) == -EWOULDBLOCK &&
	       cg_boottime() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	if (d->lock_fd == -EWOULDBLOCK)
		cg_log_err("instance %s: another cseqguardd runs for it; end it first",
			   d->options.instance);
	else if (d->lock_fd < 0)
		cg_log_err("instance %s: cannot lock its rings: %s", d->options.instance,
			   strerror(-d->lock_fd));
	return d->lock_fd < 0 ? d->lock_fd : 0;
}

static int open_store(struct cg_daemon *d)
{
	char why[256];
	int err;

	if (cg_state_dir_has(d->options.spool))
		cg_state_mkdir(); /* if this fails, the writer reports it */
	err = cg_writer_start(d->options.spool, &d->writer, why, sizeof(why));
	if (err)
		cg_log_err("spool %s: cannot open: %s; name a writable file with --spool",
			   d->options.spool, why);
	d->reload.writer = d->writer;
	return err ? err : cg_reload_ship(&d->reload);
}

/* For `detach -a` without a daemon. */
static void write_notes(const struct cg_daemon *d)
{
	char path[PATH_MAX];

	if (realpath(d->options.spool, path) && strlen(path) < CG_RUNTIME_NOTE_MAX)
		cg_runtime_note_write(d->options.instance, CG_RUNTIME_SPOOL, path);
	cg_runtime_note_write(d->options.instance, CG_RUNTIME_NODE, d->origin.node);
}

static int start_router(struct cg_daemon *d)
{
	const struct cg_rings_sources sources = { .events_fd = d->guard.events_fd,
						  .alerts_fd = d->guard.alerts_fd,
						  .alerts = d->violations.alerts };
	const struct cg_rings_callbacks callbacks = {
		.has_space = cg_event_router_has_space,
		.handle = cg_event_router_handle,
		.batch_done = cg_event_router_finish_batch,
		.ctx = &d->router,
	};
	int err;

	d->router.server = d->server;
	d->router.recent = d->recent;
	d->router.writer = d->writer;
	d->router.violations = &d->violations;
	d->router.tracker = d->tracker;
	d->router.overflow = d->overflow;
	d->router.origin = &d->origin;
	d->router.config = &d->guard.config;
	d->router.dialogs_fd = d->guard.dialogs_fd;
	err = cg_event_router_start(&d->router, d->options.limits.bye_timeout);
	if (!err)
		err = cg_reload_homer(&d->reload);
	if (!err)
		err = cg_rings_new(d->loop, &sources, &callbacks, &d->rings);
	return err;
}

/* What each beat does. */
static void start_beats(struct cg_daemon *d)
{
	cg_settings_keeper_start(&d->keeper, d->options.instance, &d->guard.config);
	d->breaker_action = (struct cg_breaker_action){ .breaker = &d->options.breaker,
							.guard = &d->guard,
							.keeper = &d->keeper,
							.writer = d->writer,
							.origin = &d->origin };
	d->housekeeping = (struct cg_housekeeping){ .guard = &d->guard,
						    .origin = &d->origin,
						    .writer = d->writer,
						    .tracker = d->tracker,
						    .scan = d->scan,
						    .rings = d->rings };
	d->stale_rows = (struct cg_stale_rows){ .guard = &d->guard,
						.limits = &d->options.limits,
						.scan = d->scan,
						.ship = &d->ship,
						.pair = &d->pair,
						.spool = d->options.spool,
						.calls = d->stale_rows.calls };
	d->stale_rows.calls.instance = d->guard.instance;
	d->closing = (struct cg_closing){ .guard = &d->guard,
					  .limits = &d->options.limits,
					  .scan = d->scan,
					  .rings = d->rings,
					  .writer = d->writer,
					  .violations = &d->violations };
	cg_breaker_reset(&d->options.breaker, cg_boottime());
}

static int start_http(struct cg_daemon *d)
{
	d->routes.view = (struct cg_daemon_view){ .guard = &d->guard,
						  .origin = &d->origin,
						  .writer = d->writer,
						  .tracker = d->tracker,
						  .scan = d->scan,
						  .rings = &d->rings,
						  .totals = &d->totals,
						  .ship = &d->ship,
						  .hep = &d->hep,
						  .pair = &d->pair,
						  .recent = d->recent,
						  .spool = d->options.spool,
						  .http_name = d->options.http_name,
						  .started_us = cg_now_us() };
	if (!d->options.http)
		return 0;
	return cg_http_new(d->loop, d->options.http, cg_routes_answer, &d->routes, &d->http);
}

/* Creates the parts that turn dialogs into rows. 0 or -ENOMEM. */
static int create_ingest(struct cg_daemon *d)
{
	const struct cg_limits *limits = &d->options.limits;

	int err = cg_violations_start(&d->violations, &d->guard, d->writer, d->options.spool,
				      d->origin.node);

	if (err)
		return err;
	d->tracker = cg_tracker_new(&d->guard, &d->violations, limits, &d->origin,
				    &d->options.breaker, &d->totals);
	d->overflow = cg_overflow_new(d->guard.overflow_fd, d->writer, limits, &d->origin);
	d->recent = cg_recent_new();
	if (!d->tracker || !d->overflow || !d->recent)
		return -ENOMEM;
	d->scan = cg_map_scan_new(&d->guard, d->tracker, d->overflow, limits);
	if (!d->scan)
		return -ENOMEM;
	cg_tracker_set_recent(d->tracker, d->recent);
	return 0;
}

static void load_totals(struct cg_daemon *d)
{
	if (cg_totals_note_load(&d->totals, d->options.instance, d->guard.config_id))
		cg_log_notice("instance %s: cannot read its note of totals; they start at 0",
			      d->options.instance);
}

int cg_daemon_start(struct cg_daemon *d)
{
	int err = cg_guard_maps_open(&d->guard, d->options.instance);

	if (err)
		goto out;
	err = lock_rings(d);
	if (err)
		goto out;
	err = set_origin(d);
	if (err)
		goto out;
	err = sd_event_new(&d->loop);
	if (err < 0)
		goto out;
	d->reload.loop = d->loop;
	err = open_store(d);
	if (err)
		goto out;
	load_totals(d);
	write_notes(d);
	err = create_ingest(d);
	if (err)
		goto out;
	err = cg_ctl_server_new(d->loop, d->options.instance, d->recent, &d->server);
	if (err)
		goto out;
	err = start_http(d);
	if (err)
		goto out;
	err = start_router(d);
	if (err)
		goto out;
	err = cg_reload_hep(&d->reload);
	if (err)
		goto out;
	err = cg_daemon_start_pair(d);
	if (err)
		goto out;
	start_beats(d);
	err = cg_daemon_watch(d);
out:
	return err;
}

void cg_daemon_finish(struct cg_daemon *d)
{
	cg_hep_input_free(d->hep);
	if (d->tracker)
		cg_tracker_set_pair(d->tracker, NULL);
	cg_pair_free(d->pair);
	cg_rings_free(d->rings);
	cg_event_router_stop(&d->router);
	cg_ship_free(d->ship);
	cg_stale_rows_finish(&d->stale_rows);
	cg_writer_stop(d->writer);
	if (d->keeper.instance)
		cg_settings_keeper_finish(&d->keeper);
	cg_pair_note_remove(d->options.instance);
	if (!d->routes.view.detached) /* else the folder of the note was removed */
		cg_totals_note_save(&d->totals, d->options.instance, d->guard.config_id);
	cg_http_free(d->http);
	free(d->routes.state);
	cg_ctl_server_free(d->server);
	cg_map_scan_free(d->scan);
	cg_overflow_free(d->overflow);
	cg_tracker_free(d->tracker);
	cg_violations_stop(&d->violations);
	cg_recent_free(d->recent);
	cg_guard_maps_close(&d->guard);
	sd_event_unref(d->loop);
	close(d->lock_fd);
}
