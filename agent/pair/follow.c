// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Reads what the other hosts publish. After a connection it asks which records the stream has. If some
 * of those that follow the last one that was read are no longer there, it reads all dialogs
 * (snapshot.c), then the stream from a time before it began to. Merging a record twice changes nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair/pair_internal.h"
#include "util/log.h"
#include "util/text.h"

#define READ_COUNT 1024 /* records in one reply, so that a distant Redis is no limit */
#define READ_BLOCK_MS "1000" /* shorter than CG_REDIS_SILENCE_NS */

int cg_follow_send(struct cg_pair *pair, cg_redis_handler handler, const struct cg_redis_arg *args,
		   unsigned int n)
{
	int err = cg_redis_link_send(pair->in, handler, pair, 0, args, n);

	if (err)
		cg_redis_link_fail(pair->in, "no room for a command");
	return err;
}

void cg_follow_fail(struct cg_pair *pair, const char *what, const redisReply *reply)
{
	char text[120], error[160];

	cg_pair_copy_error(reply, text, sizeof(text));
	snprintf(error, sizeof(error), "%s: %s", what, text);
	cg_redis_link_fail(pair->in, error);
}

/* --- ids of the stream ------------------------------------------------------------------------ */

static int parse_id(const redisReply *reply, struct cg_stream_id *id)
{
	size_t len;
	const char *text = cg_redis_text(reply, &len);
	char *end;

	if (!text || !len || len > 41 || strspn(text, "0123456789-") != len || *text == '-')
		return -EBADMSG;
	errno = 0;
	id->ms = strtoull(text, &end, 10);
	if (*end != '-')
		return -EBADMSG;
	id->seq = strtoull(end + 1, &end, 10);
	return *end || end[-1] == '-' || errno ? -EBADMSG : 0;
}

static bool is_before(const struct cg_stream_id *a, const struct cg_stream_id *b)
{
	return a->ms < b->ms || (a->ms == b->ms && a->seq < b->seq);
}

/* --- the stream ------------------------------------------------------------------------------- */

static void read_stream(struct cg_pair *pair);

/* An entry: its id, and its fields and values. */
static int handle_entry(struct cg_pair *pair, const redisReply *entry)
{
	const redisReply *fields = cg_redis_element(entry, 1);
	struct cg_stream_id id;
	const char *value;
	size_t len;

	if (parse_id(cg_redis_element(entry, 0), &id) || !is_before(&pair->follower.position, &id))
		return -EBADMSG;
	pair->follower.position = id;
	pair->follower.has_read = true;
	value = cg_redis_text(cg_redis_element(fields, 1), &len);
	if (value)
		cg_merge_record(pair, value, len, true);
	else
		pair->follower.refused++;
	return 0;
}

static void handle_stream(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	const redisReply *entries = cg_redis_element(cg_redis_element(reply, 0), 1), *entry;
	size_t i = 0;

	(void)tag;
	if (reply->type == REDIS_REPLY_ERROR) {
		cg_follow_fail(pair, "cannot read the stream", reply);
		return;
	}
	for (; (entry = cg_redis_element(entries, i)); i++)
		if (handle_entry(pair, entry)) {
			cg_redis_link_fail(pair->in, "its stream is damaged");
			return;
		}
	pair->follower.is_behind = i == READ_COUNT;
	if (pair->follower.must_resync)
		cg_snapshot_start(pair);
	else
		read_stream(pair);
}

static void read_stream(struct cg_pair *pair)
{
	const struct cg_stream_id *position = &pair->follower.position;
	char key[CG_PAIR_KEY_MAX], id[48], count[16];

	cg_pair_make_key(pair, "log", "", key);
	snprintf(count, sizeof(count), "%d", READ_COUNT);
	snprintf(id, sizeof(id), "%" PRIu64 "-%" PRIu64, (uint64_t)position->ms,
		 (uint64_t)position->seq);
	cg_follow_send(pair, handle_stream,
		       (struct cg_redis_arg[]){
			       CG_REDIS_TEXT("XREAD"), CG_REDIS_TEXT("COUNT"), CG_REDIS_TEXT(count),
			       CG_REDIS_TEXT("BLOCK"), CG_REDIS_TEXT(READ_BLOCK_MS),
			       CG_REDIS_TEXT("STREAMS"), CG_REDIS_TEXT(key), CG_REDIS_TEXT(id) },
		       8);
}

