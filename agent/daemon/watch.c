// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What wakes the daemon: the spool's writer, signals, and its clocks. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/totals_note.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/notify.h"
#include "util/progress.h"

#define BEAT_NS CG_SECOND /* looks at clock and loss counters */
#define DRAIN_ROWS 1000 /* a batch: so many may be on their way at any time */
#define STOP_NS (5 * CG_SECOND) /* a leaving daemon waits so long for disk and server */

static void stop(struct cg_daemon *d, int code)
{
	cg_notify_stopping();
	if (d->stop_at) /* told twice: at once */
		d->stop_at = 1;
	else
		d->stop_at = cg_boottime() + STOP_NS;
	d->exit_code = code;
}

static void written_ready(void *ctx, __u32 events)
{
	struct cg_daemon *d = ctx;
	struct cg_writer_status status;

	(void)events;
	cg_fd_drain(d->written.fd);
	cg_writer_get_status(d->writer, &status);
	if (status.error && status.error != d->spool_error)
		cg_log_err("spool %s: %s; calls stay in the map, trying again", d->options.spool,
			   status.error_text);
	if (!status.error && d->spool_error)
		cg_log_notice("spool %s: written again", d->options.spool);
	d->spool_error = status.error;
	if (status.generation != d->spools) {
		if (*status.damage_text)
			cg_log_err("spool %s %s; sqlite3's .recover may find more",
				   d->options.spool, status.damage_text);
		cg_map_scan_start(d->sweep);
	}
	d->spools = status.generation;
	cg_tracker_set_durable(d->tracker, status.durable, status.generation);
	cg_overflow_set_durable(d->overflow, status.durable);
	if (status.queued - status.durable < CG_QUEUE_STEPS / 2)
		cg_rings_resume(d->rings);
	if (d->ship && !status.error)
		cg_ship_notify(d->ship);
}

static void signals_ready(void *ctx, __u32 events)
{
	struct cg_daemon *d = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(d->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP)
		stop(d, d->exit_code);
	else if (!d->stop_at)
		cg_reload_run(&d->reload);
}

static void alerts_ready(void *ctx, __u32 events)
{
	struct cg_daemon *d = ctx;

	(void)events;
	cg_fd_drain(d->alerts_timer.fd);
	cg_rings_poll(d->rings);
}

static void sweep_ready(void *ctx, __u32 events)
{
	struct cg_daemon *d = ctx;

	(void)events;
	cg_fd_drain(d->sweep_timer.fd);
	cg_map_scan_request(d->sweep, cg_boottime());
}

/* On a terminal: what PostgreSQL lacks while it takes it. A sweep has a line of its own. */
static void show_drain(struct cg_daemon *d)
{
	struct cg_writer_status spool;
	struct cg_ship_status ship;
	__s64 rows = 0;

	if (!d->ship || cg_map_scan_is_running(d->sweep))
		return;
	cg_ship_get_status(d->ship, &ship);
	cg_writer_get_status(d->writer, &spool);
	for (int i = 0; i < CG_TABLES; i++)
		rows += spool.content.rows[i];
	if (ship.connected && rows > DRAIN_ROWS)
		cg_progress_show("rows on their way to PostgreSQL: %lld", (long long)rows);
	else
		cg_progress_clear();
}

static void beat_ready(void *ctx, __u32 events)
{
	struct cg_daemon *d = ctx;

	(void)events;
	cg_fd_drain(d->beat.fd);
	if (cg_guard_maps_are_detached(&d->guard) && !d->stop_at) {
		cg_log_err("instance %s was detached: calls that run are lost; leaving",
			   d->options.instance);
		d->options.limits.lost_at = cg_boottime();
		d->web.view.detached = true;
		cg_map_scan_start(d->sweep);
		stop(d, CG_FAILED);
		return;
	}
	cg_totals_note_save(&d->totals, d->options.instance, d->guard.config_id);
	if (!cg_housekeeping_run(&d->upkeep))
		cg_breaker_action_poll(&d->fallback, cg_boottime());
	cg_event_router_poll(&d->intake, cg_boottime());
	show_drain(d);
}

static int watch(struct cg_daemon *d, struct cg_watch *watch, int fd,
		 void (*ready)(void *ctx, __u32 events))
{
	*watch = (struct cg_watch){ .fd = fd, .ready = ready, .ctx = d };
	return fd < 0 ? fd : cg_loop_watch(d->loop, watch, EPOLLIN);
}

int cg_daemon_watch(struct cg_daemon *d)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a log reader that went away must not end the daemon */
	err = watch(d, &d->signals, signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), signals_ready);
	if (!err)
		err = watch(d, &d->written, cg_writer_fd(d->writer), written_ready);
	if (!err)
		err = watch(d, &d->beat, cg_timer_new(), beat_ready);
	if (!err)
		err = watch(d, &d->sweep_timer, cg_timer_new(), sweep_ready);
	if (!err)
		err = watch(d, &d->alerts_timer, cg_timer_new(), alerts_ready);
	if (!err)
		err = cg_timer_set(d->alerts_timer.fd, 1, CG_ALERTS_POLL_NS);
	if (!err)
		err = cg_timer_set(d->beat.fd, 1, cg_notify_interval(BEAT_NS));
	if (!err)
		err = cg_timer_set(d->sweep_timer.fd, 1, d->options.scan_interval);
	d->reload.sweep_timer = d->sweep_timer.fd;
	return err;
}
