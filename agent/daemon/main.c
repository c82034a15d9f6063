// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The daemon makes rows from events and map scans, and stores them in the spool, and from there in
 * PostgreSQL. It runs in one event loop that never waits for a disk or a server.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/manager.h"
#include "postgres/pg_connect.h"
#include "postgres/schema.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"

/* True if all rows are on disk, and in PostgreSQL if it is connected: the daemon may exit. */
static bool work_is_done(struct cg_daemon *d)
{
	struct cg_writer_status status;
	bool empty = cg_rings_drain(d->rings) && !cg_map_scan_is_running(d->scan) &&
		     cg_violations_are_durable(&d->violations);

	cg_writer_get_status(d->writer, &status);
	return empty && status.queued == status.durable && (!d->ship || cg_ship_is_idle(d->ship));
}

/*
 * True if the daemon has to exit now. A detach that has not closed every row has no deadline: what is
 * not on disk then stays open for ever. A second signal ends the wait.
 */
static bool must_exit(struct cg_daemon *d)
{
	if (!d->stop_at)
		return false;
	if (cg_closing_poll(&d->closing) && !d->signalled)
		d->stop_at = cg_boottime() + CG_STOP_NS; /* for PostgreSQL */
	if (d->closing.begun && !d->closing.done)
		return d->stop_at == CG_STOP_NOW;
	return work_is_done(d) || cg_boottime() > d->stop_at;
}

static void run_loop(struct cg_daemon *d)
{
	int err = 0;

	while (!err && !must_exit(d)) {
		bool scanning = cg_map_scan_is_ready(d->scan, cg_boottime()) &&
				cg_writer_queue_space(d->writer) >= CG_SCAN_QUEUE_SPACE;

		err = cg_loop_run(d->loop, scanning ? 0 : d->stop_at ? 100 : -1);
		if (scanning)
			cg_map_scan_run(d->scan, cg_boottime());
	}
	if (err)
		cg_log_err("event loop: %s", strerror(-err));
}

/* SIGHUP would end the daemon before it handles signals. */
static void block_hangup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Starts the daemon and runs it until it has to stop. Returns the exit code. */
static int start_and_run(struct cg_daemon *d)
{
	if (cg_daemon_start(d))
		return CG_FAILED;
	cg_log_info("instance %s: writing CDRs to %s%s", d->options.instance, d->options.spool,
		    d->ship ? ", and from there to PostgreSQL" : "");
	cg_manager_notify("READY=1");
	run_loop(d);
	cg_daemon_finish(d);
	cg_log_info("instance %s: exiting", d->options.instance);
	return d->exit_code;
}

/* Does what the options ask for. Returns the exit code. */
static int run_options(struct cg_daemon *d)
{
	if (d->options.help)
		cg_daemon_options_help();
	else if (d->options.version)
		puts("cseqguardd " CG_VERSION);
	else if (d->options.print_schema)
		fputs(cg_schema_sql, stdout);
	else if (d->options.print_config)
		cg_daemon_options_print(&d->options);
	else if (d->options.check_config)
		printf("%s: ok\n", d->options.file ? d->options.file : "no file");
	else
		return start_and_run(d);
	return CG_DONE;
}

int main(int argc, char **argv)
{
	static struct cg_daemon d = {
		.lock_fd = -1,
		.reload = {
			.options = &d.options,
			.router = &d.router,
			.hep = &d.hep,
			.pair = &d.pair,
			.guard = &d.guard,
			.ship = &d.ship,
			.stale = &d.stale_rows.calls,
		},
	};
	int code = CG_USAGE;

	umask(0027); /* what is written has names and numbers of callers */
	d.stale_rows.calls.origin = &d.origin;
	block_hangup();
	d.reload.argc = argc;
	d.reload.argv = argv;
	if (!cg_daemon_options_parse(&d.options, argc, argv, true)) {
		cg_reload_log(&d.options);
		code = run_options(&d);
	}
	cg_log_configure(&(struct cg_log_options){});
	cg_daemon_options_free(&d.options);
	if (cg_pg_connect_running()) { /* exit() would free what the thread's TLS library uses */
		fflush(NULL);
		_exit(code);
	}
	return code;
}
