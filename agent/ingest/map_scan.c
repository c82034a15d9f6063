// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/map_scan.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"
#include "util/progress.h"

#define PAUSE_FACTOR 9 /* times the work of the scan: at most a tenth of a core */
#define PAUSE_MAX (30 * CG_SECOND) /* the first scan takes long: it writes a row for each dialog */

enum stage { IDLE, DIALOGS, OVERFLOW, BRANCHES, PENDING, PRESSURE, SHARES, FORGET };

struct cg_map_scan {
	const struct cg_guard_maps *guard;
	struct cg_tracker *tracker;
	struct cg_overflow *overflow;
	const struct cg_limits *limits;
	const struct cg_origin *origin;
	struct cg_share_count *shares;
	struct cg_pressure pressure;
	enum stage stage;
	bool first; /* its progress is shown on a terminal */
	bool again; /* start another scan after this one */
	struct cg_living_calls *wanted; /* for the next scan to fill; NULL: none */
	struct cg_living_calls *living; /* that this scan fills; NULL: none */
	bool has_token; /* token is the position in this stage's map */
	__u32 token;
	__u64 work, longest; /* ns: of all batches, of the longest one */
	__u64 pause_until; /* CLOCK_BOOTTIME, ns */
	__u32 n_found; /* entries in this stage's map so far */
	__u32 n_dialogs; /* entries that this scan has left in map dialogs */
	struct cg_usage_alarm dialogs, pending, unguarded;
	struct cg_map_scan_status done;
	unsigned int slot; /* of FORGET */
	union {
		struct cg_dialog_key dialogs[CG_SCAN_BATCH];
		struct cg_txn_key pending[CG_SCAN_BATCH];
	} keys;
	union {
		struct cg_dialog dialogs[CG_SCAN_BATCH];
		struct cg_invite pending[CG_SCAN_BATCH];
		struct cg_branch branches[CG_SCAN_BATCH];
	} values;
};

struct cg_map_scan *cg_map_scan_new(const struct cg_guard_maps *guard, struct cg_tracker *tracker,
				    struct cg_overflow *overflow, const struct cg_limits *limits,
				    const struct cg_origin *origin)
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
	scan->origin = origin;
	scan->first = true;
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

static void enter_stage(struct cg_map_scan *scan, enum stage stage)
{
	scan->stage = stage;
	scan->has_token = false;
	scan->n_found = 0;
	scan->slot = 0;
}

void cg_map_scan_collect(struct cg_map_scan *scan, struct cg_living_calls *living)
{
	scan->wanted = living;
	if (!living)
		scan->living = NULL;
}

static void start_collecting(struct cg_map_scan *scan)
{
	scan->living = scan->wanted;
	scan->wanted = NULL;
	if (!scan->living)
		return;
	scan->living->clock = scan->guard->config.clock;
	scan->living->since = cg_boottime();
}

/* An aborted scan has not read the whole map: the next one starts again with the set. */
static void stop_collecting(struct cg_map_scan *scan, bool complete)
{
	if (!scan->living)
		return;
	scan->living->complete = complete;
	if (!complete)
		scan->wanted = scan->living;
	scan->living = NULL;
}

void cg_map_scan_start(struct cg_map_scan *scan)
{
	if (scan->stage != IDLE) {
		scan->again = true;
		return;
	}
	cg_tracker_next_scan(scan->tracker);
	cg_share_count_start(scan->shares);
	cg_pressure_start(&scan->pressure);
	start_collecting(scan);
	scan->n_dialogs = 0;
	scan->work = scan->longest = 0;
	if (scan->first)
		cg_progress_start("dialogs scanned", 0);
	enter_stage(scan, DIALOGS);
}

bool cg_map_scan_request(struct cg_map_scan *scan, __u64 now)
{
	if (scan->stage != IDLE || now < scan->pause_until)
		return false;
	cg_map_scan_start(scan);
	return true;
}

bool cg_map_scan_is_running(const struct cg_map_scan *scan)
{
	return scan->stage != IDLE;
}

void cg_map_scan_get_status(const struct cg_map_scan *scan, struct cg_map_scan_status *status)
{
	*status = scan->done;
	cg_share_count_get_most(scan->shares, &status->most);
	status->maps[0] = scan->dialogs;
	status->maps[1] = scan->pending;
	status->maps[2] = scan->unguarded;
}

/* Reads a batch into keys and values. Returns its size, or -errno. *last: the map has no more. */
static int read_batch(struct cg_map_scan *scan, int fd, __u64 flags, bool *last)
{
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = flags);
	__u32 count = CG_SCAN_BATCH, next;
	int err = 0;

	if (bpf_map_lookup_batch(fd, scan->has_token ? &scan->token : NULL, &next, &scan->keys,
				 &scan->values, &count, &opts))
		err = -errno;
	*last = err == -ENOENT;
	if (err && !*last)
		return err;
	scan->token = next;
	scan->has_token = true;
	scan->n_found += count;
	return count;
}

static void collect_dialog(struct cg_map_scan *scan, const struct cg_dialog *dialog)
{
	char call_uid[CG_UUID_TEXT];
	__s64 setup_time;

	cg_cdr_identify(dialog, scan->origin, call_uid, &setup_time);
	cg_living_calls_add(scan->living, call_uid, setup_time);
}

