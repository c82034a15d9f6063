// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/pair.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/pins.h"
#include "pair/pair_internal.h"
#include "util/log.h"
#include "util/text.h"

/* --- keys and messages ------------------------------------------------------------------------ */

void cg_pair_make_key(const struct cg_pair *pair, const char *kind, const char *name,
		      char key[CG_PAIR_KEY_MAX])
{
	snprintf(key, CG_PAIR_KEY_MAX, "cg:%s:%s%s", pair->options.name, kind, name);
}

void cg_pair_make_dialog_key(const struct cg_pair *pair, const struct cg_dialog_key *dialog,
			     char key[CG_PAIR_KEY_MAX])
{
	char name[33];

	snprintf(name, sizeof(name), "%016llx%016llx", (unsigned long long)dialog->call,
		 (unsigned long long)dialog->tags);
	cg_pair_make_key(pair, "d:", name, key);
}

void cg_pair_report(struct cg_pair *pair, const char *error)
{
	char cut[sizeof(pair->error)];

	snprintf(cut, sizeof(cut), "%s", error);
	if (strcmp(pair->error, cut))
		cg_log_warning("redis %s: %s; trying again", pair->options.redis, error);
	memcpy(pair->error, cut, sizeof(cut));
}

void cg_pair_copy_error(const redisReply *reply, char *out, size_t size)
{
	if (reply->type == REDIS_REPLY_ERROR && reply->str)
		cg_text_escape(out, size, reply->str, reply->len);
	else
		snprintf(out, size, "unexpected reply");
}

int cg_pair_read_time(const redisReply *reply, __u64 *us)
{
	size_t len;
	const char *seconds = cg_redis_text(cg_redis_element(reply, 0), &len);
	const char *part = cg_redis_text(cg_redis_element(reply, 1), &len);
	__u64 s, rest;

	if (!seconds || !part || cg_number_parse(seconds, 1, 1ULL << 40, &s) ||
	    cg_number_parse(part, 0, 999999, &rest))
		return -EBADMSG;
	*us = s * 1000000 + rest;
	return 0;
}

/* --- the two connections ---------------------------------------------------------------------- */

static void handle_out_up(void *ctx)
{
	struct cg_pair *pair = ctx;

	pair->up_at = pair->since = cg_boottime();
	cg_publish_up(pair);
	cg_alive_beat(pair);
}

static void handle_out_down(void *ctx, const char *why)
{
	struct cg_pair *pair = ctx;

	if (pair->up_at == pair->since)
		pair->since = cg_boottime();
	cg_pair_report(pair, why);
	pair->follower.shuns_info |= !strcmp(why, CG_REDIS_TOO_LONG);
	pair->alive_polled = false;
	pair->follower.fills = 0;
	cg_publish_down(pair);
	if (pair->is_following) /* `in` starts again once `out` is up */
		cg_redis_link_fail(pair->in, why);
	cg_follow_down(pair);
}

static void handle_out_room(void *ctx)
{
	cg_publish_run(ctx);
}

static void handle_in_up(void *ctx)
{
	cg_follow_up(ctx);
}

static void handle_in_down(void *ctx, const char *why)
{
	struct cg_pair *pair = ctx;

	cg_pair_report(pair, why);
	pair->follower.shuns_info |= !strcmp(why, CG_REDIS_TOO_LONG);
	cg_follow_down(pair);
}

static void handle_in_room(void *ctx)
{
	(void)ctx;
}

void cg_pair_synced(struct cg_pair *pair)
{
	if (!pair->is_synced)
		cg_log_notice("pair %s: connected to redis %s", pair->options.name,
			      pair->options.redis);
	pair->error[0] = '\0';
	pair->is_synced = true;
	if (pair->follower.mark == CG_MARK_NONE)
		cg_versions_queue_all(&pair->versions);
	pair->follower.mark = CG_MARK_OURS; /* alive.c writes it now */
	cg_publish_release(pair);
}

static int connect_redis(struct cg_pair *pair)
{
	const struct cg_redis_options options = { .address = pair->options.redis,
						  .user = pair->options.user,
						  .password_file = pair->options.password_file,
						  .database = pair->options.database };
	const struct cg_redis_callbacks out = { handle_out_up, handle_out_down, handle_out_room,
						pair };
	const struct cg_redis_callbacks in = { handle_in_up, handle_in_down, handle_in_room, pair };
	int err = cg_redis_link_new(pair->loop, &options, &out, &pair->out);

	return err ? err : cg_redis_link_new(pair->loop, &options, &in, &pair->in);
}

