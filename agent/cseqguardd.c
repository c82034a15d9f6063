// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The daemon: events and sweeps over the map become rows, rows go to the spool, and from there to
 * PostgreSQL. Everything here runs in one loop that never waits for a disk or a server.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon_options.h"
#include "fallback.h"
#include "guard.h"
#include "http.h"
#include "ifname.h"
#include "intake.h"
#include "log.h"
#include "loop.h"
#include "lost.h"
#include "notify.h"
#include "reload.h"
#include "rings.h"
#include "run.h"
#include "schema.h"
#include "server.h"
#include "ship.h"
#include "sweep.h"
#include "text.h"
#include "upkeep.h"
#include "web.h"

#define BEAT_NS CG_SECOND /* looks at clock and loss counters */
#define STOP_NS (5 * CG_SECOND) /* a leaving daemon waits so long for disk and server */
#define LOCK_NS (2 * CG_SECOND)

enum exit_code { DONE, FAILED, USAGE };

struct daemon {
	struct cg_daemon_options options;
	struct cg_guard guard;
	struct cg_origin origin;
	int loop, lock_fd;
	struct cg_intake intake;
	struct cg_fallback fallback;
	struct cg_writer *writer;
	struct cg_totals totals;
	struct cg_track *track;
	struct cg_overflow *overflow;
	struct cg_sweep *sweep;
	struct cg_rings *rings;
	struct cg_recent *recent;
	struct cg_server *server;
	struct cg_ship *ship; /* NULL: no --db */
	struct cg_watch written, signals, beat, sweep_timer, alerts_timer;
	int spool_error; /* said already */
	unsigned int spools; /* that were made anew */
	struct cg_upkeep upkeep;
	struct cg_reload reload;
	struct cg_web web;
	struct cg_http *http; /* NULL: no --http */
	__u64 stop_at; /* CLOCK_BOOTTIME, ns; 0: running */
	enum exit_code exit_code;
};

static void stop(struct daemon *d, enum exit_code code)
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
	struct daemon *d = ctx;
	struct cg_writer_status status;

	(void)events;
	cg_fd_drain(d->written.fd);
	cg_writer_status(d->writer, &status);
	if (status.error && status.error != d->spool_error)
		cg_log_err("spool %s: %s; calls stay in the map, trying again", d->options.spool,
			   status.why);
	if (!status.error && d->spool_error)
		cg_log("spool %s: written again", d->options.spool);
	d->spool_error = status.error;
	if (status.anew != d->spools) {
		if (*status.renewed)
			cg_log_err("spool %s %s; sqlite3's .recover may find more",
				   d->options.spool, status.renewed);
		cg_sweep_start(d->sweep);
	}
	d->spools = status.anew;
	cg_track_durable(d->track, status.durable, status.anew);
	cg_overflow_durable(d->overflow, status.durable);
	if (status.queued - status.durable < CG_QUEUE_STEPS / 2)
		cg_rings_resume(d->rings);
	if (d->ship && !status.error)
		cg_ship_wake(d->ship);
}

static void signals_ready(void *ctx, __u32 events)
{
	struct daemon *d = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(d->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP)
		stop(d, d->exit_code);
	else if (!d->stop_at)
		cg_reload(&d->reload);
}

static void alerts_ready(void *ctx, __u32 events)
{
	struct daemon *d = ctx;

	(void)events;
	cg_fd_drain(d->alerts_timer.fd);
	cg_rings_look(d->rings);
}

static void sweep_ready(void *ctx, __u32 events)
{
	struct daemon *d = ctx;

	(void)events;
	cg_fd_drain(d->sweep_timer.fd);
	cg_sweep_want(d->sweep, cg_boottime());
}

static void beat_ready(void *ctx, __u32 events)
{
	struct daemon *d = ctx;

	(void)events;
	cg_fd_drain(d->beat.fd);
	if (cg_guard_gone(&d->guard) && !d->stop_at) {
		cg_log_err("instance %s was detached: calls that run are lost; leaving",
			   d->options.instance);
		d->options.limits.lost_at = cg_boottime();
		d->web.view.gone = true;
		cg_sweep_start(d->sweep);
		stop(d, FAILED);
		return;
	}
	cg_totals_keep(&d->totals, d->options.instance, d->guard.config_id);
	if (!cg_upkeep(&d->upkeep))
		cg_fallback_look(&d->fallback, cg_boottime());
	cg_intake_turn(&d->intake, cg_boottime());
}

