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

#define REST_FOR 9 /* times its own work: a tenth of a core */
#define REST_MAX (30 * CG_SECOND) /* the first one writes a row a dialog */

enum stage { REST, DIALOGS, OVERFLOW, PENDING, FORGET };

struct cg_map_scan {
	const struct cg_guard_maps *guard;
	struct cg_tracker *tracker;
	struct cg_overflow *overflow;
	const struct cg_limits *limits;
	enum stage stage;
	bool first; /* so far: a terminal sees how far it has come */
	bool again;
	bool begun; /* token is where this stage's walk stands */
	__u32 token;
	__u64 work, longest; /* ns: of all its turns, of one */
	__u64 rest_until; /* CLOCK_BOOTTIME, ns */
	__u32 met; /* entries, by this stage's walk */
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
	} values;
};

struct cg_map_scan *cg_map_scan_new(const struct cg_guard_maps *guard, struct cg_tracker *track,
				    struct cg_overflow *overflow, const struct cg_limits *limits)
{
	struct cg_map_scan *sweep = calloc(1, sizeof(*sweep));
	__u32 max = guard->config.max_dialogs;

	if (sweep) {
		sweep->guard = guard;
		sweep->tracker = track;
		sweep->overflow = overflow;
		sweep->limits = limits;
		sweep->first = true;
		sweep->dialogs = (struct cg_usage_alarm){ .map = "dialogs", .max = max };
		sweep->pending =
			(struct cg_usage_alarm){ .map = "pending", .max = cg_pending_max(max) };
		sweep->unguarded =
			(struct cg_usage_alarm){ .map = "overflow", .max = CG_OVERFLOW_MAX };
	}
	return sweep;
}

void cg_map_scan_free(struct cg_map_scan *sweep)
{
	free(sweep);
}

static void enter(struct cg_map_scan *sweep, enum stage stage)
{
	sweep->stage = stage;
	sweep->begun = false;
	sweep->met = 0;
	sweep->slot = 0;
}

void cg_map_scan_start(struct cg_map_scan *sweep)
{
	if (sweep->stage != REST) {
		sweep->again = true;
		return;
	}
	cg_tracker_next_scan(sweep->tracker);
	sweep->work = sweep->longest = 0;
	if (sweep->first)
		cg_progress_start("dialogs looked at", 0);
	enter(sweep, DIALOGS);
}

bool cg_map_scan_request(struct cg_map_scan *sweep, __u64 now)
{
	if (sweep->stage != REST || now < sweep->rest_until)
		return false;
	cg_map_scan_start(sweep);
	return true;
}

bool cg_map_scan_is_running(const struct cg_map_scan *sweep)
{
	return sweep->stage != REST;
}

void cg_map_scan_get_status(const struct cg_map_scan *sweep, struct cg_map_scan_status *status)
{
	*status = sweep->done;
	status->maps[0] = sweep->dialogs;
	status->maps[1] = sweep->pending;
	status->maps[2] = sweep->unguarded;
}

/* Number of entries in keys and values; *last: the map has no more. Or -errno. */
static int fetch(struct cg_map_scan *sweep, int fd, __u64 flags, bool *last)
{
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = flags);
	__u32 count = CG_SCAN_BATCH, next;
	int err = 0;

	if (bpf_map_lookup_batch(fd, sweep->begun ? &sweep->token : NULL, &next, &sweep->keys,
				 &sweep->values, &count, &opts))
		err = -errno;
	*last = err == -ENOENT;
	if (err && !*last)
		return err;
	sweep->token = next;
	sweep->begun = true;
	sweep->met += count;
	return count;
}

static int sweep_dialogs(struct cg_map_scan *sweep, __u64 now)
{
	bool last;
	int n = fetch(sweep, sweep->guard->dialogs_fd, BPF_F_LOCK, &last);

	cg_progress_update(sweep->met);
	for (int i = 0; i < n; i++)
		cg_tracker_update(sweep->tracker, &sweep->keys.dialogs[i],
				  &sweep->values.dialogs[i], now);
	if (n >= 0 && last) {
		cg_usage_alarm_update(&sweep->dialogs, sweep->met);
		enter(sweep, cg_overflow_has_pending(sweep->overflow) ? PENDING : OVERFLOW);
	}
	return n < 0 ? n : 0;
}

static int sweep_overflow(struct cg_map_scan *sweep, __u64 now)
{
	bool last;
	int n = fetch(sweep, sweep->guard->overflow_fd, BPF_F_LOCK, &last);

	for (int i = 0; i < n; i++)
		cg_overflow_store(sweep->overflow, &sweep->keys.dialogs[i],
				  &sweep->values.dialogs[i], now);
	if (n >= 0 && last) {
		cg_usage_alarm_update(&sweep->unguarded, sweep->met);
		enter(sweep, PENDING);
	}
	return n < 0 ? n : 0;
}

static bool stale(const struct cg_invite *invite, const struct cg_limits *limits, __u64 now)
{
	if (invite->done && now > invite->done)
		return now - invite->done > limits->invite_grace;
	return now > invite->renewed && now - invite->renewed > limits->invite_timeout;
}

static int sweep_pending(struct cg_map_scan *sweep, __u64 now)
{
	bool last;
	int n = fetch(sweep, sweep->guard->pending_fd, 0, &last);

	for (int i = 0; i < n; i++)
		if (stale(&sweep->values.pending[i], sweep->limits, now))
			bpf_map_delete_elem(sweep->guard->pending_fd, &sweep->keys.pending[i]);
	if (n >= 0 && last) {
		cg_usage_alarm_update(&sweep->pending, sweep->met);
		enter(sweep, FORGET);
	}
	return n < 0 ? n : 0;
}

static void finish(struct cg_map_scan *sweep, __u64 now)
{
	__u64 rest = sweep->work * REST_FOR, others = cg_loop_longest();

	sweep->done.count++;
	sweep->done.work = sweep->work;
	sweep->done.longest = sweep->longest;
	sweep->done.others = others;
	cg_log_debug("sweep: %u dialogs, %llu ms of work, its longest turn %llu us, the rings' and "
		     "all others' %llu us",
		     cg_tracker_count(sweep->tracker), (unsigned long long)sweep->work / 1000000,
		     (unsigned long long)sweep->longest / 1000, (unsigned long long)others / 1000);
	sweep->rest_until = now + (rest < REST_MAX ? rest : REST_MAX);
	sweep->first = false;
	cg_progress_end();
	enter(sweep, REST);
	if (sweep->again) {
		sweep->again = false;
		cg_map_scan_start(sweep);
	}
}

static int turn(struct cg_map_scan *sweep, __u64 now)
{
	switch (sweep->stage) {
	case DIALOGS:
		return sweep_dialogs(sweep, now);
	case OVERFLOW:
		return sweep_overflow(sweep, now);
	case PENDING:
		return sweep_pending(sweep, now);
	case FORGET:
		sweep->slot = cg_tracker_expire(sweep->tracker, sweep->slot);
		return !sweep->slot;
	case REST:
		break;
	}
	return 0;
}

int cg_map_scan_run(struct cg_map_scan *sweep, __u64 now)
{
	int result = turn(sweep, now);
	__u64 end = cg_boottime();

	sweep->work += end - now;
	if (end - now > sweep->longest)
		sweep->longest = end - now;
	if (result == 1) {
		finish(sweep, end);
	} else if (result) {
		cg_progress_end();
		enter(sweep, REST);
	}
	return result;
}
