// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "daemon/stale_rows.h"

#include <errno.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"

#define PAUSE_NS (3600 * CG_SECOND) /* between two rounds */
#define PAIR_NS (60 * CG_SECOND) /* the first round waits for Redis no longer than that */
#define RETRY_NS (60 * CG_SECOND) /* after one that failed */

static void end_round(struct cg_stale_rows *rows, __u64 due_at)
{
	cg_map_scan_collect(rows->scan, NULL);
	rows->calls.living = NULL;
	cg_living_calls_free(rows->living);
	rows->living = NULL;
	rows->due_at = due_at;
}

static bool waits_for_pair(struct cg_stale_rows *rows, __u64 now)
{
	if (!*rows->pair || cg_pair_is_synced(*rows->pair))
		return false;
	if (!rows->waits_since)
		rows->waits_since = now;
	return now - rows->waits_since < PAIR_NS;
}

static void begin_round(struct cg_stale_rows *rows, __u64 now)
{
	if (now < rows->due_at || waits_for_pair(rows, now))
		return;
	rows->living = cg_living_calls_new(rows->guard->config.max_dialogs);
	if (rows->living)
		cg_map_scan_collect(rows->scan, rows->living);
	else
		rows->due_at = now + RETRY_NS;
}

/* --- in the spool, whose disk the event loop must not wait for --------------------------------- */

static void *close_in_spool(void *ctx)
{
	struct cg_stale_rows *rows = ctx;

	rows->thread_result = cg_stale_calls_close(&rows->calls, rows->spool);
	atomic_store(&rows->thread_done, true);
	return NULL;
}

static void start_thread(struct cg_stale_rows *rows, __u64 now)
{
	atomic_store(&rows->thread_done, false);
	rows->thread_runs = !pthread_create(&rows->thread, NULL, close_in_spool, rows);
	if (!rows->thread_runs)
		end_round(rows, now + RETRY_NS);
}

static void join_thread(struct cg_stale_rows *rows)
{
	pthread_join(rows->thread, NULL);
	rows->thread_runs = false;
}

static void finish_thread(struct cg_stale_rows *rows, __u64 now)
{
	int result;

	if (!atomic_load(&rows->thread_done))
		return;
	join_thread(rows);
	result = rows->thread_result;
	if (result < 0 && result != rows->error)
		cg_log_err("spool %s: cannot close the open calls without a dialog: %s; trying "
			   "again each minute",
			   rows->spool, strerror(-result));
	rows->error = result < 0 ? result : 0;
	if (result < 0) {
		end_round(rows, now + RETRY_NS);
		return;
	}
	rows->calls.closed = result;
	rows->calls.done = true;
}

/* --- interface --------------------------------------------------------------------------------- */

static void report_round(const struct cg_stale_rows *rows)
{
	if (rows->calls.closed)
		cg_log_warning("%s: closed %lld open calls that have lost their dialog, as reboot, "
			       "maps_lost or unguarded, suspect",
			       *rows->ship ? "database" : rows->spool,
			       (long long)rows->calls.closed);
}

void cg_stale_rows_poll(struct cg_stale_rows *rows, __u64 now)
{
	if (rows->thread_runs)
		finish_thread(rows, now);
	if (!rows->living) {
		begin_round(rows, now);
		return;
	}
	if (rows->thread_runs || !rows->living->complete)
		return;
	if (!rows->calls.living)
		cg_stale_calls_begin(&rows->calls, rows->living, &rows->guard->config,
				     rows->limits->max_call, rows->spool);
	if (rows->calls.done) {
		report_round(rows);
		end_round(rows, now + PAUSE_NS);
	} else if (*rows->ship) {
		cg_ship_notify(*rows->ship);
	} else {
		start_thread(rows, now);
	}
}

void cg_stale_rows_finish(struct cg_stale_rows *rows)
{
	if (rows->thread_runs)
		join_thread(rows);
	cg_stale_calls_end(&rows->calls);
	cg_living_calls_free(rows->living);
}
