// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The stages of a map scan: what each does with a batch of its map. */
#include <bpf/bpf.h>
#include <errno.h>

#include "ingest/map_scan_internal.h"
#include "util/clock.h"
#include "util/progress.h"

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

static void finish_collecting(struct cg_map_scan *scan)
{
	if (scan->living)
		scan->living->complete = true;
	scan->living = NULL;
}

static void scan_dialog(struct cg_map_scan *scan, const struct cg_dialog_key *key,
			const struct cg_dialog *dialog, __u64 now)
{
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
		finish_collecting(scan);
		cg_usage_alarm_update(&scan->dialogs, scan->n_found);
		cg_pressure_decide(&scan->pressure, scan->n_dialogs, scan->dialogs.max);
		cg_map_scan_enter(scan,
				  cg_overflow_has_pending(scan->overflow) ? BRANCHES : OVERFLOW);
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
		cg_map_scan_enter(scan, BRANCHES);
	}
	return n < 0 ? n : 0;
}

/* done, renewed: of a note or a branch (CLOCK_BOOTTIME, ns; done 0: no final response). */
static bool invite_is_expired(__u64 done, __u64 renewed, const struct cg_limits *limits, __u64 now)
{
	if (done && cg_time_is_after(now, done))
		return now - done > limits->invite_grace;
	return cg_time_is_older(renewed, limits->invite_timeout, now);
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
		cg_map_scan_enter(scan, PENDING);
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
		cg_map_scan_enter(scan, PRESSURE);
	}
	return n < 0 ? n : 0;
}

static int write_shares(struct cg_map_scan *scan)
{
	int result = cg_share_count_write(scan->shares);

	if (result == 1)
		cg_map_scan_enter(scan, FORGET);
	return result < 0 ? result : 0;
}

int cg_map_scan_run_stage(struct cg_map_scan *scan, __u64 now)
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
			cg_map_scan_enter(scan, SHARES);
		break;
	case SHARES:
		return write_shares(scan);
	case FORGET:
		scan->slot = cg_tracker_expire(scan->tracker, scan->slot);
		return !scan->slot;
	case IDLE:
	case FAILED:
		break;
	}
	return 0;
}