void cg_follow_read(struct cg_pair *pair)
{
	pair->follower.must_resync = false;
	cg_pair_synced(pair);
	read_stream(pair);
}

/* --- what the stream still has ---------------------------------------------------------------- */

/* Returns the value of a field of XINFO STREAM, or NULL. */
static const redisReply *find_field(const redisReply *info, const char *name)
{
	const redisReply *field;
	const char *text;
	size_t len;

	for (size_t i = 0; (field = cg_redis_element(info, i)); i += 2) {
		text = cg_redis_text(field, &len);
		if (text && !strcmp(text, name))
			return cg_redis_element(info, i + 1);
	}
	return NULL;
}

/* True if every record that follows the last one that was read is in the stream. */
static bool has_the_rest(const struct cg_pair_follower *f, const redisReply *info)
{
	struct cg_stream_id first, last;

	return f->has_read &&
	       !parse_id(cg_redis_element(find_field(info, "first-entry"), 0), &first) &&
	       !parse_id(find_field(info, "last-generated-id"), &last) &&
	       !is_before(&f->position, &first) && !is_before(&last, &f->position);
}

static void handle_info(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	struct cg_pair_follower *f = &pair->follower;

	(void)tag;
	if (f->must_resync || f->mark == CG_MARK_NONE || !has_the_rest(f, reply))
		cg_snapshot_start(pair);
	else
		cg_follow_read(pair);
}

/* While the stream is read: a host that is too slow may find that it was cut before it has read it. */
static void check_info(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;

	(void)tag;
	if (pair->is_synced && pair->follower.has_read && reply->type == REDIS_REPLY_ARRAY &&
	    !has_the_rest(&pair->follower, reply))
		cg_follow_resync(pair);
}

static void ask_for_info(struct cg_pair *pair, struct cg_redis_link *link, cg_redis_handler handler)
{
	char key[CG_PAIR_KEY_MAX];

	cg_pair_make_key(pair, "log", "", key);
	if (cg_redis_link_send(link, handler, pair, 0,
			       (struct cg_redis_arg[]){ CG_REDIS_TEXT("XINFO"),
							CG_REDIS_TEXT("STREAM"),
							CG_REDIS_TEXT(key) },
			       3))
		cg_redis_link_fail(link, "no room for a command");
}

/* --- the connection --------------------------------------------------------------------------- */

static void handle_mark(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	size_t len;
	const char *mark = cg_redis_text(reply, &len);

	(void)tag;
	if (reply->type == REDIS_REPLY_ERROR) {
		cg_follow_fail(pair, "cannot read a key", reply);
		return;
	}
	if (mark)
		pair->follower.mark = strcmp(mark, pair->mark) ? CG_MARK_OTHER : CG_MARK_OURS;
	else
		pair->follower.mark = CG_MARK_NONE;
	pair->follower.same_maps |= pair->follower.mark == CG_MARK_OURS;
	if (pair->follower.shuns_info)
		cg_snapshot_start(pair);
	else
		ask_for_info(pair, pair->in, handle_info);
}

/* Both connections are needed, and the clocks of the other hosts: their records depend on them. */
void cg_follow_up(struct cg_pair *pair)
{
	char key[CG_PAIR_KEY_MAX];

	if (!pair->alive_polled || !cg_redis_link_is_up(pair->in) || pair->is_following)
		return;
	pair->is_following = true;
	cg_pair_make_key(pair, "mark:", pair->options.node, key);
	cg_follow_send(pair, handle_mark,
		       (struct cg_redis_arg[]){ CG_REDIS_TEXT("GET"), CG_REDIS_TEXT(key) }, 2);
}

void cg_follow_down(struct cg_pair *pair)
{
	struct cg_pair_follower *f = &pair->follower;

	if (f->is_scanning)
		f->must_resync = true;
	f->is_scanning = false;
	f->pending = 0;
	pair->is_following = pair->is_synced = false;
}

void cg_follow_resync(struct cg_pair *pair)
{
	pair->follower.must_resync = true; /* with the next reply, a second from now at most */
}

void cg_follow_poll(struct cg_pair *pair)
{
	if (pair->is_synced && pair->follower.is_behind && !pair->follower.shuns_info &&
	    cg_redis_link_is_up(pair->out))
		ask_for_info(pair, pair->out, check_info);
}
