/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* hiredis' parser of Redis' replies, with bounds: whoever is at the other end decides what is read. */
#ifndef CG_PAIR_REDIS_READER_H
#define CG_PAIR_REDIS_READER_H

#include <hiredis.h>
#include <stddef.h>

#define CG_REDIS_ELEMENTS_MAX 4096 /* of an array */
#define CG_REDIS_REPLY_MAX (4U << 20) /* bytes of a reply */

/* Returns a reader that redisReaderFree() frees; NULL: no memory. */
redisReader *cg_redis_reader_new(void);

/* Adds bytes that were received. Returns 0, -ENOMEM, or -EMSGSIZE: the reply is too long. */
int cg_redis_reader_feed(redisReader *reader, const void *bytes, size_t len);

/*
 * Takes the next complete reply, which freeReplyObject() frees. Returns 1, 0 if there is none, or
 * -EPROTO: no reply of Redis, or an array that is too long.
 */
int cg_redis_reader_next(redisReader *reader, redisReply **reply);

/* --- what a reply says. NULL is no reply, and says nothing ------------------------------------ */

/* Returns element `i` of an array, or NULL. */
const redisReply *cg_redis_element(const redisReply *reply, size_t i);

/* Returns the text of a string or a status, or NULL. It ends with a NUL, and may contain others. */
const char *cg_redis_text(const redisReply *reply, size_t *len);

#endif
