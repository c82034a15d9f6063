// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Sends to Redis what changed here. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>

#include "pair/pair_internal.h"
#include "util/log.h"
#include "util/text.h"

#define LOG_ENTRIES "200000" /* of the stream, about */
#define PER_RUN 256 /* dialogs */
#define OVERHEAD 1000 /* bytes of a record's commands besides the record */
#define FORGET_S 3600 /* after max_call */
#define HOLD_NS (10 * CG_SECOND)
#define PAUSE_FIRST CG_SECOND
#define PAUSE_MOST (10 * CG_SECOND)

/* --- replies ---------------------------------------------------------------------------------- */

/* The tag of a command: the number of its record, and whether it is the last of that record. */
static __u64 make_tag(__u64 number, bool is_last)
{
	return number << 1 | is_last;
}

/* Redis is full, or read only: what it refused is sent again after a pause. */
static void handle_refusal(struct cg_pair *pair, __u64 number, const redisReply *reply)
{
	struct cg_pair_publisher *p = &pair->publisher;
	char text[120], error[160];

	if (number <= p->refused)
		return;
	p->refused = p->last;
	p->is_refused = true;
	p->paused_until = cg_boottime() + p->pause;
	p->pause = p->pause * 2 < PAUSE_MOST ? p->pause * 2 : PAUSE_MOST;
	cg_versions_queue_sent(&pair->versions, number);
	cg_pair_copy_error(reply, text, sizeof(text));
	snprintf(error, sizeof(error), "it refuses records: %s", text);
	cg_pair_report(pair, error);
}

static void handle_reply(void *ctx, __u64 tag, const redisReply *reply)
{
	struct cg_pair *pair = ctx;
	struct cg_pair_publisher *p = &pair->publisher;
	__u64 number = tag >> 1;

	if (reply->type == REDIS_REPLY_ERROR) {
		handle_refusal(pair, number, reply);
	} else if (tag & 1 && number > p->refused) {
		p->acknowledged = number;
		p->pause = PAUSE_FIRST;
		if (p->is_refused) {
			cg_log_notice("redis %s: takes records again", pair->options.redis);
			pair->error[0] = '\0';
		}
		p->is_refused = false;
		cg_versions_acknowledge(&pair->versions, number);
	}
}

/* --- commands --------------------------------------------------------------------------------- */

static bool may_send(const struct cg_pair *pair, size_t len)
{
	const struct cg_pair_publisher *p = &pair->publisher;

	return !p->is_held && cg_boottime() >= p->paused_until &&
	       cg_redis_link_has_room(pair->out, 3, 2 * len + OVERHEAD);
}

/* There is room for it: see may_send(). */
static void send_command(struct cg_pair *pair, bool is_last, const struct cg_redis_arg *args,
			 unsigned int n)
{
	int err = cg_redis_link_send(pair->out, handle_reply, pair,
				     make_tag(pair->publisher.last, is_last), args, n);

	if (err)
		cg_redis_link_fail(pair->out, "no room for a command");
}

static void send_to_stream(struct cg_pair *pair, bool is_last, const void *bytes, size_t len)
{
	char key[CG_PAIR_KEY_MAX];

	cg_pair_make_key(pair, "log", "", key);
	send_command(pair, is_last,
		     (struct cg_redis_arg[]){ CG_REDIS_TEXT("XADD"),
					      CG_REDIS_TEXT(key),
					      CG_REDIS_TEXT("MAXLEN"),
					      CG_REDIS_TEXT("~"),
					      CG_REDIS_TEXT(LOG_ENTRIES),
					      CG_REDIS_TEXT("*"),
					      CG_REDIS_TEXT("r"),
					      { bytes, len } },
		     8);
	pair->publisher.sent++;
	pair->publisher.sent_bytes += len;
}

/* Stores the record under the dialog, for hosts that come later. */
static void send_to_dialog(struct cg_pair *pair, const struct cg_record *record, const void *bytes,
			   size_t len)
{
	char key[CG_PAIR_KEY_MAX], field[CG_PEER_NODE_MAX + 2], seconds[24];

	cg_pair_make_dialog_key(pair, &record->key, key);
	snprintf(field, sizeof(field), "%c:%s", "whc"[record->type], record -> sender);
	snprintf(seconds, sizeof(seconds), "%llu",
		 (unsigned long long)(pair->options.max_call / CG_SECOND + FORGET_S));
	send_command(pair, false,
		     (struct cg_redis_arg[]){ CG_REDIS_TEXT("HSET"),
					      CG_REDIS_TEXT(key),
					      CG_REDIS_TEXT(field),
					      { bytes, len } },
		     4);
	send_command(pair, true,
		     (struct cg_redis_arg[]){ CG_REDIS_TEXT("EXPIRE"), CG_REDIS_TEXT(key),
					      CG_REDIS_TEXT(seconds) },
		     3);
}

static size_t encode(struct cg_pair *pair, struct cg_record *record, __u16 owner,
		     __u8 bytes[CG_RECORD_MAX])
{
	record->sent_us = cg_now_us();
	snprintf(record->sender, sizeof(record->sender), "%s", pair->options.node);
	snprintf(record->owner, sizeof(record->owner), "%s",
		 owner ? pair->peers[owner].node : pair->options.node);
	return cg_record_encode(&pair->key, record, bytes);
}

/* --- dialogs ---------------------------------------------------------------------------------- */

