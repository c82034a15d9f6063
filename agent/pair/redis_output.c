// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/redis_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SEND_BYTES (256U << 10) /* at once */
#define PREFIX_MAX 24 /* bytes in front of an argument, and behind it */

/* Makes room for `more` bytes behind the end. */
static int reserve(struct cg_redis_output *output, size_t more)
{
	size_t used = cg_redis_output_count(output), size = output->size ? output->size : 16384;
	char *bytes;

	if (used + more > CG_REDIS_OUTPUT_MAX)
		return -ENOBUFS;
	if (output->end + more <= output->size)
		return 0;
	while (size < used + more)
		size *= 2;
	if (size <= output->size && output->start < output->size / 2)
		size *= 2; /* so that the bytes are not moved for each command */
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	if (used)
		memcpy(bytes, output->bytes + output->start, used);
	free(output->bytes);
	*output = (struct cg_redis_output){ .bytes = bytes, .size = size, .end = used };
	return 0;
}

int cg_redis_output_add(struct cg_redis_output *output, const struct cg_redis_arg *args,
			unsigned int n_args)
{
	size_t most = PREFIX_MAX;
	int err;

	for (unsigned int i = 0; i < n_args; i++)
		most += args[i].len + PREFIX_MAX;
	err = reserve(output, most);
	if (err)
		return err;
	output->end += sprintf(output->bytes + output->end, "*%u\r\n", n_args);
	for (unsigned int i = 0; i < n_args; i++) {
		output->end += sprintf(output->bytes + output->end, "$%zu\r\n", args[i].len);
		memcpy(output->bytes + output->end, args[i].bytes, args[i].len);
		output->end += args[i].len;
		output->end += sprintf(output->bytes + output->end, "\r\n");
	}
	return 0;
}

ssize_t cg_redis_output_send(struct cg_redis_output *output, int fd)
{
	size_t len = cg_redis_output_count(output);
	ssize_t n = send(fd, output->bytes + output->start, len < SEND_BYTES ? len : SEND_BYTES,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	output->start += n;
	if (output->start == output->end)
		output->start = output->end = 0;
	return n;
}

void cg_redis_output_clear(struct cg_redis_output *output)
{
	free(output->bytes);
	*output = (struct cg_redis_output){};
}
