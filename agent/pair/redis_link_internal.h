/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The state of a connection to Redis, for redis_link.c and its login in redis_login.c. */
#ifndef CG_PAIR_REDIS_LINK_INTERNAL_H
#define CG_PAIR_REDIS_LINK_INTERNAL_H

#include <sys/socket.h>

#include "pair/redis_link.h"

#define CG_REDIS_TROUBLE_MAX 400

enum cg_redis_state { DOWN, CONNECTING, LOGGING_IN, UP, FAILED };

struct waiting { /* for a reply */
	cg_redis_handler handler;
	void *ctx;
	__u64 tag;
};

struct cg_redis_link {
	sd_event *loop;
	struct cg_redis_options options;
	struct cg_redis_callbacks callbacks;
	struct sockaddr_storage to;
	socklen_t to_len;
	enum cg_redis_state state;
	__u64 backoff;
	__u64 up_at; /* CLOCK_BOOTTIME, ns */
	int fd; /* -1: none */
	sd_event_source *socket;
	sd_event_source *timer; /* DOWN: try again; FAILED: close; else not set */
	bool wants_write;
	redisReader *reader;
	struct cg_redis_output output;
	struct waiting *waiting; /* a ring of CG_REDIS_WAITING_MAX */
	unsigned int first, end; /* in it, modulo its size */
	__u64 quiet_since; /* CLOCK_BOOTTIME, ns: no reply came since, though something waits */
	char why[CG_REDIS_TROUBLE_MAX]; /* FAILED */
	struct cg_redis_counts counts;
};

/* As cg_redis_link_send(), also before the login. */
int cg_redis_link_queue(struct cg_redis_link *link, cg_redis_handler handler, void *ctx, __u64 tag,
			const struct cg_redis_arg *args, unsigned int n_args);

/* As cg_redis_link_fail(). err: an errno. */
void cg_redis_link_fail_by(struct cg_redis_link *link, int err);

/* Sends AUTH, if there is a password, and SELECT. The link is up when Redis agrees. */
void cg_redis_link_log_in(struct cg_redis_link *link);

#endif
