// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/map_scan_internal.h"

#include <stdlib.h>
#include <string.h>

#include "util/backoff.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"
#include "util/progress.h"

#define PAUSE_FACTOR 9 /* times the work of the scan: at most a tenth of a core */
#define PAUSE_MAX (30 * CG_SECOND) /* the first scan takes long: it writes a row for each dialog */

struct cg_map_scan *cg_map_scan_new(const struct cg_guard_maps *guard, struct cg_tracker *tracker,
				    struct cg_overflow *overflow, const struct cg_limits *limits)
{
	struct cg_map_scan *scan = calloc(1, sizeof(*scan));
	struct cg_share_count *shares = cg_share_count_new(guard);
	__u32 max = guard->config.max_dialogs;

	if (!scan || !shares) {
		cg_share_count_free(shares);
		free(scan);
		return NULL;
	}
	scan->guard = guard;
	scan->shares = shares;
	scan->tracker = tracker;
	scan->overflow = overflow;
	scan->limits = limits;
	scan->first = true;
	scan->backoff = CG_BACKOFF_FIRST;
	scan->dialogs = (struct cg_usage_alarm){ .map = "dialogs", .max = max };
	scan->pending = (struct cg_usage_alarm){ .map = "pending", .max = cg_pending_max(max) };
	scan->unguarded = (struct cg_usage_alarm){ .map = "overflow", .max = CG_OVERFLOW_MAX };
	return scan;
}

void cg_map_scan_free(struct cg_map_scan *scan)
{
	if (!scan)
		return;
	cg_share_count_free(scan->shares);
	free(scan);
}

void cg_map_scan_collect(struct cg_map_scan *scan, struct cg_living_calls *living)
{
	cg_tracker_set_living(scan->tracker, living);
	scan->wanted = living;
	scan->living = NULL;
}

static void start_collecting(struct cg_map_scan *scan)
{
	scan->living = scan->wanted;
	scan->wanted = NULL;
}

/* An aborted scan has not read the whole map: the next one starts again with the set. */
static void abort_collecting(struct cg_map_scan *scan)
{
	if (!scan->living)
		return;
	scan->wanted = scan->living;
	scan->living = NULL;
}

static void begin_scan(struct cg_map_scan *scan)
{
	cg_tracker_next_scan(scan->tracker);
	cg_share_count_start(scan->shares);
	cg_pressure_start(&scan->pressure);
	start_collecting(scan);
	scan->n_dialogs = 0;
	scan->work = scan->longest = 0;
	if (scan->first)
		cg_progress_start("dialogs scanned", 0);
	cg_map_scan_enter(scan, DIALOGS);
}

void cg_map_scan_start(struct cg_map_scan *scan)
{
	if (scan->stage == IDLE)
		begin_scan(scan);
	else
		scan->again = true;
}

bool cg_map_scan_request(struct cg_map_scan *scan, __u64 now)
{
	if (scan->stage != IDLE || now < scan->pause_until)
		return false;
	begin_scan(scan);
	return true;
}

bool cg_map_scan_is_running(const struct cg_map_scan *scan)
{
	return scan->stage != IDLE;
}

bool cg_map_scan_is_ready(const struct cg_map_scan *scan, __u64 now)
{
	return scan->stage != IDLE && (scan->stage != FAILED || now >= scan->pause_until);
}

void cg_map_scan_get_status(const struct cg_map_scan *scan, struct cg_map_scan_status *status)
{
	*status = scan->done;
	cg_share_count_get_most(scan->shares, &status->most);
	status->maps[0] = scan->dialogs;
	status->maps[1] = scan->pending;
	status->maps[2] = scan->unguarded;
}

static void finish_scan(struct cg_map_scan *scan, __u64 now)
{
	__u64 pause = scan->work * PAUSE_FACTOR, others = cg_loop_longest();

	scan->done.count++;
	scan->done.work = scan->work;
	scan->done.longest = scan->longest;
	scan->done.others = others;
	cg_log_debug(
		"scan: %u dialogs, %llu ms of work, longest batch %llu us, longest turn of the "
		"rest of the event loop %llu us",
		cg_tracker_count(scan->tracker), (unsigned long long)scan->work / 1000000,
		(unsigned long long)scan->longest / 1000, (unsigned long long)others / 1000);
	scan->pause_until = now + (pause < PAUSE_MAX ? pause : PAUSE_MAX);
	scan->backoff = CG_BACKOFF_FIRST;
	if (scan->error)
		cg_log_notice("the maps can be scanned again");
	scan->error = 0;
	scan->first = false;
	cg_progress_end();
	cg_map_scan_enter(scan, IDLE);
	if (scan->again) {
		scan->again = false;
		begin_scan(scan);
	}
}

static void fail_scan(struct cg_map_scan *scan, int err, __u64 now)
{
	cg_progress_end();
	abort_collecting(scan);
	cg_map_scan_enter(scan, FAILED);
	if (err != scan->error)
		cg_log_err("cannot scan the maps: %s; ended calls stay in them, trying again",
			   strerror(-err));
	scan->error = err;
	scan->done.failed++;
	scan->pause_until = now + cg_backoff_wait(scan->backoff);
	scan->backoff = cg_backoff_next(scan->backoff);
}

void cg_map_scan_run(struct cg_map_scan *scan, __u64 now)
{
	int result;
	__u64 end;

	if (!cg_map_scan_is_ready(scan, now))
		return;
	if (scan->stage == FAILED)
		begin_scan(scan);
	result = cg_map_scan_run_stage(scan, now);
	end = cg_boottime();
	scan->work += end - now;
	if (end - now > scan->longest)
		scan->longest = end - now;
	if (result == 1)
		finish_scan(scan, end);
	else if (result)
		fail_scan(scan, result, end);
}
