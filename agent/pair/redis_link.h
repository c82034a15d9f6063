/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A connection to Redis in the event loop, over TCP or a Unix socket, which is made again whenever it
 * breaks. Nothing here waits: what a slow Redis does not take is refused beyond a bound, and a Redis that
 * leaves a command without an answer for CG_REDIS_SILENCE_NS is left.
 *
 * hiredis parses the replies. Its own asynchronous connection is not used: it ends the process when
 * Redis sends a reply that nobody has asked for, and its buffers have no bound.
 */
#ifndef CG_PAIR_REDIS_LINK_H
#define CG_PAIR_REDIS_LINK_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "pair/redis_output.h"
#include "pair/redis_reader.h"
#include "util/clock.h"

#define CG_REDIS_SILENCE_NS (3 * CG_SECOND)
#define CG_REDIS_WAITING_MAX 65536 /* commands without a reply */

#define CG_REDIS_TOO_LONG "a reply is too long" /* why a link went down */

struct cg_redis_link;

struct cg_redis_options { /* the strings must outlive the link */
	const char *address; /* as cg_endpoint_parse_redis() takes it */
	const char *user; /* NULL: the default one */
	const char *password_file; /* NULL: no password */
	__u64 database;
};

struct cg_redis_callbacks {
	void (*up)(void *ctx); /* commands may be sent */
	void (*down)(void *ctx, const char *why); /* commands without a reply never get one */
	void (*room)(void *ctx); /* replies came, so there may be room for more commands */
	void *ctx;
};

/* reply: valid during the call; may be an error of Redis. tag: as given with the command. */
typedef void (*cg_redis_handler)(void *ctx, __u64 tag, const redisReply *reply);

/* Connects in the next turn of the loop. Returns 0 or -errno. */
int cg_redis_link_new(sd_event *loop, const struct cg_redis_options *options,
		      const struct cg_redis_callbacks *callbacks, struct cg_redis_link **link);
void cg_redis_link_free(struct cg_redis_link *link); /* NULL is ignored */

/* NULL is not up, and has sent nothing. */
bool cg_redis_link_is_up(const struct cg_redis_link *link);

/* True if `n` commands with so many bytes in all find room. */
bool cg_redis_link_has_room(const struct cg_redis_link *link, unsigned int n, size_t bytes);

/* Queues a command. handler: gets the reply, with `ctx`. Returns 0 or -errno: it was not queued. */
int cg_redis_link_send(struct cg_redis_link *link, cg_redis_handler handler, void *ctx, __u64 tag,
		       const struct cg_redis_arg *args, unsigned int n_args);

/* Ends the connection, in the next turn of the loop; it is made again. */
void cg_redis_link_fail(struct cg_redis_link *link, const char *why);

/* Call each second. now: CLOCK_BOOTTIME, ns. */
void cg_redis_link_poll(struct cg_redis_link *link, __u64 now);

struct cg_redis_counts {
	__u64 commands, bytes; /* sent */
};
struct cg_redis_counts cg_redis_link_counts(const struct cg_redis_link *link);

#endif
