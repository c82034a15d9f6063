// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What wakes the daemon: the spool's writer, signals, and its clocks. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "daemon/totals_note.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"
#include "util/progress.h"

#define BEAT_NS CG_SECOND /* looks at clock and loss counters */
#define DRAIN_ROWS 1000 /* a batch: so many may be on their way at any time */
#define STOP_NS (5 * CG_SECOND) /* a leaving daemon waits so long for disk and server */

static void stop(struct cg_daemon *d, int code)
{
	sd_notify(0, "STOPPING=1");
	if (d->stop_at) /* told twice: at once */
		d->stop_at = 1;
	else
		d->stop_at = cg_boottime() + STOP_NS;
	d->exit_code = code;
}

static int handle_writer(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct cg_daemon *d = ctx;
	struct cg_writer_status status;
	eventfd_t count;

	(void)source, (void)events;
	eventfd_read(fd, &count);
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
	return 0;
}

static int handle_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
	struct cg_daemon *d = ctx;

	(void)source;
	if (info->ssi_signo != SIGHUP)
		stop(d, d->exit_code);
	else if (!d->stop_at)
		cg_reload_run(&d->reload);
	return 0;
}

static int handle_scan_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_daemon *d = ctx;

	(void)usec;
	cg_timer_set(timer, d->options.scan_interval);
	cg_map_scan_request(d->sweep, cg_boottime());
	return 0;
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

static int handle_beat(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_daemon *d = ctx;

	(void)usec;
	cg_timer_set(timer, d->beat_ns);
	if (cg_guard_maps_are_detached(&d->guard) && !d->stop_at) {
		cg_guard_maps_read_config(&d->guard);
		d->options.limits.was_detached = d->guard.config.was_detached;
		cg_log_err("instance %s: %s; closing the rows of calls that run, suspect; exiting",
			   d->options.instance,
			   d->guard.config.was_detached ? "detached" : "its maps are gone");
		d->options.limits.lost_at = cg_boottime();
		d->web.view.detached = true;
		cg_map_scan_start(d->sweep);
		stop(d, CG_FAILED);
		return 0;
	}
	cg_totals_note_save(&d->totals, d->options.instance, d->guard.config_id);
	if (!cg_housekeeping_run(&d->upkeep))
		cg_breaker_action_poll(&d->fallback, cg_boottime());
	cg_event_router_poll(&d->intake, cg_boottime());
	show_drain(d);
	return 0;
}

/* Half the watchdog's time, and BEAT_NS at most. */
static __u64 beat_period(void)
{
	uint64_t usec;

	if (sd_watchdog_enabled(0, &usec) <= 0 || usec * 500 > BEAT_NS)
		return BEAT_NS;
	return usec * 500;
}

/* Sources without an owner live as long as the loop does. */
static int watch_signals(struct cg_daemon *d)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int err = 0;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals) && err >= 0; i++)
		err = sd_event_add_signal(d->loop, NULL, signals[i] | SD_EVENT_SIGNAL_PROCMASK,
					  handle_signal, d);
	signal(SIGPIPE, SIG_IGN); /* a log reader that went away must not end the daemon */
	return err < 0 ? err : 0;
}

static int start_timer(struct cg_daemon *d, sd_event_time_handler_t handler,
		       sd_event_source **timer)
{
	int err = cg_timer_add(d->loop, timer, handler, d);

	if (err)
		return err;
	sd_event_source_set_floating(*timer, true);
	sd_event_source_unref(*timer);
	cg_timer_set(*timer, 1);
	return 0;
}

int cg_daemon_watch(struct cg_daemon *d)
{
	sd_event_source *beat;
	int err = watch_signals(d);

	if (!err)
		err = sd_event_add_io(d->loop, NULL, cg_writer_fd(d->writer), EPOLLIN,
				      handle_writer, d);
	d->beat_ns = beat_period();
	if (err >= 0)
		err = start_timer(d, handle_beat, &beat);
	if (!err)
		err = start_timer(d, handle_scan_timer, &d->reload.sweep_timer);
	return err < 0 ? err : 0;
}