static void send_dialog(struct cg_pair *pair, struct cg_version *version,
			const struct cg_dialog *dialog, enum cg_version_change change)
{
	static const enum cg_record_type types[] = { [CG_VERSION_COUNTERS] = CG_RECORD_COUNTERS,
						     [CG_VERSION_HEAD] = CG_RECORD_HEAD,
						     [CG_VERSION_WHOLE] = CG_RECORD_WHOLE };
	static struct cg_record record;
	__u8 bytes[CG_RECORD_MAX];
	size_t len;

	record.type = types[change];
	record.key = version->key;
	cg_record_set_dialog(&record, dialog,
			     pair->guard->config.clock_offset[dialog->clock % CG_CLOCKS]);
	len = encode(pair, &record, version->peer, bytes);
	version->sent = ++pair->publisher.last;
	version->is_stored = true;
	cg_version_set(version, dialog);
	cg_versions_unqueue(&pair->versions, version);
	send_to_stream(pair, false, bytes, len);
	send_to_dialog(pair, &record, bytes, len);
}

static void send_gone(struct cg_pair *pair, struct cg_version *version)
{
	static struct cg_record record = { .type = CG_RECORD_GONE };
	char key[CG_PAIR_KEY_MAX];
	__u8 bytes[CG_RECORD_MAX];
	size_t len;

	record.key = version->key;
	len = encode(pair, &record, version->peer, bytes);
	cg_versions_leave(&pair->versions, version, ++pair->publisher.last);
	cg_pair_make_dialog_key(pair, &record.key, key);
	send_command(pair, false,
		     (struct cg_redis_arg[]){ CG_REDIS_TEXT("DEL"), CG_REDIS_TEXT(key) }, 2);
	send_to_stream(pair, true, bytes, len);
}

static void send_queued(struct cg_pair *pair, struct cg_version *version)
{
	enum cg_version_change change;
	struct cg_dialog dialog;

	if (version->gone) {
		send_gone(pair, version);
		return;
	}
	if (bpf_map_lookup_elem_flags(pair->guard->dialogs_fd, &version->key, &dialog,
				      BPF_F_LOCK)) {
		cg_versions_unqueue(&pair->versions, version); /* cg_pair_publish_gone() follows */
		return;
	}
	change = cg_version_compare(version, &dialog);
	if (change == CG_VERSION_SAME)
		cg_versions_unqueue(&pair->versions, version);
	else
		send_dialog(pair, version, &dialog, change);
}

void cg_publish_run(struct cg_pair *pair)
{
	struct cg_version *version;

	for (int i = 0; i < PER_RUN && (version = TAILQ_FIRST(&pair->versions.queued)) &&
			may_send(pair, CG_RECORD_MAX);
	     i++)
		send_queued(pair, version);
}

void cg_pair_publish(struct cg_pair *pair, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog)
{
	enum cg_version_change change;
	struct cg_version *version;

	if (!pair || pair->has_left || dialog->peer >= CG_PEERS_MAX)
		return;
	version = cg_versions_add(&pair->versions, key, dialog->peer);
	if (!version)
		return;
	if (version->gone) { /* another call with the same tags */
		version->gone = version->is_stored = false;
		cg_versions_queue(&pair->versions, version);
	}
	change = cg_version_compare(version, dialog);
	if (change == CG_VERSION_SAME)
		return;
	if (TAILQ_EMPTY(&pair->versions.queued) && may_send(pair, CG_RECORD_MAX))
		send_dialog(pair, version, dialog, change);
	else
		cg_versions_queue(&pair->versions, version);
}

void cg_publish_gone(struct cg_pair *pair, const struct cg_dialog_key *key)
{
	struct cg_version *version = cg_versions_add(&pair->versions, key, 0);

	if (!version || version->leaving)
		return;
	version->gone = true;
	cg_versions_queue(&pair->versions, version);
	cg_publish_run(pair);
}

void cg_pair_publish_gone(struct cg_pair *pair, const struct cg_dialog_key *key)
{
	struct cg_version *version = pair ? cg_versions_find(&pair->versions, key) : NULL;

	if (!version || version->leaving || pair->has_left)
		return;
	if (version->is_stored &&
	    (!version->peer || cg_pair_peer_is_gone(pair, version->peer, cg_boottime())))
		cg_publish_gone(pair, key);
	else
		cg_versions_remove(&pair->versions, version);
}

bool cg_publish_record(struct cg_pair *pair, struct cg_record *record)
{
	__u8 bytes[CG_RECORD_MAX];

	if (!may_send(pair, CG_RECORD_MAX)) {
		pair->publisher.dropped++;
		return false;
	}
	pair->publisher.last++;
	send_to_stream(pair, true, bytes, encode(pair, record, 0, bytes));
	return true;
}

/* --- the connection --------------------------------------------------------------------------- */

void cg_publish_up(struct cg_pair *pair)
{
	struct cg_pair_publisher *p = &pair->publisher;

	p->is_held = true;
	p->held_until = cg_boottime() + HOLD_NS;
	p->pause = PAUSE_FIRST;
	p->paused_until = 0;
}

/* What was not acknowledged may not have arrived. */
void cg_publish_down(struct cg_pair *pair)
{
	struct cg_pair_publisher *p = &pair->publisher;

	p->is_held = true;
	if (p->acknowledged < p->last)
		cg_versions_queue_sent(&pair->versions, p->acknowledged + 1);
	p->acknowledged = p->refused = p->last;
}

void cg_publish_release(struct cg_pair *pair)
{
	pair->publisher.is_held = false;
	cg_publish_run(pair);
}
