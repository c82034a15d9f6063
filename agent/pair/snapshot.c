// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Reads all dialogs from Redis, a batch of keys at a time, or one dialog. */
#include <stdio.h>
#include <string.h>

#include "pair/pair_internal.h"
#include "util/text.h"

#define SCAN_COUNT "1024" /* keys in one reply, about */
#define RINGING_MS 180000 /* the stream is read from that long ago: notes of calls that ring */
#define FILLS_MAX 64 /* at once */

/* The fields are w:NODE, h:NODE and c:NODE: only a whole dialog can be inserted, so it comes first. */
static void merge_fields(struct cg_pair *pair, const redisReply *reply)
{
	const redisReply *field, *value;
	const char *name, *bytes;
	size_t len;

	for (const char *kind = "whc"; *kind; kind++)
		for (size_t i = 0; (field = cg_redis_element(reply, i)) &&
				   (value = cg_redis_element(reply, i + 1));
		     i += 2) {
			name = cg_redis_text(field, &len);
			if (!name || *name != *kind)
				continue;
			bytes = cg_redis_text(value, &len);
			if (bytes)
				cg_merge_record(pair, bytes, len, false);
		}
}

static void scan(struct cg_pair *pair);

/* The last dialog of a SCAN came: the next SCAN, or the stream. */
static void finish_batch(struct cg_pair *pair)
{
	struct cg_pair_follower *f = &pair->follower;

	if (f->pending || !f->is_scanning)
		return;
	if (strcmp(f->cursor, "0")) {
		scan(pair);
		return;
	}
	f->is_scanning = false;
	f->position = f->start;
	f->has_read = false;
	cg_follow_read(pair);
}

static void handle_dialog(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;

	(void)tag;
	merge_fields(pair, reply);
	pair->follower.pending--;
	finish_batch(pair);
}

static void ask_for(struct cg_pair *pair, const redisReply *name)
{
	size_t len;
	const char *key = cg_redis_text(name, &len);

	if (!key || len >= CG_PAIR_KEY_MAX)
		return;
	if (!cg_follow_send(pair, handle_dialog,
			    (struct cg_redis_arg[]){ CG_REDIS_TEXT("HGETALL"), { key, len } }, 2))
		pair->follower.pending++;
}

static void handle_scan(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	struct cg_pair_follower *f = &pair->follower;
	const redisReply *keys = cg_redis_element(reply, 1);
	size_t len;
	const char *cursor = cg_redis_text(cg_redis_element(reply, 0), &len);

	(void)tag;
	if (!cursor || !keys || len >= sizeof(f->cursor)) {
		cg_follow_fail(pair, "cannot scan its keys", reply);
		return;
	}
	snprintf(f->cursor, sizeof(f->cursor), "%s", cursor);
	for (size_t i = 0; cg_redis_element(keys, i); i++)
		ask_for(pair, cg_redis_element(keys, i));
	finish_batch(pair);
}

static void scan(struct cg_pair *pair)
{
	char pattern[CG_PAIR_KEY_MAX];

	cg_pair_make_key(pair, "d:", "*", pattern);
	cg_follow_send(pair, handle_scan,
		       (struct cg_redis_arg[]){ CG_REDIS_TEXT("SCAN"),
						CG_REDIS_TEXT(pair->follower.cursor),
						CG_REDIS_TEXT("MATCH"), CG_REDIS_TEXT(pattern),
						CG_REDIS_TEXT("COUNT"), CG_REDIS_TEXT(SCAN_COUNT) },
		       6);
}

/*
 * The ids of the stream are times of Redis, so what is added from now on has a higher id than its time
 * now.
 */
static void handle_start_time(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	__u64 us;

	(void)tag;
	if (cg_pair_read_time(reply, &us) || us < RINGING_MS * 1000ULL) {
		cg_follow_fail(pair, "cannot read its time", reply);
		return;
	}
	/* with an entry that is too long, only what comes from now on is read */
	pair->follower.start.ms = us / 1000 - (pair->follower.shuns_info ? 0 : RINGING_MS);
	pair->follower.start.seq = 0;
	scan(pair);
}

void cg_snapshot_start(struct cg_pair *pair)
{
	struct cg_pair_follower *f = &pair->follower;

	f->must_resync = false;
	f->is_scanning = true;
	f->pending = 0;
	f->resyncs++;
	strcpy(f->cursor, "0");
	cg_follow_send(pair, handle_start_time, (struct cg_redis_arg[]){ CG_REDIS_TEXT("TIME") },
		       1);
}

/* --- one dialog ------------------------------------------------------------------------------ */

static void handle_fill(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;

	(void)tag;
	pair->follower.fills--;
	merge_fields(pair, reply);
}

void cg_snapshot_fill(struct cg_pair *pair, const struct cg_dialog_key *dialog)
{
	char key[CG_PAIR_KEY_MAX];

	if (pair->follower.fills == FILLS_MAX)
		return;
	cg_pair_make_dialog_key(pair, dialog, key);
	if (!cg_redis_link_send(
		    pair->out, handle_fill, pair, 0,
		    (struct cg_redis_arg[]){ CG_REDIS_TEXT("HGETALL"), CG_REDIS_TEXT(key) }, 2))
		pair->follower.fills++;
}
