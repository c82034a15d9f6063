// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/alerts_left.h"

#include <errno.h>
#include <unistd.h>

#include "calls/violation_fold.h"
#include "calls/violation_row.h"
#include "ingest/violations.h"
#include "maps/pins.h"
#include "util/clock.h"
#include "util/ifname.h"

struct store {
	struct cg_spool *spool;
	int err;
};

int cg_alerts_left_open(const char *instance, struct cg_ring_reader **ring, bool *has_records)
{
	int fd = cg_map_open_writable(instance, "alerts", 0, 0), err;

	if (fd < 0)
		return fd;
	err = cg_ring_reader_open(fd, true, ring);
	close(fd);
	if (!err)
		*has_records = cg_ring_reader_has_records(*ring);
	return err;
}

static bool put_row(void *ctx, const struct cg_violation_row *row)
{
	struct store *store = ctx;

	if (!store->err)
		store->err = cg_spool_put(store->spool, CG_TABLE_VIOLATION, row);
	return !store->err;
}

static void put_records(struct cg_ring_reader *ring, struct cg_fold *fold,
			const struct cg_origin *origin, struct store *store)
{
	int ifname_fd = cg_ifname_open(NULL);
	struct cg_violation_row row;
	char ifname[IF_NAMESIZE];
	struct cg_event event;
	ssize_t size;

	while (!store->err && (size = cg_ring_reader_next(ring, &event, sizeof(event))) > 0) {
		if (!cg_event_check(&event, size) || event.type != CG_EV_VIOLATION)
			continue;
		cg_ifname_get(ifname_fd, event.ifindex, ifname);
		cg_violation_fill_event(&event, origin, ifname, &row);
		if (cg_fold_admit(fold, &row))
			put_row(store, &row);
	}
	if (ifname_fd >= 0)
		close(ifname_fd);
}

int cg_alerts_left_put(struct cg_ring_reader *ring, const struct cg_config *config,
		       const struct cg_origin *origin, struct cg_spool *spool)
{
	struct store store = { .spool = spool };
	struct cg_ring_position counted;
	struct cg_fold *fold = cg_fold_new();

	if (!fold)
		return -ENOMEM;
	cg_violations_name_ring(&counted, origin->node, config);
	store.err = cg_spool_get_ring_position(spool, &counted);
	if (!store.err) {
		cg_ring_reader_skip(ring, counted.position);
		put_records(ring, fold, origin, &store);
		cg_fold_flush(fold, cg_boottime(), put_row, &store);
	}
	counted.position = cg_ring_reader_position(ring);
	if (!store.err)
		store.err = cg_spool_put_ring_position(spool, &counted);
	cg_fold_free(fold);
	return store.err;
}