static int make_origin(struct daemon *d)
{
	size_t len = strlen(d->options.node);

	cg_text_utf8(d->origin.node, sizeof(d->origin.node), d->options.node, len);
	memcpy(d->origin.clock_offset, d->guard.config.clock_offset,
	       sizeof(d->origin.clock_offset));
	d->intake.ifname_fd = cg_ifname_socket(d->options.netns);
	if (d->intake.ifname_fd < 0)
		cg_log_err("--netns %s: %s", d->options.netns ? d->options.netns : "",
			   strerror(-d->intake.ifname_fd));
	return d->intake.ifname_fd < 0 ? d->intake.ifname_fd : 0;
}

/* The last thread of a daemon that was just killed may still be in its fsync, and hold the lock. */
static int take_lock(struct daemon *d)
{
	__u64 until = cg_boottime() + LOCK_NS;

	while ((d->lock_fd = cg_run_lock(d->options.instance)) == -EWOULDBLOCK &&
	       cg_boottime() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	if (d->lock_fd == -EWOULDBLOCK)
		cg_log_err("instance %s: its rings are being read already (another cseqguardd, or "
			   "`cseqguard"
			   " events`): end that first",
			   d->options.instance);
	else if (d->lock_fd < 0)
		cg_log_err("instance %s: cannot lock its rings: %s", d->options.instance,
			   strerror(-d->lock_fd));
	return d->lock_fd < 0 ? d->lock_fd : 0;
}

static int open_store(struct daemon *d)
{
	char why[256];
	int err, lost;

	if (!strncmp(d->options.spool, CG_SPOOL_DIR "/", sizeof(CG_SPOOL_DIR)))
		mkdir(CG_SPOOL_DIR, 0750); /* if that fails, so does the next line, with a word */
	err = cg_writer_start(d->options.spool, &d->writer, why, sizeof(why));
	if (err)
		cg_log_err("cannot open spool %s: %s; name a writable place with --spool",
			   d->options.spool, why);
	lost = err ? 0 : cg_lost_spooled(d->options.spool, &d->origin);
	if (lost > 0)
		cg_log_warning(
			"spool %s: %d calls of before this boot were open: closed as lost, suspect",
			d->options.spool, lost);
	d->reload.writer = d->writer;
	return err ? err : cg_reload_ship(&d->reload);
}

static int watch(struct daemon *d, struct cg_watch *watch, int fd,
		 void (*ready)(void *ctx, __u32 events))
{
	*watch = (struct cg_watch){ .fd = fd, .ready = ready, .ctx = d };
	return fd < 0 ? fd : cg_loop_watch(d->loop, watch, EPOLLIN);
}

static int watch_all(struct daemon *d)
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
		err = cg_timer_set(d->alerts_timer.fd, 1, CG_ALERTS_LOOK_NS);
	if (!err)
		err = cg_timer_set(d->beat.fd, 1, cg_notify_period(BEAT_NS));
	if (!err)
		err = cg_timer_set(d->sweep_timer.fd, 1, d->options.sweep);
	d->reload.sweep_timer = d->sweep_timer.fd;
	return err;
}

static int start_intake(struct daemon *d)
{
	const struct cg_rings_user user = { cg_intake_take, cg_intake_turned, &d->intake };
	int err;

	d->fallback = (struct cg_fallback){ .breaker = &d->options.breaker,
					    .guard = &d->guard,
					    .writer = d->writer,
					    .origin = &d->origin };
	d->upkeep = (struct cg_upkeep){ .guard = &d->guard,
					.origin = &d->origin,
					.writer = d->writer,
					.track = d->track,
					.sweep = d->sweep };
	cg_breaker_reset(&d->options.breaker, cg_boottime());
	d->intake.server = d->server;
	d->intake.recent = d->recent;
	d->intake.writer = d->writer;
	d->intake.track = d->track;
	d->intake.overflow = d->overflow;
	d->intake.origin = &d->origin;
	d->intake.config = &d->guard.config;
	d->intake.dialogs_fd = d->guard.dialogs_fd;
	err = cg_intake_start(&d->intake, d->options.limits.bye_timeout);
	err = err ? err : cg_reload_homer(&d->reload);
	if (err)
		return err;
	return cg_rings_new(d->loop, d->guard.events_fd, d->guard.alerts_fd, &user, &d->rings);
}

static int start_http(struct daemon *d)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	d->web.view =
		(struct cg_view){ .guard = &d->guard,
				  .origin = &d->origin,
				  .writer = d->writer,
				  .track = d->track,
				  .sweep = d->sweep,
				  .totals = &d->totals,
				  .ship = &d->ship,
				  .recent = d->recent,
				  .spool = d->options.spool,
				  .http_name = d->options.http_name,
				  .started_us = now.tv_sec * 1000000ULL + now.tv_nsec / 1000 };
	if (!d->options.http)
		return 0;
	return cg_http_new(d->loop, d->options.http, cg_web_answer, &d->web, &d->http);
}

