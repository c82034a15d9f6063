/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The two rings, `events` and `alerts`, each with a consumer of its own (libbpf 1.1 stops all rings
 * of one object when one callback stops). While the writer's queue is full they rest: a ring that
 * overflows costs a sweep, which is cheaper than memory without end.
 */
#ifndef CG_INGEST_RINGS_H
#define CG_INGEST_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "cseqguard.h"

struct cg_rings;

#define CG_EVENTS_PER_RUN                                                                          \
	32 /* of one ring: PostgreSQL waits for the loop no longer than that takes */

struct cg_rings_callbacks {
	/* False: to be left alone until cg_rings_resume(). The event is whole and of our layout. */
	bool (*take)(void *ctx, const struct cg_event *event);
	void (*turned)(void *ctx); /* those of a turn are taken, CG_EVENTS_PER_RUN at most */
	void *ctx;
};

/* 0 or -errno, logged. */
int cg_rings_new(sd_event *loop, int events_fd, int alerts_fd,
		 const struct cg_rings_callbacks *user, struct cg_rings **rings);
void cg_rings_free(struct cg_rings *rings);

void cg_rings_resume(struct cg_rings *rings);
/* Age in ns of the last poll of the ring that was polled least recently. */
__u64 cg_rings_age(const struct cg_rings *rings, __u64 now);
/* Takes what is there now, as far as `take` goes along. True: both are empty. */
bool cg_rings_drain(struct cg_rings *rings);

#endif
