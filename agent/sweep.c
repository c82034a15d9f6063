// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sweep.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filling.h"

enum stage { REST, DIALOGS, OVERFLOW, PENDING, FORGET };

struct cg_sweep {
	const struct cg_guard *guard;
	struct cg_track *track;
	struct cg_overflow *overflow;
	const struct cg_limits *limits;
	enum stage stage;
	bool again;
	bool begun; /* token is where this stage's walk stands */
	__u32 token;
	__u32 met; /* entries, by this stage's walk */
	struct cg_filling dialogs, pending;
	unsigned int slot; /* of FORGET */
	union {
		struct cg_dialog_key dialogs[CG_SWEEP_BATCH];
		struct cg_txn_key pending[CG_SWEEP_BATCH];
	} keys;
	union {
		struct cg_dialog dialogs[CG_SWEEP_BATCH];
		struct cg_invite pending[CG_SWEEP_BATCH];
	} values;
};

struct cg_sweep *cg_sweep_new(const struct cg_guard *guard, struct cg_track *track,
			      struct cg_overflow *overflow, const struct cg_limits *limits)
{
	struct cg_sweep *sweep = calloc(1, sizeof(*sweep));
	__u32 max = guard->config.max_dialogs;

	if (sweep) {
		sweep->guard = guard;
		sweep->track = track;
		sweep->overflow = overflow;
		sweep->limits = limits;
		sweep->dialogs = (struct cg_filling){ .map = "dialogs", .max = max };
		sweep->pending =
			(struct cg_filling){ .map = "pending", .max = cg_pending_max(max) };
	}
	return sweep;
}

void cg_sweep_free(struct cg_sweep *sweep)
{
	free(sweep);
}

static void enter(struct cg_sweep *sweep, enum stage stage)
{
	sweep->stage = stage;
	sweep->begun = false;
	sweep->met = 0;
	sweep->slot = 0;
}

void cg_sweep_start(struct cg_sweep *sweep)
{
	if (sweep->stage != REST) {
		sweep->again = true;
		return;
	}
	cg_track_next_sweep(sweep->track);
	enter(sweep, DIALOGS);
}

bool cg_sweep_running(const struct cg_sweep *sweep)
{
	return sweep->stage != REST;
}

/* Number of entries in keys and values; *last: the map has no more. Or -errno. */
static int fetch(struct cg_sweep *sweep, int fd, __u64 flags, bool *last)
{
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = flags);
	__u32 count = CG_SWEEP_BATCH, next;
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

static int sweep_dialogs(struct cg_sweep *sweep, __u64 now)
{
	bool last;
	int n = fetch(sweep, sweep->guard->dialogs_fd, BPF_F_LOCK, &last);

	for (int i = 0; i < n; i++)
		cg_track_look(sweep->track, &sweep->keys.dialogs[i], &sweep->values.dialogs[i],
			      now);
	if (n >= 0 && last) {
		cg_filling_look(&sweep->dialogs, sweep->met);
		enter(sweep, cg_overflow_waits(sweep->overflow) ? PENDING : OVERFLOW);
	}
	return n < 0 ? n : 0;
}

static int sweep_overflow(struct cg_sweep *sweep, __u64 now)
{
	bool last;
	int n = fetch(sweep, sweep->guard->overflow_fd, BPF_F_LOCK, &last);

	for (int i = 0; i < n; i++)
		cg_overflow_look(sweep->overflow, &sweep->keys.dialogs[i],
				 &sweep->values.dialogs[i], now);
	if (n >= 0 && last)
		enter(sweep, PENDING);
	return n < 0 ? n : 0;
}

static bool stale(const struct cg_invite *invite, const struct cg_limits *limits, __u64 now)
{
	if (invite->done && now > invite->done)
		return now - invite->done > limits->invite_grace;
	return now > invite->moved && now - invite->moved > limits->invite_timeout;
}

static int sweep_pending(struct cg_sweep *sweep, __u64 now)
{
	bool last;
	int n = fetch(sweep, sweep->guard->pending_fd, 0, &last);

	for (int i = 0; i < n; i++)
		if (stale(&sweep->values.pending[i], sweep->limits, now))
			bpf_map_delete_elem(sweep->guard->pending_fd, &sweep->keys.pending[i]);
	if (n >= 0 && last) {
		cg_filling_look(&sweep->pending, sweep->met);
		enter(sweep, FORGET);
	}
	return n < 0 ? n : 0;
}

int cg_sweep_turn(struct cg_sweep *sweep, __u64 now)
{
	int err = 0;

	switch (sweep->stage) {
	case DIALOGS:
		err = sweep_dialogs(sweep, now);
		break;
	case OVERFLOW:
		err = sweep_overflow(sweep, now);
		break;
	case PENDING:
		err = sweep_pending(sweep, now);
		break;
	case FORGET:
		sweep->slot = cg_track_forget(sweep->track, sweep->slot);
		if (sweep->slot)
			break;
		enter(sweep, REST);
		if (sweep->again) {
			sweep->again = false;
			cg_sweep_start(sweep);
		}
		return 1;
	case REST:
		break;
	}
	if (err)
		enter(sweep, REST);
	return err;
}
