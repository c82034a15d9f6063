/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Commands that wait to be sent to Redis, in a buffer with a bound. */
#ifndef CG_PAIR_REDIS_OUTPUT_H
#define CG_PAIR_REDIS_OUTPUT_H

#include <linux/types.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#define CG_REDIS_OUTPUT_MAX (4U << 20) /* bytes */

struct cg_redis_arg {
	const void *bytes;
	size_t len;
};

/* A text as an argument. */
#define CG_REDIS_TEXT(text) ((struct cg_redis_arg){ (text), strlen(text) })

struct cg_redis_output {
	char *bytes;
	size_t size, start, end; /* of `bytes`, of what is not sent yet */
};

/* Appends a command. Returns 0, -ENOBUFS or -ENOMEM. */
int cg_redis_output_add(struct cg_redis_output *output, const struct cg_redis_arg *args,
			unsigned int n_args);

/* Sends what the socket takes, a bounded number of bytes. Returns how many, or -errno. */
ssize_t cg_redis_output_send(struct cg_redis_output *output, int fd);

static inline size_t cg_redis_output_count(const struct cg_redis_output *output)
{
	return output->end - output->start;
}

void cg_redis_output_clear(struct cg_redis_output *output); /* frees the buffer */

#endif
