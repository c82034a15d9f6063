/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Reads the two rings, `events` and `alerts`. libbpf reads `events` and frees each record at once:
 * a record that is lost costs a map scan. The records of `alerts` stay until they are on disk, see
 * violations.h. While the writer's queue is full both rings are paused, which is cheaper than
 * unbounded memory.
 */
#ifndef CG_INGEST_RINGS_H
#define CG_INGEST_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "cseqguard.h"
#include "maps/ring_reader.h"

struct cg_rings;

#define CG_EVENTS_PER_RUN 32 /* of one ring: bounds the time for which the rest of the loop waits */

struct cg_rings_callbacks {
	/*
	 * True if there is space for what an event leads to. False: pause until cg_rings_resume().
	 */
	bool (*has_space)(void *ctx);
	/*
	 * Gets a complete event of the current layout. Returns as has_space(), for the next event.
	 */
	bool (*handle)(void *ctx, const struct cg_event *event);
	void (*batch_done)(void *ctx); /* after at most CG_EVENTS_PER_RUN events */
	void *ctx;
};

struct cg_rings_sources { /* must outlive the rings */
	int events_fd, alerts_fd;
	struct cg_ring_reader *alerts;
};

/* Starts to read both rings, and polls them every CG_ALERTS_POLL_NS. 0 or -errno, logged. */
int cg_rings_new(sd_event *loop, const struct cg_rings_sources *sources,
		 const struct cg_rings_callbacks *callbacks, struct cg_rings **rings);
void cg_rings_free(struct cg_rings *rings);

void cg_rings_resume(struct cg_rings *rings);
/* Returns the time since the last poll of the ring that was polled least recently, in ns. */
__u64 cg_rings_age(const struct cg_rings *rings, __u64 now);
/* Returns the longest time between two polls of a ring since the start, in ns. */
__u64 cg_rings_longest_gap(const struct cg_rings *rings);
/* Reads one batch of each ring. True: both are empty. */
bool cg_rings_drain(struct cg_rings *rings);

#endif
