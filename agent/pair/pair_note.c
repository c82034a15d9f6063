// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/pair_note.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE "pair" /* suffixes: numbers, then the texts */
#define NAME "pair-name"
#define NODE "pair-node"
#define REDIS "pair-redis"
#define ERROR "pair-error"
#define PEER "pair-peer-" /* and its number: numbers, then the node */

/* The numbers of a note, in their order: fields of cg_pair_status and cg_pair_peer_status. */
#define NUMBER_LIST(X)                                                                             \
	X(connected)                                                                               \
	X(since)                                                                                   \
	X(sent)                                                                                    \
	X(sent_bytes)                                                                              \
	X(commands)                                                                                \
	X(received)                                                                                \
	X(refused)                                                                                 \
	X(no_room)                                                                                 \
	X(dropped)                                                                                 \
	X(resyncs)                                                                                 \
	X(unpublished)                                                                             \
	X(foreign)
#define PEER_NUMBER_LIST(X)                                                                        \
	X(alive)                                                                                   \
	X(trouble)                                                                                 \
	X(seen)                                                                                    \
	X(has_skew)                                                                                \
	X(skew_us)                                                                                 \
	X(skew_error_us)                                                                           \
	X(lag_median_us)                                                                           \
	X(lag_p99_us)                                                                              \
	X(records)                                                                                 \
	X(dialogs)                                                                                 \
	X(max_dialogs)

#define COUNT_FIELD(field) +1
#define LIST_FIELD(field) from->field,
#define TAKE_FIELD(field) to->field = *numbers++;
enum { NUMBERS = NUMBER_LIST(COUNT_FIELD), PEER_NUMBERS = PEER_NUMBER_LIST(COUNT_FIELD) };
_Static_assert(NUMBERS * 21 < CG_RUNTIME_NOTE_MAX, "numbers of 20 digits fit a note");
_Static_assert(PEER_NUMBERS * 21 + CG_PEER_NODE_MAX < CG_RUNTIME_NOTE_MAX, "... and a node");

static const char *const trouble_names[CG_PEER_TROUBLES] = {
#define TROUBLE_NAME(NAME, word) #word,
	CG_PEER_TROUBLE_LIST(TROUBLE_NAME)
#undef TROUBLE_NAME
};

const char *cg_pair_trouble_name(enum cg_peer_trouble trouble)
{
	return trouble < CG_PEER_TROUBLES ? trouble_names[trouble] : "?";
}

/* --- written and read alike ------------------------------------------------------------------- */

static void list_numbers(const struct cg_pair_status *from, long long numbers[NUMBERS])
{
	const long long all[NUMBERS] = { NUMBER_LIST(LIST_FIELD) };

	memcpy(numbers, all, sizeof(all));
}

static void take_numbers(struct cg_pair_status *to, const long long *numbers)
{
	NUMBER_LIST(TAKE_FIELD)
}

static void list_peer(const struct cg_pair_peer_status *from, long long numbers[PEER_NUMBERS])
{
	const long long all[PEER_NUMBERS] = { PEER_NUMBER_LIST(LIST_FIELD) };

	memcpy(numbers, all, sizeof(all));
}

static void take_peer(struct cg_pair_peer_status *to, const long long *numbers)
{
	PEER_NUMBER_LIST(TAKE_FIELD)
}

static int write_numbers(const char *instance, const char *suffix, const long long *numbers, int n,
			 const char *text)
{
	char note[CG_RUNTIME_NOTE_MAX];
	int len = 0;

	for (int i = 0; i < n; i++)
		len += snprintf(note + len, sizeof(note) - len, "%lld ", numbers[i]);
	snprintf(note + len, sizeof(note) - len, "%s", text);
	return cg_runtime_note_write(instance, suffix, note);
}

/* Stores where the text begins that follows the numbers. Returns 0 or -errno. */
static int read_numbers(const char *instance, const char *suffix, long long *numbers, int n,
			char note[CG_RUNTIME_NOTE_MAX], const char **text)
{
	int err = cg_runtime_note_read(instance, suffix, note);
	char *p = note, *end;

	for (int i = 0; i < n && !err; i++, p = end) {
		numbers[i] = strtoll(p, &end, 10);
		err = end == p ? -EINVAL : 0;
	}
	if (!err)
		*text = p + strspn(p, " ");
	return err;
}

static void make_peer_suffix(unsigned int i, char suffix[24])
{
	snprintf(suffix, 24, PEER "%u", i);
}

/* --- interface -------------------------------------------------------------------------------- */

static int write_peer(const char *instance, unsigned int i, const struct cg_pair_peer_status *peer)
{
	long long numbers[PEER_NUMBERS];
	char suffix[24];

	list_peer(peer, numbers);
	make_peer_suffix(i, suffix);
	return write_numbers(instance, suffix, numbers, PEER_NUMBERS, peer->node);
}

int cg_pair_note_write(const char *instance, const struct cg_pair_status *status)
{
	const struct {
		const char *suffix, *text;
	} texts[] = { { NAME, status->name },
		      { NODE, status->node },
		      { REDIS, status->redis },
		      { ERROR, status->error } };
	long long numbers[NUMBERS];
	char suffix[24];
	int err = 0;

	for (unsigned int i = 0; i < status->n_peers && !err; i++)
		err = write_peer(instance, i, &status->peers[i]);
	make_peer_suffix(status->n_peers, suffix);
	cg_runtime_note_remove(instance, suffix); /* reading ends there */
	list_numbers(status, numbers);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && !err; i++)
		err = cg_runtime_note_write(instance, texts[i].suffix, texts[i].text);
	return err ? err : write_numbers(instance, NOTE, numbers, NUMBERS, "");
}

