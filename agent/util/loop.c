// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "util/clock.h"

#define EVENTS_A_TURN 16

int cg_loop_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* An fd that was closed leaves the set by itself: then its number may come back as another file. */
int cg_loop_watch(int loop, struct cg_watch *watch, __u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (!epoll_ctl(loop, EPOLL_CTL_MOD, watch->fd, &event))
		return 0;
	if (errno != ENOENT || epoll_ctl(loop, EPOLL_CTL_ADD, watch->fd, &event))
		return -errno;
	return 0;
}

void cg_loop_forget(int loop, struct cg_watch *watch)
{
	epoll_ctl(loop, EPOLL_CTL_DEL, watch->fd, NULL);
}

static __u64 longest; /* turn of a watch, ns */

/* One event a wait: a watch that another one forgets or frees is then never called late. */
int cg_loop_turn(int loop, int timeout_ms)
{
	struct epoll_event event;
	__u64 began, took;

	for (int i = 0; i < EVENTS_A_TURN; i++) {
		int n = epoll_wait(loop, &event, 1, i ? 0 : timeout_ms);
		struct cg_watch *watch = event.data.ptr;

		if (n < 0)
			return errno == EINTR ? 0 : -errno;
		if (!n)
			return 0;
		began = cg_boottime();
		watch->ready(watch->ctx, event.events);
		took = cg_boottime() - began;
		if (took > longest)
			longest = took;
	}
	return 0;
}

__u64 cg_loop_longest(void)
{
	__u64 was = longest;

	longest = 0;
	return was;
}

int cg_timer_new(void)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int cg_timer_set(int fd, __u64 first, __u64 period)
{
	struct itimerspec spec = {
		.it_value = { first / CG_SECOND, first % CG_SECOND },
		.it_interval = { period / CG_SECOND, period % CG_SECOND },
	};

	return timerfd_settime(fd, 0, &spec, NULL) ? -errno : 0;
}

void cg_fd_drain(int fd)
{
	__u64 count;

	/* non-blocking: nothing there is as good */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}
