// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Fuzzes what reads from Redis. An input is a byte, then a record without its MAC, which gets the right
 * one (0), the bytes of a record (1), or what Redis sends (2). A record that is taken holds only values
 * that the rest relies on, and is written again as it was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair/record.c" /* for make_mac() */
#include "pair/redis_reader.h"

#define HOLD(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "pair_fuzz: does not hold: %s\n", #condition);             \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static struct cg_record_key key;

static void check_record(const struct cg_record *record, const uint8_t *bytes, size_t len)
{
	const struct cg_dialog *dialog = &record->dialog;
	uint8_t again[CG_RECORD_MAX];

	HOLD(record->type < CG_RECORD_TYPES);
	HOLD(cg_record_node_is_valid(record->sender) && cg_record_node_is_valid(record->owner));
	if (record->type == CG_RECORD_WHOLE || record->type == CG_RECORD_HEAD) {
		HOLD(dialog->state > CG_S_EARLY && dialog->state < CG_STATES);
		HOLD(dialog->end_reason < CG_ENDS && dialog->ended_by <= CG_LEG_CALLEE);
		HOLD(!dialog->peer && !dialog->clock && dialog->setup && dialog->answer);
		HOLD(memchr(dialog->call.call_id, 0, CG_CALL_ID_MAX));
		HOLD(memchr(dialog->to_tag, 0, CG_TAG_MAX));
	}
	/* an owner that is the sender may have been written out */
	if (cg_record_encode(&key, record, again) == len)
		HOLD(!memcmp(again, bytes, len));
}

static void read_record(const uint8_t *data, size_t len, int signs)
{
	static struct cg_record record;
	char sender[CG_PEER_NODE_MAX];
	uint8_t *bytes = malloc(len + CG_RECORD_MAC);

	memcpy(bytes, data, len);
	if (signs) {
		make_mac(&key, bytes, len, bytes + len);
		len += CG_RECORD_MAC;
	}
	if (!cg_record_decode(&key, bytes, len, &record))
		check_record(&record, bytes, len);
	if (!cg_record_peek_sender(bytes, len, sender))
		HOLD(cg_record_node_is_valid(sender));
	free(bytes);
}

static void walk(const redisReply *reply, int depth)
{
	const redisReply *element;
	size_t len = 0, n = 0;
	const char *text = cg_redis_text(reply, &len);

	HOLD(depth < 16);
	if (text)
		HOLD(!text[len]);
	while ((element = cg_redis_element(reply, n))) {
		walk(element, depth + 1);
		n++;
	}
	HOLD(n <= CG_REDIS_ELEMENTS_MAX);
}

static void read_replies(const uint8_t *data, size_t len)
{
	redisReader *reader = cg_redis_reader_new();
	redisReply *reply;
	size_t part;

	while (len) {
		part = 1 + data[0] % 64;
		part = part < len ? part : len;
		if (cg_redis_reader_feed(reader, data, part))
			break;
		while (cg_redis_reader_next(reader, &reply) == 1) {
			walk(reply, 0);
			freeReplyObject(reply);
		}
		if (reader->err)
			break;
		data += part;
		len -= part;
	}
	redisReaderFree(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cg_secret secret = { { 1, 2 } };

	if (!len)
		return 0;
	cg_record_make_key(&key, &secret, "edge");
	if (data[0] % 3 == 2)
		read_replies(data + 1, len - 1);
	else
		read_record(data + 1, len - 1, data[0] % 3 == 0);
	return 0;
}
