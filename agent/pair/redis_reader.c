// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/redis_reader.h"

#include <errno.h>

#if HIREDIS_MAJOR >= 1
typedef size_t count_t;
#else
typedef int count_t; /* hiredis 0.14, of Debian 12 */
#endif

static redisReplyObjectFunctions functions;
static void *(*create_array)(const redisReadTask *task, count_t n);

/* hiredis allocates room for all elements as soon as it has read how many there are. */
static void *create_bounded_array(const redisReadTask *task, count_t n)
{
	return n > CG_REDIS_ELEMENTS_MAX ? NULL : create_array(task, n);
}

redisReader *cg_redis_reader_new(void)
{
	redisReader *reader = redisReaderCreate();

	if (!reader)
		return NULL;
	if (!create_array) {
		functions = *reader->fn;
		create_array = functions.createArray;
		functions.createArray = create_bounded_array;
	}
	reader->fn = &functions;
	return reader;
}

int cg_redis_reader_feed(redisReader *reader, const void *bytes, size_t len)
{
	if (reader->len - reader->pos + len > CG_REDIS_REPLY_MAX)
		return -EMSGSIZE;
	return redisReaderFeed(reader, bytes, len) == REDIS_OK ? 0 : -ENOMEM;
}

int cg_redis_reader_next(redisReader *reader, redisReply **reply)
{
	void *next = NULL;

	if (redisReaderGetReply(reader, &next) != REDIS_OK)
		return -EPROTO;
	*reply = next;
	return next != NULL;
}

const redisReply *cg_redis_element(const redisReply *reply, size_t i)
{
	if (!reply || reply->type != REDIS_REPLY_ARRAY || i >= reply->elements)
		return NULL;
	return reply->element[i];
}

const char *cg_redis_text(const redisReply *reply, size_t *len)
{
	if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
		return NULL;
	*len = reply->len;
	return reply->str;
}
