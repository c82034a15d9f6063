// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a start of the daemon makes, and how its parts are wired. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/totals_note.h"
#include "maps/runtime_dir.h"
#include "postgres/stale_calls.h"
#include "util/clock.h"
#include "util/ifname.h"
#include "util/log.h"
#include "util/text.h"

#define LOCK_NS (2 * CG_SECOND)

static int make_origin(struct cg_daemon *d)
{
	size_t len = strlen(d->options.node);

	cg_text_escape(d->origin.node, sizeof(d->origin.node), d->options.node, len);
	memcpy(d->origin.clock_offset, d->guard.config.clock_offset,
	       sizeof(d->origin.clock_offset));
	d->intake.ifname_fd = cg_ifname_open(d->options.netns);
	if (d->intake.ifname_fd < 0)
		cg_log_err("--netns %s: %s", d->options.netns ? d->options.netns : "",
			   strerror(-d->intake.ifname_fd));
	return d->intake.ifname_fd < 0 ? d->intake.ifname_fd : 0;
}

/* The last thread of a daemon that was just killed may still be in its fsync, and hold the lock. */
static int take_lock(struct cg_daemon *d)
{
	__u64 until = cg_boottime() + LOCK_NS;

	while ((d->lock_fd = cg_runtime_lock_rings(d->options.instance)) == -EWOULDBLOCK &&
	       cg_boottime() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	if (d->lock_fd == -EWOULDBLOCK)
		cg_log_err("instance %s: its rings are being read already (another cseqguardd, or "
			   "`cseqguard events`): end that first",
			   d->options.instance);
	else if (d->lock_fd < 0)
		cg_log_err("instance %s: cannot lock its rings: %s", d->options.instance,
			   strerror(-d->lock_fd));
	return d->lock_fd < 0 ? d->lock_fd : 0;
}

static int open_store(struct cg_daemon *d)
{
	char why[256];
	int err, lost;

	if (!strncmp(d->options.spool, CG_SPOOL_DIR "/", sizeof(CG_SPOOL_DIR)))
		mkdir(CG_SPOOL_DIR, 0750); /* if that fails, so does the next line, with a word */
	err = cg_writer_start(d->options.spool, &d->writer, why, sizeof(why));
	if (err)
		cg_log_err("cannot open spool %s: %s; name a writable place with --spool",
			   d->options.spool, why);
	lost = err ? 0 : cg_stale_calls_close(d->options.spool, &d->origin);
	if (lost > 0)
		cg_log_warning("spool %s: %d calls from before this boot were open: closed as "
			       "reboot, suspect",
			       d->options.spool, lost);
	d->reload.writer = d->writer;
	return err ? err : cg_reload_ship(&d->reload);
}

static int start_intake(struct cg_daemon *d)
{
	const struct cg_rings_callbacks user = { cg_event_router_handle,
						 cg_event_router_finish_batch, &d->intake };
	int err;

	d->fallback = (struct cg_breaker_action){ .breaker = &d->options.breaker,
						  .guard = &d->guard,
						  .writer = d->writer,
						  .origin = &d->origin };
	d->upkeep = (struct cg_housekeeping){ .guard = &d->guard,
					      .origin = &d->origin,
					      .writer = d->writer,
					      .tracker = d->tracker,
					      .sweep = d->sweep };
	cg_breaker_reset(&d->options.breaker, cg_boottime());
	d->intake.server = d->server;
	d->intake.recent = d->recent;
	d->intake.writer = d->writer;
	d->intake.tracker = d->tracker;
	d->intake.overflow = d->overflow;
	d->intake.origin = &d->origin;
	d->intake.config = &d->guard.config;
	d->intake.dialogs_fd = d->guard.dialogs_fd;
	err = cg_event_router_start(&d->intake, d->options.limits.bye_timeout);
	err = err ? err : cg_reload_homer(&d->reload);
	if (err)
		return err;
	err = cg_rings_new(d->loop, d->guard.events_fd, d->guard.alerts_fd, &user, &d->rings);
	d->upkeep.rings = d->rings;
	return err;
}

static int start_http(struct cg_daemon *d)
{
	d->web.view = (struct cg_daemon_view){ .guard = &d->guard,
					       .origin = &d->origin,
					       .writer = d->writer,
					       .tracker = d->tracker,
					       .sweep = d->sweep,
					       .totals = &d->totals,
					       .ship = &d->ship,
					       .recent = d->recent,
					       .spool = d->options.spool,
					       .http_name = d->options.http_name,
					       .started_us = cg_now_us() };
	if (!d->options.http)
		return 0;
	return cg_http_new(d->loop, d->options.http, cg_routes_answer, &d->web, &d->http);
}

int cg_daemon_start(struct cg_daemon *d)
{
	int err = cg_guard_maps_open(&d->guard, d->options.instance);

	if (!err)
		err = take_lock(d);
	if (!err)
		err = make_origin(d);
	if (!err)
		err = sd_event_new(&d->loop);
	if (err < 0)
		return err;
	d->reload.loop = d->loop;
	err = open_store(d);
	if (err)
		return err;
	if (cg_totals_note_load(&d->totals, d->options.instance, d->guard.config_id))
		cg_log_notice("instance %s: its note of totals cannot be read: they start anew",
			      d->options.instance);
	d->tracker =
		cg_tracker_new(d->guard.config.max_dialogs, d->guard.dialogs_fd, d->writer,
			       &d->options.limits, &d->origin, &d->options.breaker, &d->totals);
	d->overflow =
		cg_overflow_new(d->guard.overflow_fd, d->writer, &d->options.limits, &d->origin);
	d->sweep = d->tracker && d->overflow
			   ? cg_map_scan_new(&d->guard, d->tracker, d->overflow, &d->options.limits)
			   : NULL;
	d->recent = cg_recent_new();
	if (!d->sweep || !d->recent)
		return -ENOMEM;
	cg_tracker_set_recent(d->tracker, d->recent);
	err = cg_ctl_server_new(d->loop, d->options.instance, d->recent, &d->server);
	if (!err)
		err = start_http(d);
	if (!err)
		err = start_intake(d);
	if (!err)
		err = cg_daemon_watch(d);
	return err;
}

void cg_daemon_finish(struct cg_daemon *d)
{
	cg_rings_free(d->rings);
	cg_event_router_stop(&d->intake);
	cg_ship_free(d->ship);
	cg_writer_stop(d->writer);
	if (!d->web.view.detached) /* else its note went, too */
		cg_totals_note_save(&d->totals, d->options.instance, d->guard.config_id);
	cg_http_free(d->http);
	free(d->web.state);
	cg_ctl_server_free(d->server);
	cg_map_scan_free(d->sweep);
	cg_overflow_free(d->overflow);
	cg_tracker_free(d->tracker);
	cg_recent_free(d->recent);
	cg_guard_maps_close(&d->guard);
	sd_event_unref(d->loop);
	close(d->lock_fd);
}
