/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Has the rows closed that have lost their dialog (postgres/stale_calls.h): after the first scan, then
 * each hour. A round needs the set of all dialogs, so it begins with a scan that collects them. The first
 * round of a pair's host waits for what Redis has: a host that was started again gets its dialogs back,
 * and their rows are not stale.
 */
#ifndef CG_DAEMON_STALE_ROWS_H
#define CG_DAEMON_STALE_ROWS_H

#include <pthread.h>
#include <stdatomic.h>

#include "ingest/map_scan.h"
#include "maps/guard_maps.h"
#include "pair/pair.h"
#include "postgres/ship.h"

struct cg_stale_rows { /* owns the set alone */
	const struct cg_guard_maps *guard;
	const struct cg_limits *limits;
	struct cg_map_scan *scan;
	struct cg_ship **ship; /* NULL there: the spool is the store */
	struct cg_pair **pair; /* NULL there: the host is alone */
	const char *spool;
	struct cg_stale_calls calls; /* of the round */
	struct cg_living_calls *living; /* NULL: no round */
	__u64 waits_since; /* for the pair; 0: it has not waited yet */
	__u64 due_at; /* of the next round; CLOCK_BOOTTIME, ns */
	int error; /* of the last round that failed, logged; 0: none */
	bool thread_runs; /* in the spool */
	pthread_t thread;
	atomic_bool thread_done;
	int thread_result; /* rows, or -errno; valid if thread_done */
};

/* Called each second. now: CLOCK_BOOTTIME, ns. */
void cg_stale_rows_poll(struct cg_stale_rows *rows, __u64 now);

/* Waits for the thread, and frees the set. The shipper must be freed already. */
void cg_stale_rows_finish(struct cg_stale_rows *rows);

#endif