/* Everything that can be wrong with a start is found, and said, here. */
static int start(struct daemon *d)
{
	int err = cg_guard_open(&d->guard, d->options.instance);

	if (!err)
		err = take_lock(d);
	if (!err)
		err = make_origin(d);
	if (!err)
		err = d->loop = cg_loop_new();
	if (err < 0)
		return err;
	d->reload.loop = d->loop;
	err = open_store(d);
	if (err)
		return err;
	if (cg_totals_load(&d->totals, d->options.instance, d->guard.config_id))
		cg_log("instance %s: its note of totals cannot be read: they start anew",
		       d->options.instance);
	d->track = cg_track_new(d->guard.config.max_dialogs, d->guard.dialogs_fd, d->writer,
				&d->options.limits, &d->origin, &d->options.breaker, &d->totals);
	d->overflow =
		cg_overflow_new(d->guard.overflow_fd, d->writer, &d->options.limits, &d->origin);
	d->sweep = d->track && d->overflow
			   ? cg_sweep_new(&d->guard, d->track, d->overflow, &d->options.limits)
			   : NULL;
	d->recent = cg_recent_new();
	if (!d->sweep || !d->recent)
		return -ENOMEM;
	cg_track_remember(d->track, d->recent);
	err = cg_server_new(d->loop, d->options.instance, d->recent, &d->server);
	if (!err)
		err = start_http(d);
	if (!err)
		err = start_intake(d);
	if (!err)
		err = watch_all(d);
	return err;
}

static void finish(struct daemon *d)
{
	cg_rings_free(d->rings);
	cg_intake_stop(&d->intake);
	cg_ship_free(d->ship);
	cg_writer_stop(d->writer);
	if (!d->web.view.gone) /* else its note went, too */
		cg_totals_keep(&d->totals, d->options.instance, d->guard.config_id);
	cg_http_free(d->http);
	free(d->web.state);
	cg_server_free(d->server);
	cg_sweep_free(d->sweep);
	cg_overflow_free(d->overflow);
	cg_track_free(d->track);
	cg_recent_free(d->recent);
	cg_guard_close(&d->guard);
	close(d->loop);
	close(d->lock_fd);
}

/* All that was seen is stored, as far as that does not take for ever. */
static bool settled(struct daemon *d)
{
	struct cg_writer_status status;
	bool empty = cg_rings_drain(d->rings) && !cg_sweep_running(d->sweep);

	cg_writer_status(d->writer, &status);
	return empty && status.queued == status.durable && (!d->ship || cg_ship_idle(d->ship));
}

static void run(struct daemon *d)
{
	int err = 0;

	while (!err && !(d->stop_at && (settled(d) || cg_boottime() > d->stop_at))) {
		bool sweeping =
			cg_sweep_running(d->sweep) && cg_writer_room(d->writer) >= CG_SWEEP_ROOM;

		err = cg_loop_turn(d->loop, sweeping ? 0 : d->stop_at ? 100 : -1);
		if (sweeping)
			cg_sweep_turn(d->sweep, cg_boottime());
	}
	if (err)
		cg_log_err("event loop: %s", strerror(-err));
}

/* It would end a daemon that does not listen yet. */
static void block_hangup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	static struct daemon d = { .lock_fd = -1,
				   .loop = -1,
				   .reload = { .options = &d.options,
					       .intake = &d.intake,
					       .ship = &d.ship,
					       .origin = &d.origin } };
	int code = USAGE;

	block_hangup();
	d.reload.argc = argc;
	d.reload.argv = argv;
	if (cg_daemon_options_parse(&d.options, argc, argv, true))
		goto out;
	cg_reload_log(&d.options);
	code = DONE;
	if (d.options.help) {
		cg_daemon_options_help();
	} else if (d.options.print_schema) {
		fputs(cg_schema_sql, stdout);
	} else if (d.options.print_config) {
		cg_daemon_options_print(&d.options);
	} else if (d.options.check_config) {
		printf("%s: ok\n", d.options.file ? d.options.file : "no file");
	} else if (start(&d)) {
		code = FAILED;
	} else {
		cg_log_info("instance %s: writing CDRs to %s%s", d.options.instance,
			    d.options.spool, d.ship ? ", and from there to PostgreSQL" : "");
		cg_notify_ready();
		run(&d);
		finish(&d);
		code = d.exit_code;
		cg_log_info("instance %s: left", d.options.instance);
	}
out:
	cg_log_setup(&(struct cg_log_setup){});
	cg_daemon_options_free(&d.options);
	return code;
}
