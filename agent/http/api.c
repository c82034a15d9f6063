// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "http/api.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/cdr.h"
#include "format/dialog_json.h"
#include "format/ladder_json.h"
#include "util/clock.h"
#include "util/enum_names.h"
#include "util/text.h"

#define ATTACKED_MAX 24
#define ORDINARY_MAX 40
#define CALLS_MAX (ATTACKED_MAX + ORDINARY_MAX)

static json_t *key_json(const struct cg_dialog_key *key)
{
	return json_sprintf("%016" PRIx64 "%016" PRIx64, (uint64_t)key->call, (uint64_t)key->tags);
}

/* From the first blocked BYE to the end, or until now. */
static double get_protected_seconds(const struct cg_dialog *d, __u64 now)
{
	__u64 first = cg_dialog_first_blocked_ns(d);
	__u64 end = d->state == CG_S_ENDED ? d->end : now;

	return first && cg_time_is_after(end, first) ? (end - first) / 1e9 : 0;
}

static json_t *call_json(const struct cg_daemon_view *view, const struct cg_dialog_key *key,
			 const struct cg_dialog *d, __u64 now)
{
	json_t *call = cg_dialog_json(d, view->origin->clock_offset);

	json_object_set_new(call, "key", key_json(key));
	json_object_set_new(call, "protected_seconds", json_real(get_protected_seconds(d, now)));
	return call;
}

static void add_recent(const struct cg_daemon_view *view, json_t *calls, bool attacked,
		       unsigned int most, __u64 now)
{
	const struct cg_recent_call *found[CALLS_MAX];
	unsigned int n = cg_recent_list_newest(view->recent, attacked, found, most);

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(calls,
				      call_json(view, &found[i]->key, &found[i]->dialog, now));
}

/* Adds calls from before the start of this daemon, as many as one batch of the map holds. */
static void add_not_recent(const struct cg_daemon_view *view, json_t *calls, __u64 now)
{
	struct batch {
		struct cg_dialog_key keys[CG_SCAN_BATCH];
		struct cg_dialog dialogs[CG_SCAN_BATCH];
	} *batch = malloc(sizeof(*batch));
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = BPF_F_LOCK);
	__u32 count = CG_SCAN_BATCH, next;

	if (batch &&
	    bpf_map_lookup_batch(view->guard->dialogs_fd, NULL, &next, batch->keys, batch->dialogs,
				 &count, &opts) &&
	    errno != ENOENT)
		count = 0;
	for (__u32 i = 0; batch && i < count && json_array_size(calls) < CALLS_MAX; i++)
		if (!cg_recent_find_key(view->recent, &batch->keys[i]))
			json_array_append_new(
				calls, call_json(view, &batch->keys[i], &batch->dialogs[i], now));
	free(batch);
}

static json_t *calls_json(const struct cg_daemon_view *view, __u64 now)
{
	json_t *calls = json_array();

	add_recent(view, calls, true, ATTACKED_MAX, now);
	add_recent(view, calls, false, ORDINARY_MAX, now);
	add_not_recent(view, calls, now);
	return calls;
}

/* Buckets from the oldest to the newest. */
static json_t *timeline_json(const struct cg_daemon_view *view, __u64 now)
{
	json_t *blocked = json_array();

	for (unsigned int i = CG_TIMELINE_BUCKETS; i > 0; i--)
		json_array_append_new(blocked, json_integer(cg_timeline_blocked(
						       &view->totals->timeline, now, i - 1)));
	return json_pack("{si sI so}", "bucket_seconds", (int)(CG_TIMELINE_NS / CG_SECOND),
			 "this_bucket_age", (json_int_t)(now % CG_TIMELINE_NS / CG_SECOND),
			 "blocked_byes", blocked);
}

static json_t *dialogs_json(const struct cg_totals *totals)
{
	json_t *dialogs = json_object();

	for (int state = CG_S_CONFIRMED; state < CG_STATES; state++)
		json_object_set_new(dialogs, cg_state_name(state),
				    json_integer(totals->states[state]));
	return dialogs;
}

char *cg_api_state_json(const struct cg_daemon_view *view, __u64 now)
{
	struct cg_totals *totals = view->totals;
	struct cg_writer_status spool;
	struct cg_ship_status ship = { .connected = true };
	char *text;
	json_t *json;

	cg_writer_get_status(view->writer, &spool);
	if (*view->ship)
		cg_ship_get_status(*view->ship, &ship);
	/* clang-format off */
	json = json_pack("{so ss ss ss sb sb sb so sI sf sI so so}",
			 "at", cg_time_json(view->origin->clock_offset, view->guard->config.clock, now),
			 "instance", view->guard->instance,
			 "node", view->origin->node,
			 "mode", cg_mode_name(view->guard->config.mode),
			 "detached", view->detached,
			 "spool_writable", !spool.error,
			 "postgresql_away", !ship.connected,
			 "dialogs", dialogs_json(totals),
			 "blocked_byes", (json_int_t)totals->all.blocked,
			 "protected_seconds", cg_totals_protected_ms(totals, now) / 1e3,
			 "suspect", (json_int_t)totals->all.suspect,
			 "timeline", timeline_json(view, now),
			 "calls", calls_json(view, now));
	/* clang-format on */
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

/* Parses the text of key_json(). 0 or -EINVAL. */
static int parse_key(const char *text, struct cg_dialog_key *key)
{
	uint64_t call, tags;

	if (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32 ||
	    sscanf(text, "%16" SCNx64 "%16" SCNx64, &call, &tags) != 2)
		return -EINVAL;
	*key = (struct cg_dialog_key){ .call = call, .tags = tags };
	return 0;
}

char *cg_api_ladder_json(const struct cg_daemon_view *view, const char *text)
{
	const struct cg_recent_call *call;
	struct cg_recent_call not_recent;
	struct cg_dialog_key key;
	struct cg_dialog dialog;
	struct cg_ladder ladder;
	json_t *json;
	char *out;

	if (!text || parse_key(text, &key))
		return NULL;
	call = cg_recent_find_key(view->recent, &key);
	if (!call) {
		if (bpf_map_lookup_elem_flags(view->guard->dialogs_fd, &key, &dialog, BPF_F_LOCK))
			return NULL;
		cg_ladder_call_from_dialog(&dialog, &not_recent);
		call = &not_recent;
	}
	cg_ladder_build(call, &ladder);
	json = cg_ladder_json(&ladder, view->origin->clock_offset);
	out = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return out;
}