/* --- the parts -------------------------------------------------------------------------------- */

static int open_guard(struct cg_pair *pair)
{
	const char *instance = pair->guard->instance;
	struct cg_secret secret;
	int err = cg_secret_read(instance, &secret);

	if (err)
		return err;
	cg_record_make_key(&pair->key, &secret, pair->options.name);
	explicit_bzero(&secret, sizeof(secret));
	snprintf(pair->mark, sizeof(pair->mark), "%016llx%016llx",
		 (unsigned long long)pair->guard->config.id[0],
		 (unsigned long long)pair->guard->config.id[1]);
	pair->peers_fd =
		cg_map_open_writable(instance, "peers", sizeof(__u32), sizeof(struct cg_peer));
	if (pair->peers_fd < 0)
		return pair->peers_fd;
	cg_merge_open_program(pair);
	return cg_peers_load(pair);
}

int cg_pair_new(sd_event *loop, const struct cg_pair_options *options,
		const struct cg_guard_maps *guard, const struct cg_pair_callbacks *callbacks,
		struct cg_pair **out)
{
	struct cg_pair *pair = calloc(1, sizeof(*pair));
	int err = pair ? 0 : -ENOMEM;

	if (!err && (sodium_init() < 0 || !cg_record_node_is_valid(options->node)))
		err = -EINVAL;
	if (err)
		goto out;
	pair->loop = loop;
	pair->options = *options;
	pair->callbacks = *callbacks;
	pair->guard = guard;
	pair->started = pair->since = cg_boottime();
	pair->publisher.is_held = true;
	pair->peers_fd = pair->program_fd = -ENOENT;
	err = cg_versions_init(&pair->versions, guard->config.max_dialogs);
	if (!err)
		err = open_guard(pair);
	if (!err)
		err = cg_notes_new(pair, &pair->notes);
	if (!err)
		err = connect_redis(pair);
out:
	if (err) {
		cg_log_err("pair %s: cannot start: %s", options->name, strerror(-err));
		cg_pair_free(pair);
		return err;
	}
	*out = pair;
	return 0;
}

void cg_pair_free(struct cg_pair *pair)
{
	if (!pair)
		return;
	cg_redis_link_free(pair->out);
	cg_redis_link_free(pair->in);
	cg_notes_free(pair->notes);
	cg_versions_free(&pair->versions);
	if (pair->peers_fd >= 0)
		close(pair->peers_fd);
	if (pair->program_fd >= 0)
		close(pair->program_fd);
	explicit_bzero(&pair->key, sizeof(pair->key));
	free(pair);
}

bool cg_pair_is_synced(const struct cg_pair *pair)
{
	return pair->is_synced;
}

void cg_pair_leave(struct cg_pair *pair)
{
	if (!pair)
		return;
	pair->has_left = true;
	cg_redis_link_free(pair->out);
	cg_redis_link_free(pair->in);
	cg_notes_free(pair->notes);
	pair->out = pair->in = NULL;
	pair->notes = NULL;
}

void cg_pair_beat(struct cg_pair *pair, __u64 now)
{
	if (!pair || pair->has_left)
		return;
	cg_redis_link_poll(pair->out, now);
	cg_redis_link_poll(pair->in, now);
	cg_merge_open_program(pair); /* `upgrade` replaces it */
	cg_alive_beat(pair);
	cg_follow_poll(pair);
	if (pair->publisher.is_held && cg_redis_link_is_up(pair->out) &&
	    now > pair->publisher.held_until)
		cg_publish_release(pair);
	cg_publish_run(pair);
}

void cg_pair_get_status(const struct cg_pair *pair, struct cg_pair_status *status)
{
	const struct cg_pair_publisher *publisher = &pair->publisher;
	const struct cg_pair_follower *follower = &pair->follower;
	struct cg_redis_counts counts = cg_redis_link_counts(pair->out);

	*status = (struct cg_pair_status){
		.name = pair->options.name,
		.node = pair->options.node,
		.redis = pair->options.redis,
		.connected = cg_redis_link_is_up(pair->out),
		.since = pair->since,
		.sent = publisher->sent,
		.sent_bytes = counts.bytes,
		.commands = counts.commands,
		.received = follower->received,
		.refused = follower->refused,
		.no_room = follower->no_room,
		.dropped = publisher->dropped,
		.resyncs = follower->resyncs,
		.unpublished = pair->versions.n_queued,
		.foreign = pair->versions.foreign,
	};
	memcpy(status->error, pair->error, sizeof(status->error));
	cg_peers_get_status(pair, status, cg_boottime());
}
