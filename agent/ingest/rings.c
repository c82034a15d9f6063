// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/rings.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "util/log.h"
#include "util/loop.h"

#define TURNS_A_LOOK 128

struct ring {
	struct cg_rings *rings;
	struct ring_buffer *buffer;
	struct cg_watch watch;
	unsigned int taken; /* this turn */
	bool resting;
};

struct cg_rings {
	int loop;
	struct ring events;
	struct ring alerts;
	struct cg_rings_callbacks user;
	bool foreign; /* said already */
};

/* libbpf has moved past the record when this returns: an error only ends the turn. */
static int take_record(void *ctx, void *data, size_t size)
{
	struct ring *ring = ctx;
	struct cg_rings *rings = ring->rings;
	struct cg_event event;

	if (size >= sizeof(event))
		memcpy(&event, data, sizeof(event));
	if (size < sizeof(event) || event.layout != CG_LAYOUT || event.size != sizeof(event)) {
		if (!rings->foreign)
			cg_log_warning(
				"an event is of another layout than %d: ignored, and all like it",
				CG_LAYOUT);
		rings->foreign = true;
		return 0;
	}
	event.call_id[CG_CALL_ID_MAX - 1] = '\0';
	event.from_tag[CG_TAG_MAX - 1] = '\0';
	event.to_tag[CG_TAG_MAX - 1] = '\0';
	if (!rings->user.take(rings->user.ctx, &event))
		ring->resting = true;
	return ring->resting || ++ring->taken >= CG_EVENTS_PER_RUN ? -EAGAIN : 0;
}

/* True: the ring is empty. */
static bool take_turn(struct ring *ring)
{
	struct cg_rings_callbacks *user = &ring->rings->user;
	bool empty;

	if (ring->resting)
		return false;
	ring->taken = 0;
	empty = ring_buffer__consume(ring->buffer) >= 0;
	user->turned(user->ctx);
	return empty;
}

static void ready(void *ctx, __u32 events)
{
	struct ring *ring = ctx;

	(void)events;
	take_turn(ring);
	if (ring->resting)
		cg_loop_watch(ring->rings->loop, &ring->watch, 0);
}

static int ring_open(struct cg_rings *rings, struct ring *ring, int fd, const char *name)
{
	int err;

	*ring = (struct ring){
		.rings = rings,
		.watch = { .fd = fd, .ready = ready, .ctx = ring },
	};
	ring->buffer = ring_buffer__new(fd, take_record, ring, NULL);
	err = ring->buffer ? cg_loop_watch(rings->loop, &ring->watch, EPOLLIN) : -errno;
	if (err)
		cg_log_err("cannot read ring %s: %s", name, strerror(-err));
	return err;
}

int cg_rings_new(int loop, int events_fd, int alerts_fd, const struct cg_rings_callbacks *user,
		 struct cg_rings **out)
{
	struct cg_rings *rings = calloc(1, sizeof(*rings));
	int err;

	if (!rings)
		return -ENOMEM;
	rings->loop = loop;
	rings->user = *user;
	err = ring_open(rings, &rings->events, events_fd, "events");
	if (!err)
		err = ring_open(rings, &rings->alerts, alerts_fd, "alerts");
	if (err)
		cg_rings_free(rings);
	else
		*out = rings;
	return err;
}

void cg_rings_free(struct cg_rings *rings)
{
	if (!rings)
		return;
	ring_buffer__free(rings->events.buffer);
	ring_buffer__free(rings->alerts.buffer);
	free(rings);
}

static void resume(struct ring *ring)
{
	if (!ring->resting)
		return;
	ring->resting = false;
	cg_loop_watch(ring->rings->loop, &ring->watch, EPOLLIN);
}

void cg_rings_resume(struct cg_rings *rings)
{
	resume(&rings->events);
	resume(&rings->alerts);
}

/* The rest, after so many turns, at the next look. */
void cg_rings_poll(struct cg_rings *rings)
{
	for (int turn = 0; turn < TURNS_A_LOOK && !take_turn(&rings->alerts); turn++)
		if (rings->alerts.resting)
			break;
}

bool cg_rings_drain(struct cg_rings *rings)
{
	bool events_done = take_turn(&rings->events), alerts_done = take_turn(&rings->alerts);

	return events_done && alerts_done;
}
