/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* An epoll loop of watches; each watch belongs to whoever added it and is called when it is ready. */
#ifndef CG_UTIL_LOOP_H
#define CG_UTIL_LOOP_H

#include <linux/types.h>
#include <stdbool.h>

struct cg_watch {
	int fd;
	void (*ready)(void *ctx, __u32 events);
	void *ctx;
};

/* The loop's fd, or -errno; the caller closes it. */
int cg_loop_new(void);

/*
 * Watches watch->fd for `events` (EPOLLIN...; 0: only errors), or changes what it is watched for.
 * The watch stays in place until it is removed. 0 or -errno.
 */
int cg_loop_watch(int loop, struct cg_watch *watch, __u32 events);
void cg_loop_forget(int loop, struct cg_watch *watch);

/* Waits up to timeout_ms (-1: for ever) and calls what is ready. 0 or -errno. */
int cg_loop_turn(int loop, int timeout_ms);

/* The longest that one watch was busy since this was asked last, ns. */
__u64 cg_loop_longest(void);

/* A timerfd that fires after `first` ns (0: never) and then every `period` ns (0: once). -errno. */
int cg_timer_new(void);
int cg_timer_set(int fd, __u64 first, __u64 period);

/* Takes the count out of a timerfd or eventfd. */
void cg_fd_drain(int fd);

#endif
