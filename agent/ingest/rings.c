// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/rings.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"

#define POLL_TURNS 128

struct ring {
	struct cg_rings *rings;
	struct ring_buffer *buffer; /* NULL: `reader` reads it */
	struct cg_ring_reader *reader;
	sd_event_source *source;
	unsigned int n_read; /* in this batch */
	bool paused;
	__u64 polled_at; /* CLOCK_BOOTTIME, ns */
	__u64 longest_gap; /* between two polls, ns */
};

struct cg_rings {
	sd_event_source *timer;
	struct ring events;
	struct ring alerts;
	struct cg_rings_callbacks callbacks;
	bool foreign_logged;
	uint64_t turn; /* number of the last turn of the loop that handled a ring */
};

/* libbpf consumes the record in any case: an error only ends the batch. */
static int handle_record(void *ctx, void *data, size_t size)
{
	struct ring *ring = ctx;
	struct cg_rings *rings = ring->rings;
	struct cg_event event;

	if (size >= sizeof(event))
		memcpy(&event, data, sizeof(event));
	if (!cg_event_check(&event, size)) {
		if (!rings->foreign_logged)
			cg_log_warning("events with a layout other than %d are ignored", CG_LAYOUT);
		rings->foreign_logged = true;
		return 0;
	}
	if (!rings->callbacks.handle(rings->callbacks.ctx, &event))
		ring->paused = true;
	return ring->paused || ++ring->n_read >= CG_EVENTS_PER_RUN ? -EAGAIN : 0;
}

/* Reads records until a batch is complete. True: the ring is empty. */
static bool read_records(struct ring *ring)
{
	struct cg_event event;
	ssize_t length;

	if (ring->buffer)
		return ring_buffer__consume(ring->buffer) >= 0;
	while ((length = cg_ring_reader_next(ring->reader, &event, sizeof(event))) > 0)
		if (handle_record(ring, &event, length))
			return false;
	return true;
}

/* Reads a batch of events. True: the ring is empty. */
static bool read_events(struct ring *ring)
{
	struct cg_rings_callbacks *callbacks = &ring->rings->callbacks;
	__u64 now = cg_boottime();
	bool empty;

	if (now - ring->polled_at > ring->longest_gap)
		ring->longest_gap = now - ring->polled_at;
	ring->polled_at = now;
	if (!callbacks->has_space(callbacks->ctx))
		ring->paused = true;
	if (ring->paused)
		return false;
	ring->n_read = 0;
	empty = read_records(ring);
	callbacks->batch_done(callbacks->ctx);
	return empty;
}

static void read_all(struct ring *ring)
{
	for (int turn = 0; turn < POLL_TURNS && !read_events(ring) && !ring->paused; turn++)
		;
}

/*
 * Handles a ring with priority over other sources, but not in two successive turns: a ring that is
 * always ready would starve the others. The second time it gets normal priority.
 */
static int handle_ring(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct ring *ring = ctx;
	struct cg_rings *rings = ring->rings;
	uint64_t last = rings->turn;

	(void)fd, (void)events;
	sd_event_get_iteration(sd_event_source_get_event(source), &rings->turn);
	sd_event_source_set_priority(source, rings->turn == last + 1 ? SD_EVENT_PRIORITY_NORMAL
								     : CG_PRIORITY_RINGS);
	if (ring->reader)
		read_all(ring); /* its source reports a record once */
	else
		read_events(ring);
	if (ring->paused)
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

/*
 * Polls both rings every CG_ALERTS_POLL_NS, because `alerts` wakes its reader only when it fills
 * up. The rest of a long backlog waits for the next poll.
 */
static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_rings *rings = ctx;

	(void)usec;
	cg_timer_set(timer, CG_ALERTS_POLL_NS);
	read_events(&rings->events);
	read_all(&rings->alerts);
	return 0;
}

/*
 * A ring whose records are not freed at once stays readable, so its source reports wakeups only.
 * The kernel wakes the reader of `alerts` for each record that finds the ring more than a quarter
 * full.
 */
static int watch_ring(struct ring *ring, sd_event *loop, int fd, const char *name)
{
	uint32_t events = ring->reader ? EPOLLIN | EPOLLET : EPOLLIN;
	int err = sd_event_add_io(loop, &ring->source, fd, events, handle_ring, ring);

	if (err >= 0)
		err = sd_event_source_set_priority(ring->source, CG_PRIORITY_RINGS);
	if (err < 0)
		cg_log_err("cannot read ring %s: %s", name, strerror(-err));
	return err < 0 ? err : 0;
}

static int open_events(struct cg_rings *rings, sd_event *loop, int fd)
{
	struct ring *ring = &rings->events;
	int err;

	*ring = (struct ring){ .rings = rings, .polled_at = cg_boottime() };
	ring->buffer = ring_buffer__new(fd, handle_record, ring, NULL);
	if (ring->buffer)
		return watch_ring(ring, loop, fd, "events");
	err = -errno;
	cg_log_err("cannot read ring events: %s", strerror(-err));
	return err;
}

static int start_timer(struct cg_rings *rings, sd_event *loop)
{
	int err = cg_timer_add(loop, &rings->timer, handle_timer, rings);

	if (err)
		return err;
	cg_timer_set(rings->timer, 1);
	err = sd_event_source_set_priority(rings->timer, CG_PRIORITY_RINGS);
	return err < 0 ? err : 0;
}

int cg_rings_new(sd_event *loop, const struct cg_rings_sources *sources,
		 const struct cg_rings_callbacks *callbacks, struct cg_rings **out)
{
	struct cg_rings *rings = calloc(1, sizeof(*rings));
	int err;

	if (!rings)
		return -ENOMEM;
	rings->callbacks = *callbacks;
	rings->alerts = (struct ring){ .rings = rings,
				       .reader = sources->alerts,
				       .polled_at = cg_boottime() };
	err = open_events(rings, loop, sources->events_fd);
	if (!err)
		err = watch_ring(&rings->alerts, loop, sources->alerts_fd, "alerts");
	if (!err)
		err = start_timer(rings, loop);
	if (err)
		cg_rings_free(rings);
	else
		*out = rings;
	return err;
}

static void close_ring(struct ring *ring)
{
	sd_event_source_disable_unref(ring->source);
	ring_buffer__free(ring->buffer);
}

void cg_rings_free(struct cg_rings *rings)
{
	if (!rings)
		return;
	sd_event_source_disable_unref(rings->timer);
	close_ring(&rings->events);
	close_ring(&rings->alerts);
	free(rings);
}

static void resume_ring(struct ring *ring)
{
	if (!ring->paused)
		return;
	ring->paused = false;
	sd_event_source_set_enabled(ring->source, SD_EVENT_ON);
}

void cg_rings_resume(struct cg_rings *rings)
{
	resume_ring(&rings->events);
	resume_ring(&rings->alerts);
}

__u64 cg_rings_age(const struct cg_rings *rings, __u64 now)
{
	__u64 events_at = rings->events.polled_at, alerts_at = rings->alerts.polled_at;

	return now - (events_at < alerts_at ? events_at : alerts_at);
}

__u64 cg_rings_longest_gap(const struct cg_rings *rings)
{
	__u64 events = rings->events.longest_gap, alerts = rings->alerts.longest_gap;

	return events > alerts ? events : alerts;
}

bool cg_rings_drain(struct cg_rings *rings)
{
	bool events_done = read_events(&rings->events), alerts_done = read_events(&rings->alerts);

	return events_done && alerts_done;
}
