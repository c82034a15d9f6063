// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/ingest/map_scan.c
/* A map scan that fails is repeated. The stages, and what they fill, are stand-ins. */
#include <errno.h>
#include <string.h>

#include "ingest/map_scan_internal.h"
#include "tap.h"
#include "util/backoff.h"
#include "util/log.h"
#include "util/loop.h"
#include "util/progress.h"

static int result, stages, scans, errors, notices;
static char last_error[256];

int cg_map_scan_run_stage(struct cg_map_scan *scan, __u64 now)
{
	(void)scan, (void)now;
	stages++;
	return result;
}

void cg_tracker_next_scan(struct cg_tracker *tracker)
{
	(void)tracker;
	scans++;
}

void cg_tracker_set_living(struct cg_tracker *tracker, struct cg_living_calls *living)
{
	(void)tracker, (void)living;
}

unsigned int cg_tracker_count(const struct cg_tracker *tracker)
{
	(void)tracker;
	return 0;
}

struct cg_share_count *cg_share_count_new(const struct cg_guard_maps *guard)
{
	return (struct cg_share_count *)guard;
}

void cg_share_count_free(struct cg_share_count *count)
{
	(void)count;
}

void cg_share_count_start(struct cg_share_count *count)
{
	(void)count;
}

void cg_share_count_get_most(const struct cg_share_count *count, struct cg_share_most *most)
{
	(void)count, (void)most;
}

void cg_pressure_start(struct cg_pressure *pressure)
{
	(void)pressure;
}

void cg_progress_start(const char *text, __u64 total)
{
	(void)text, (void)total;
}

void cg_progress_end(void)
{
}

__u64 cg_loop_longest(void)
{
	return 0;
}

void cg_log_err(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_error, sizeof(last_error), format, args);
	va_end(args);
	errors++;
}

void cg_log_notice(const char *format, ...)
{
	(void)format;
	notices++;
}

void cg_log_debug(const char *format, ...)
{
	(void)format;
}

static struct cg_guard_maps guard;
static struct cg_limits limits;
static struct cg_map_scan *scan;

static __u64 count_failed(void)
{
	struct cg_map_scan_status status;

	cg_map_scan_get_status(scan, &status);
	return status.failed;
}

/* Has the scan run at once, whatever it waits for. */
static void run_now(int next)
{
	result = next;
	scan->pause_until = 0;
	cg_map_scan_run(scan, cg_boottime());
}

/* After a failure the next try comes between half of `wait` and all of it later. */
static int waits(__u64 wait)
{
	__u64 before = cg_boottime(), after;

	run_now(-ENOMEM);
	after = cg_boottime();
	return !cg_map_scan_is_ready(scan, before + wait / 2) &&
	       cg_map_scan_is_ready(scan, after + wait);
}

static void failures(void)
{
	int before;

	cg_map_scan_start(scan);
	ok(waits(CG_BACKOFF_FIRST), "scan: one that fails is tried again after a pause");
	ok(cg_map_scan_is_running(scan), "scan: one that waits for its next try counts as running");
	ok(errors == 1 && strstr(last_error, strerror(ENOMEM)),
	   "scan: the log says once why a scan failed");
	before = stages;
	cg_map_scan_run(scan, cg_boottime());
	ok(stages == before, "scan: no map is read in the pause after a failure");
	ok(!cg_map_scan_request(scan, cg_boottime()),
	   "scan: a request in the pause starts no scan");
	ok(waits(2 * CG_BACKOFF_FIRST) && waits(4 * CG_BACKOFF_FIRST),
	   "scan: the pause grows with each failure");
	ok(errors == 1 && count_failed() == 3,
	   "scan: each failure is counted, the first is logged");
	ok(scans == 3, "scan: each try begins at the first entry");
	run_now(-EPERM);
	ok(errors == 2, "scan: a different error is logged as well");
}

static void recovery(void)
{
	struct cg_living_calls living = {};

	cg_map_scan_collect(scan, &living);
	run_now(0);
	run_now(-EPERM);
	ok(!living.complete && scan->wanted == &living,
	   "scan: the calls that a failed scan has collected are not complete; the next one goes "
	   "on");
	run_now(1);
	ok(!cg_map_scan_is_running(scan) && notices == 1,
	   "scan: a complete one ends the state of failure");
	scan->pause_until = 0;
	ok(cg_map_scan_request(scan, cg_boottime()) && waits(CG_BACKOFF_FIRST),
	   "scan: after a complete one the next pause is short again");
	cg_map_scan_start(scan);
	run_now(1);
	ok(cg_map_scan_is_running(scan), "scan: one that was requested during a scan follows it");
}

int main(void)
{
	scan = cg_map_scan_new(&guard, NULL, NULL, &limits);
	failures();
	recovery();
	cg_map_scan_free(scan);
	return tap_done();
}