void cg_pair_note_remove(const char *instance)
{
	static const char *const suffixes[] = { NOTE, NAME, NODE, REDIS, ERROR };
	char suffix[24], text[CG_RUNTIME_NOTE_MAX];

	if (cg_runtime_note_read(instance, NOTE, text) == -ENOENT)
		return;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		cg_runtime_note_remove(instance, suffixes[i]);
	for (unsigned int i = 0; i < CG_PEERS_MAX; i++) {
		make_peer_suffix(i, suffix);
		cg_runtime_note_remove(instance, suffix);
	}
}

static bool read_peer(const char *instance, unsigned int i, struct cg_pair_peer_status *peer)
{
	char note[CG_RUNTIME_NOTE_MAX], suffix[24];
	long long numbers[PEER_NUMBERS];
	const char *node;

	make_peer_suffix(i, suffix);
	if (read_numbers(instance, suffix, numbers, PEER_NUMBERS, note, &node))
		return false;
	take_peer(peer, numbers);
	snprintf(peer->node, sizeof(peer->node), "%.*s", (int)sizeof(peer->node) - 1, node);
	return true;
}

int cg_pair_note_read(const char *instance, struct cg_pair_note *note)
{
	struct cg_pair_status *s = &note->status;
	char text[CG_RUNTIME_NOTE_MAX];
	long long numbers[NUMBERS];
	const char *rest;
	int err;

	*note = (struct cg_pair_note){};
	err = read_numbers(instance, NOTE, numbers, NUMBERS, text, &rest);
	if (err)
		return err;
	take_numbers(s, numbers);
	cg_runtime_note_read(instance, NAME, note->name);
	cg_runtime_note_read(instance, NODE, note->node);
	cg_runtime_note_read(instance, REDIS, note->redis);
	if (!cg_runtime_note_read(instance, ERROR, text))
		snprintf(s->error, sizeof(s->error), "%.*s", (int)sizeof(s->error) - 1, text);
	s->name = note->name;
	s->node = note->node;
	s->redis = note->redis;
	while (s->n_peers < CG_PEERS_MAX - 1 &&
	       read_peer(instance, s->n_peers, &s->peers[s->n_peers]))
		s->n_peers++;
	return 0;
}

/* clang-format off */
static json_t *make_peer(const struct cg_pair_peer_status *p)
{
	return json_pack("{ss sb ss so si si sI si si}",
			 "node", p->node,
			 "alive", p->alive,
			 "trouble", cg_pair_trouble_name(p->trouble),
			 "skew_us", p->has_skew ? json_integer(p->skew_us) : json_null(),
			 "lag_median_us", p->lag_median_us,
			 "lag_p99_us", p->lag_p99_us,
			 "records", (json_int_t)p->records,
			 "dialogs", p->dialogs,
			 "max_dialogs", p->max_dialogs);
}

json_t *cg_pair_note_json(const char *instance)
{
	struct cg_pair_note note;
	const struct cg_pair_status *s = &note.status;
	json_t *peers;

	if (cg_pair_note_read(instance, &note))
		return json_null();
	peers = json_array();
	for (unsigned int i = 0; i < s->n_peers; i++)
		json_array_append_new(peers, make_peer(&s->peers[i]));
	return json_pack("{ss ss ss sb ss si si sI sI sI sI sI sI sI sI so}",
			 "name", s->name,
			 "node", s->node,
			 "redis", s->redis,
			 "connected", s->connected,
			 "error", s->error,
			 "foreign", s->foreign,
			 "unpublished", s->unpublished,
			 "sent", (json_int_t)s->sent,
			 "sent_bytes", (json_int_t)s->sent_bytes,
			 "commands", (json_int_t)s->commands,
			 "received", (json_int_t)s->received,
			 "refused", (json_int_t)s->refused,
			 "no_room", (json_int_t)s->no_room,
			 "dropped", (json_int_t)s->dropped,
			 "resyncs", (json_int_t)s->resyncs,
			 "peers", peers);
}
/* clang-format on */

void cg_pair_note_format_peer(const struct cg_pair_peer_status *peer, char *text, size_t size)
{
	int len = snprintf(text, size, "%s: %s", peer->node, peer->alive ? "alive" : "GONE");

	if (peer->trouble != CG_TROUBLE_NONE && (size_t)len < size)
		len += snprintf(text + len, size - len, ", its records are not taken (%s)",
				cg_pair_trouble_name(peer->trouble));
	if (peer->records && (size_t)len < size)
		len += snprintf(text + len, size - len, ", %.1f ms behind (99 %%: %.1f ms)",
				peer->lag_median_us / 1e3, peer->lag_p99_us / 1e3);
	if (peer->has_skew && (size_t)len < size)
		len += snprintf(text + len, size - len, ", clock %+.1f ms", peer->skew_us / 1e3);
	if (peer->max_dialogs && (size_t)len < size)
		snprintf(text + len, size - len, ", %u of %u dialogs", peer->dialogs,
			 peer->max_dialogs);
}
