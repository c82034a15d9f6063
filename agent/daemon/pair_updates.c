// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What another host of the pair has changed in the maps is accounted for, as events of the guard are. */
#include "daemon/daemon.h"
#include "spool/writer.h"
#include "util/clock.h"

/* Without room in the writer's queue the next scan finds it. */
static bool may_update(const struct cg_daemon *d)
{
	return !d->closing.begun && cg_writer_queue_space(d->writer) > CG_STEPS_PER_UPDATE;
}

static void handle_merged(void *ctx, const struct cg_dialog_key *key)
{
	struct cg_daemon *d = ctx;

	if (may_update(d))
		cg_tracker_fetch(d->tracker, key, cg_boottime());
}

static void handle_gone(void *ctx, const struct cg_dialog_key *key)
{
	struct cg_daemon *d = ctx;

	if (!d->closing.begun)
		cg_tracker_drop_foreign(d->tracker, key);
}

int cg_daemon_start_pair(struct cg_daemon *d)
{
	d->reload.tracker = d->tracker;
	d->reload.node = d->origin.node;
	d->reload.pair_callbacks = (struct cg_pair_callbacks){ .merged = handle_merged,
							       .gone = handle_gone,
							       .ctx = d };
	return cg_reload_pair(&d->reload);
}
