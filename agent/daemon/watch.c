// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Handles the events of the daemon: the spool's writer, signals and timers. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "daemon/manager.h"
#include "daemon/totals_note.h"
#include "pair/pair_note.h"
#include "postgres/batch.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"
#include "util/progress.h"

#define BEAT_NS CG_SECOND /* interval of housekeeping */
#define DRAIN_ROWS CG_BATCH_ROWS /* a batch is usually in flight: show only more rows than that */

static void begin_stop(struct cg_daemon *d, int code)
{
	cg_manager_notify("STOPPING=1");
	if (d->signalled) /* second request: stop at once */
		d->stop_at = CG_STOP_NOW;
	else
		d->stop_at = cg_boottime() + CG_STOP_NS;
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
		cg_log_err("spool %s: cannot write: %s; ended calls stay in the map, trying again",
			   d->options.spool, status.error_text);
	if (!status.error && d->spool_error)
		cg_log_notice("spool %s: writable again", d->options.spool);
	d->spool_error = status.error;
	if (status.generation != d->spool_generation) {
		if (*status.damage_text)
			cg_log_err("spool %s %s; sqlite3's .recover may find more",
				   d->options.spool, status.damage_text);
		cg_map_scan_start(d->scan);
	}
	d->spool_generation = status.generation;
	cg_tracker_set_durable(d->tracker, status.durable, status.generation);
	cg_overflow_set_durable(d->overflow, status.durable);
	cg_violations_set_durable(&d->violations, status.durable);
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
	if (info->ssi_signo != SIGHUP) {
		begin_stop(d, d->exit_code);
		d->signalled = true;
	} else if (!d->stop_at) {
		cg_reload_run(&d->reload);
	}
	return 0;
}

static int handle_scan_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_daemon *d = ctx;

	(void)usec;
	cg_timer_set(timer, d->options.scan_interval);
	cg_map_scan_request(d->scan, cg_boottime());
	return 0;
}

/* Shows on a terminal how many rows PostgreSQL still lacks. A map scan shows its own line. */
static void show_drain(struct cg_daemon *d)
{
	struct cg_writer_status spool;
	struct cg_ship_status ship;
	__s64 rows = 0;

	if (!d->ship || cg_map_scan_is_running(d->scan))
		return;
	cg_ship_get_status(d->ship, &ship);
	cg_writer_get_status(d->writer, &spool);
	for (int i = 0; i < CG_TABLES; i++)
		rows += spool.content.rows[i];
	if (ship.connected && rows > DRAIN_ROWS)
		cg_progress_show("rows to send to PostgreSQL: %lld", (long long)rows);
	else
		cg_progress_clear();
}

/* For `status` and `doctor`. The note of a daemon that was killed goes, too. */
static void write_pair_note(const struct cg_daemon *d)
{
	struct cg_pair_status status;

	if (!d->pair || d->routes.view.detached) {
		cg_pair_note_remove(d->options.instance);
		return;
	}
	cg_pair_get_status(d->pair, &status);
	cg_pair_note_write(d->options.instance, &status);
}

static int handle_beat(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_daemon *d = ctx;

	(void)usec;
	cg_timer_set(timer, d->beat_ns);
	if (!d->stop_at && cg_closing_is_asked(&d->closing)) {
		cg_pair_leave(d->pair); /* else its calls would end at the other hosts */
		cg_closing_begin(&d->closing);
		d->routes.view.detached = true;
		begin_stop(d, CG_FAILED);
		return 0;
	}
	if (d->closing.begun && cg_closing_beat(&d->closing) && !d->signalled)
		d->stop_at = cg_boottime() + CG_STOP_NS;
	if (!d->closing.begun)
		cg_totals_note_save(&d->totals, d->options.instance, d->guard.config_id);
	if (!cg_housekeeping_run(&d->housekeeping)) {
		cg_breaker_action_poll(&d->breaker_action, cg_boottime());
		if (!d->closing.begun)
			cg_stale_rows_poll(&d->stale_rows, cg_boottime());
	}
	cg_settings_keeper_poll(&d->keeper, cg_boottime());
	cg_event_router_poll(&d->router, cg_boottime());
	cg_hep_input_poll(d->hep);
	cg_pair_beat(d->pair, cg_boottime());
	write_pair_note(d);
	show_drain(d);
	return 0;
}

/* Returns half the watchdog's time, but at most BEAT_NS. */
static __u64 get_beat_ns(void)
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
	signal(SIGPIPE, SIG_IGN); /* a closed log pipe must not end the daemon */
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
	d->beat_ns = get_beat_ns();
	if (err >= 0)
		err = start_timer(d, handle_beat, &beat);
	if (!err)
		err = start_timer(d, handle_scan_timer, &d->reload.scan_timer);
	return err < 0 ? err : 0;
}
