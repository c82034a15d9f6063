// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/pair/pair_note.c agent/maps/runtime_dir.c agent/util/text.c agent/util/enum_names.c -ljansson
/* What the daemon writes about its pair is what `status` and `doctor` read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pair/pair_note.h"
#include "tap.h"

int cg_instance_check_name(const char *instance)
{
	(void)instance;
	return 0;
}

static struct cg_pair_status a_status(void)
{
	struct cg_pair_status status = {
		.name = "edge",
		.node = "node a",
		.redis = "unix:/run/redis/redis.sock",
		.connected = true,
		.since = 1000000000,
		.sent = 1,
		.sent_bytes = UINT64_MAX / 2,
		.commands = 3,
		.received = 4,
		.refused = 5,
		.no_room = 6,
		.dropped = 7,
		.resyncs = 8,
		.unpublished = 9,
		.foreign = 10,
		.n_peers = 2,
		.peers = { { .node = "node b \"quoted\"",
			     .alive = true,
			     .seen = 11,
			     .has_skew = true,
			     .skew_us = -12000,
			     .skew_error_us = 13,
			     .lag_median_us = 1400,
			     .lag_p99_us = 15000,
			     .records = 16,
			     .dialogs = 17,
			     .max_dialogs = 18 },
			   { .node = "c", .trouble = CG_TROUBLE_SECRET } },
	};

	strcpy(status.error, "Connection refused; next try");
	return status;
}

static bool is_same(const struct cg_pair_status *a, const struct cg_pair_status *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->node, b->node) &&
	       !strcmp(a->redis, b->redis) && a->connected == b->connected &&
	       a->since == b->since && !strcmp(a->error, b->error) && a->sent == b->sent &&
	       a->sent_bytes == b->sent_bytes && a->commands == b->commands &&
	       a->received == b->received && a->refused == b->refused && a->no_room == b->no_room &&
	       a->dropped == b->dropped && a->resyncs == b->resyncs &&
	       a->unpublished == b->unpublished && a->foreign == b->foreign &&
	       a->n_peers == b->n_peers;
}

static bool is_same_peer(const struct cg_pair_peer_status *a, const struct cg_pair_peer_status *b)
{
	return !strcmp(a->node, b->node) && a->alive == b->alive && a->trouble == b->trouble &&
	       a->seen == b->seen && a->has_skew == b->has_skew && a->skew_us == b->skew_us &&
	       a->skew_error_us == b->skew_error_us && a->lag_median_us == b->lag_median_us &&
	       a->lag_p99_us == b->lag_p99_us && a->records == b->records &&
	       a->dialogs == b->dialogs && a->max_dialogs == b->max_dialogs;
}

static void texts(const struct cg_pair_note *note)
{
	json_t *json = cg_pair_note_json("t"), *peers = json_object_get(json, "peers");
	char text[256];

	cg_pair_note_format_peer(&note->status.peers[0], text, sizeof(text));
	ok(!strcmp(text, "node b \"quoted\": alive, 1.4 ms behind (99 %: 15.0 ms), clock -12.0 ms, "
			 "17 of 18 dialogs"),
	   "note: a peer as text");
	cg_pair_note_format_peer(&note->status.peers[1], text, sizeof(text));
	ok(!strcmp(text, "c: GONE, its records are not taken (secret)"),
	   "note: a peer that is gone, and whose records are refused");
	ok(json_array_size(peers) == 2 &&
		   json_is_null(json_object_get(json_array_get(peers, 1), "skew_us")) &&
		   json_integer_value(json_object_get(json, "foreign")) == 10,
	   "note: as JSON");
	json_decref(json);
}

int main(void)
{
	char dir[] = "/tmp/cg-note-XXXXXX";
	struct cg_pair_status status = a_status();
	struct cg_pair_note note;

	if (!mkdtemp(dir) || setenv("CSEQGUARD_RUN_DIR", dir, 1))
		return 1;
	ok(cg_pair_note_read("t", &note) == -ENOENT, "note: there is none without a pair");
	ok(!cg_pair_note_write("t", &status) && !cg_pair_note_read("t", &note) &&
		   is_same(&status, &note.status),
	   "note: what is read is what was written");
	ok(is_same_peer(&status.peers[0], &note.status.peers[0]) &&
		   is_same_peer(&status.peers[1], &note.status.peers[1]),
	   "note: ... of each peer");
	texts(&note);
	status.n_peers = 1;
	cg_pair_note_write("t", &status);
	ok(!cg_pair_note_read("t", &note) && note.status.n_peers == 1,
	   "note: a peer that is forgotten is not read");
	cg_pair_note_remove("t");
	ok(cg_pair_note_read("t", &note) == -ENOENT && !rmdir(dir), "note: leaves nothing");
	return tap_done();
}