static void scan_dialog(struct cg_map_scan *scan, const struct cg_dialog_key *key,
			const struct cg_dialog *dialog, __u64 now)
{
	if (scan->living)
		collect_dialog(scan, dialog);
	if (!cg_tracker_update(scan->tracker, key, dialog, now))
		return;
	scan->n_dialogs++;
	cg_share_count_add_dialog(scan->shares, dialog);
	cg_pressure_add(&scan->pressure, key, dialog, scan->limits, now);
}

static int scan_dialogs(struct cg_map_scan *scan, __u64 now)
{
	bool last;
	int n = read_batch(scan, scan->guard->dialogs_fd, BPF_F_LOCK, &last);

	cg_progress_update(scan->n_found);
	for (int i = 0; i < n; i++)
		scan_dialog(scan, &scan->keys.dialogs[i], &scan->values.dialogs[i], now);
	if (n >= 0 && last) {
		stop_collecting(scan, true);
		cg_usage_alarm_update(&scan->dialogs, scan->n_found);
		cg_pressure_decide(&scan->pressure, scan->n_dialogs, scan->dialogs.max);
		enter_stage(scan, cg_overflow_has_pending(scan->overflow) ? BRANCHES : OVERFLOW);
	}
	return n < 0 ? n : 0;
}

static int scan_overflow(struct cg_map_scan *scan, __u64 now)
{
	bool last;
	int n = read_batch(scan, scan->guard->overflow_fd, BPF_F_LOCK, &last);

	for (int i = 0; i < n; i++)
		cg_overflow_store(scan->overflow, &scan->keys.dialogs[i], &scan->values.dialogs[i],
				  now);
	if (n >= 0 && last) {
		cg_usage_alarm_update(&scan->unguarded, scan->n_found);
		enter_stage(scan, BRANCHES);
	}
	return n < 0 ? n : 0;
}

/* done, renewed: of a note or a branch (CLOCK_BOOTTIME, ns; done 0: no final response). */
static bool invite_is_expired(__u64 done, __u64 renewed, const struct cg_limits *limits, __u64 now)
{
	if (done && now > done)
		return now - done > limits->invite_grace;
	return now > renewed && now - renewed > limits->invite_timeout;
}

static int scan_branches(struct cg_map_scan *scan, __u64 now)
{
	const struct cg_branch *branches = scan->values.branches;
	bool last;
	int n = read_batch(scan, scan->guard->branches_fd, 0, &last);

	for (int i = 0; i < n; i++) {
		cg_share_count_add_branch(scan->shares, &scan->keys.pending[i], &branches[i]);
		if (invite_is_expired(branches[i].done, branches[i].renewed, scan->limits, now))
			bpf_map_delete_elem(scan->guard->branches_fd, &scan->keys.pending[i]);
	}
	if (n >= 0 && last)
		enter_stage(scan, PENDING);
	return n < 0 ? n : 0;
}

static int scan_pending(struct cg_map_scan *scan, __u64 now)
{
	const struct cg_invite *notes = scan->values.pending;
	bool last;
	int n = read_batch(scan, scan->guard->pending_fd, 0, &last);

	for (int i = 0; i < n; i++)
		if (invite_is_expired(notes[i].done, notes[i].renewed, scan->limits, now))
			bpf_map_delete_elem(scan->guard->pending_fd, &scan->keys.pending[i]);
		else
			cg_share_count_add_pending(scan->shares, &scan->keys.pending[i], &notes[i]);
	if (n >= 0 && last) {
		cg_usage_alarm_update(&scan->pending, scan->n_found);
		enter_stage(scan, PRESSURE);
	}
	return n < 0 ? n : 0;
}

static int write_shares(struct cg_map_scan *scan)
{
	int result = cg_share_count_write(scan->shares);

	if (result == 1)
		enter_stage(scan, FORGET);
	return result < 0 ? result : 0;
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
	scan->first = false;
	cg_progress_end();
	enter_stage(scan, IDLE);
	if (scan->again) {
		scan->again = false;
		cg_map_scan_start(scan);
	}
}

static int run_stage(struct cg_map_scan *scan, __u64 now)
{
	switch (scan->stage) {
	case DIALOGS:
		return scan_dialogs(scan, now);
	case OVERFLOW:
		return scan_overflow(scan, now);
	case PENDING:
		return scan_pending(scan, now);
	case BRANCHES:
		return scan_branches(scan, now);
	case PRESSURE:
		if (cg_pressure_run(&scan->pressure, scan->tracker, now))
			enter_stage(scan, SHARES);
		break;
	case SHARES:
		return write_shares(scan);
	case FORGET:
		scan->slot = cg_tracker_expire(scan->tracker, scan->slot);
		return !scan->slot;
	case IDLE:
		break;
	}
	return 0;
}

int cg_map_scan_run(struct cg_map_scan *scan, __u64 now)
{
	int result = run_stage(scan, now);
	__u64 end = cg_boottime();

	scan->work += end - now;
	if (end - now > scan->longest)
		scan->longest = end - now;
	if (result == 1) {
		finish_scan(scan, end);
	} else if (result) {
		cg_progress_end();
		stop_collecting(scan, false);
		enter_stage(scan, IDLE);
	}
	return result;
}
