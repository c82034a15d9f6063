// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Once a second: this host's sign of life, those of the others, and whether Redis has its data. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair/pair_internal.h"
#include "util/log.h"
#include "util/text.h"

#define ALIVE_MS "5000"
#define NODES_MAX 64 /* names that are looked at: anybody can add one to Redis */

/* --- this host -------------------------------------------------------------------------------- */

static void check_reply(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	char text[120], error[160];

	(void)tag;
	if (reply->type != REDIS_REPLY_ERROR) {
		if (pair->is_alive_refused)
			pair->error[0] = '\0';
		pair->is_alive_refused = false;
		return;
	}
	pair->is_alive_refused = true;
	cg_pair_copy_error(reply, text, sizeof(text));
	snprintf(error, sizeof(error), "it refuses the sign of life: %s", text);
	cg_pair_report(pair, error);
}

static void send_text(struct cg_pair *pair, cg_redis_handler handler, __u64 tag,
		      const char *command, const char *key, const char *value)
{
	const struct cg_redis_arg args[] = { CG_REDIS_TEXT(command), CG_REDIS_TEXT(key),
					     CG_REDIS_TEXT(value ? value : "") };

	cg_redis_link_send(pair->out, handler, pair, tag, args, value ? 3 : 2);
}

static void send_alive(struct cg_pair *pair)
{
	static struct cg_record record = { .type = CG_RECORD_ALIVE };
	struct cg_usage usage = {};
	char key[CG_PAIR_KEY_MAX];
	__u8 bytes[CG_RECORD_MAX];
	__u32 zero = 0;
	size_t len;

	bpf_map_lookup_elem(pair->guard->usage_fd, &zero, &usage);
	record.sent_us = cg_now_us();
	snprintf(record.sender, sizeof(record.sender), "%s", pair->options.node);
	record.alive = (struct cg_record_alive){ .offset_us = pair->clock.offset_us,
						 .error_us = pair->clock.error_us,
						 .dialogs = usage.dialogs,
						 .max_dialogs = pair->guard->config.max_dialogs };
	len = cg_record_encode(&pair->key, &record, bytes);
	cg_pair_make_key(pair, "alive:", pair->options.node, key);
	cg_redis_link_send(pair->out, check_reply, pair, 0,
			   (struct cg_redis_arg[]){ CG_REDIS_TEXT("SET"),
						    CG_REDIS_TEXT(key),
						    { bytes, len },
						    CG_REDIS_TEXT("PX"),
						    CG_REDIS_TEXT(ALIVE_MS) },
			   5);
	cg_pair_make_key(pair, "nodes", "", key);
	send_text(pair, check_reply, 0, "SADD", key, pair->options.node);
}

/* --- the others ------------------------------------------------------------------------------- */

static void handle_alive(void *ctx, __u64 slot, const redisReply *reply)
{
	size_t len;
	const char *bytes = cg_redis_text(reply, &len);

	if (bytes)
		cg_peers_handle_alive(ctx, slot, bytes, len, cg_boottime());
}

static void ask_for(struct cg_pair *pair, const redisReply *name)
{
	char key[CG_PAIR_KEY_MAX];
	size_t len;
	const char *node = cg_redis_text(name, &len);
	int slot;

	if (!node || strlen(node) != len || !cg_record_node_is_valid(node))
		return;
	slot = cg_peers_find(pair, node, true);
	if (slot <= 0)
		return;
	cg_pair_make_key(pair, "alive:", node, key);
	send_text(pair, handle_alive, slot, "GET", key, NULL);
}

static void handle_polled(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;

	(void)tag, (void)reply;
	pair->polled = cg_boottime();
	if (pair->alive_polled)
		return;
	pair->alive_polled = true;
	cg_follow_up(pair);
}

static void handle_nodes(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;

	(void)tag;
	for (size_t i = 0; i < NODES_MAX && cg_redis_element(reply, i); i++)
		ask_for(pair, cg_redis_element(reply, i));
	/* answered behind the signs of life */
	cg_redis_link_send(pair->out, handle_polled, pair, 0,
			   (struct cg_redis_arg[]){ CG_REDIS_TEXT("PING") }, 1);
}

/* --- the clock of Redis ----------------------------------------------------------------------- */

/* sent: CLOCK_BOOTTIME, ns, of the question. */
static void handle_time(void *ctx, __u64 sent, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	__u64 trip = (cg_boottime() - sent) / 1000, us;
	char key[CG_PAIR_KEY_MAX];

	if (cg_pair_read_time(reply, &us)) {
		cg_redis_link_fail(pair->out, "it does not tell the time");
		return;
	}
	pair->clock = (struct cg_pair_clock){
		.is_known = true,
		.offset_us = cg_now_us() - (__s64)(trip / 2) - (__s64)us,
		.error_us = trip / 2 + 1,
	};
	send_alive(pair);
	cg_pair_make_key(pair, "nodes", "", key);
	send_text(pair, handle_nodes, 0, "SMEMBERS", key, NULL);
}

/* --- the mark --------------------------------------------------------------------------------- */

static void handle_mark(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	char key[CG_PAIR_KEY_MAX];
	size_t len;
	const char *mark = cg_redis_text(reply, &len);

	(void)tag;
	if (mark && !strcmp(mark, pair->mark)) {
		pair->is_marked = true;
		return;
	}
	if (mark && pair->is_marked && !pair->same_node_said) {
		cg_log_err(
			"pair %s: another host calls itself %s, too: neither hears the other; give "
			"each host its own --node",
			pair->options.name, pair->options.node);
		pair->same_node_said = true;
	}
	if (!mark && reply->type != REDIS_REPLY_NIL)
		return;
	if (!mark)
		cg_versions_queue_all(&pair->versions);
	cg_pair_make_key(pair, "mark:", pair->options.node, key);
	send_text(pair, check_reply, 0, "SET", key, pair->mark);
	cg_publish_run(pair);
}

void cg_alive_beat(struct cg_pair *pair)
{
	char key[CG_PAIR_KEY_MAX];

	if (!cg_redis_link_is_up(pair->out))
		return;
	cg_redis_link_send(pair->out, handle_time, pair, cg_boottime(),
			   (struct cg_redis_arg[]){ CG_REDIS_TEXT("TIME") }, 1);
	if (!pair->is_synced)
		return;
	cg_pair_make_key(pair, "mark:", pair->options.node, key);
	send_text(pair, handle_mark, 0, "GET", key, NULL);
}
