// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/recent.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"

#define NONE CG_RECENT_DIALOGS
#define BUCKETS 2048 /* a power of two is enough: keys are keyed hashes already */

enum kind { ORDINARY, ATTACKED, UNKNOWN, FREE, KINDS };

static const unsigned int limits[KINDS] = { CG_RECENT_ORDINARY, CG_RECENT_ATTACKED,
					    CG_RECENT_UNKNOWN, CG_RECENT_DIALOGS };

/* A slot is in the list of its kind and, unless it is free, in the chain of its bucket. */
struct slot {
	enum kind kind;
	__u32 call_id; /* hash of the Call-ID */
	unsigned int newer, older; /* in the list; or NONE */
	unsigned int next; /* in the chain; or NONE */
};

struct cg_recent {
	struct {
		unsigned int newest, oldest, count;
	} lists[KINDS];
	unsigned int buckets[BUCKETS];
	__u64 second; /* of the newest ordinary dialog; CLOCK_BOOTTIME, s */
	unsigned int in_second; /* ordinary dialogs in that second */
	struct slot slots[CG_RECENT_DIALOGS];
	struct cg_recent_call calls[CG_RECENT_DIALOGS]; /* memory is used as slots are filled */
};

#define STEPS(NAME, steps) steps,
static const __u8 kept[] = { CG_RECENT_LIST(STEPS) };
#undef STEPS
#define STEPS(NAME, steps) +steps
_Static_assert(0 CG_RECENT_LIST(STEPS) == CG_RECENT_STEPS, "the classes cover all steps");
#undef STEPS

unsigned int cg_recent_class_start(unsigned int kind)
{
	unsigned int first = 0;

	for (unsigned int i = 0; i < kind && i < CG_RECENT_CLASSES; i++)
		first += kept[i];
	return first;
}

/* --- lists and chains ------------------------------------------------------------------------- */

static void list_remove(struct cg_recent *recent, unsigned int i)
{
	struct slot *slot = &recent->slots[i];

	if (slot->newer == NONE)
		recent->lists[slot->kind].newest = slot->older;
	else
		recent->slots[slot->newer].older = slot->older;
	if (slot->older == NONE)
		recent->lists[slot->kind].oldest = slot->newer;
	else
		recent->slots[slot->older].newer = slot->newer;
	recent->lists[slot->kind].count--;
}

static void list_add(struct cg_recent *recent, unsigned int i, enum kind kind)
{
	struct slot *slot = &recent->slots[i];

	slot->kind = kind;
	slot->newer = NONE;
	slot->older = recent->lists[kind].newest;
	if (slot->older == NONE)
		recent->lists[kind].oldest = i;
	else
		recent->slots[slot->older].newer = i;
	recent->lists[kind].newest = i;
	recent->lists[kind].count++;
}

static unsigned int bucket_of(const struct cg_dialog_key *key)
{
	return (key->call ^ key->tags) & (BUCKETS - 1);
}

static unsigned int *chain_of(struct cg_recent *recent, const struct cg_dialog_key *key)
{
	return &recent->buckets[bucket_of(key)];
}

static void free_slot(struct cg_recent *recent, unsigned int i)
{
	unsigned int *link = chain_of(recent, &recent->calls[i].key);

	while (*link != i)
		link = &recent->slots[*link].next;
	*link = recent->slots[i].next;
	list_remove(recent, i);
	list_add(recent, i, FREE);
}

/* The limits of all kinds add up to the slots, so a kind below its limit finds a free slot. */
static void free_oldest(struct cg_recent *recent, enum kind kind)
{
	if (recent->lists[kind].count == limits[kind])
		free_slot(recent, recent->lists[kind].oldest);
}

static void move_to_kind(struct cg_recent *recent, unsigned int i, enum kind kind)
{
	if (recent->slots[i].kind != kind)
		free_oldest(recent, kind);
	list_remove(recent, i);
	list_add(recent, i, kind);
}

static unsigned int find_slot(const struct cg_recent *recent, const struct cg_dialog_key *key)
{
	unsigned int i = recent->buckets[bucket_of(key)];

	while (i != NONE && memcmp(&recent->calls[i].key, key, sizeof(*key)))
		i = recent->slots[i].next;
	return i;
}

static __u32 hash_call_id(const char *text)
{
	__u32 sum = 2166136261u; /* FNV-1a; a collision costs one comparison */

	for (unsigned int i = 0; i < CG_CALL_ID_MAX - 1 && text[i]; i++)
		sum = (sum ^ (unsigned char)text[i]) * 16777619u;
	return sum;
}

static unsigned int add_call(struct cg_recent *recent, const struct cg_event *event, enum kind kind)
{
	unsigned int i, *link = chain_of(recent, &event->key);

	free_oldest(recent, kind);
	i = recent->lists[FREE].oldest;
	memset(&recent->calls[i], 0,
	       offsetof(struct cg_recent_call, steps)); /* n[] says which steps are valid */
	recent->calls[i].key = event->key;
	memcpy(recent->calls[i].call_id, event->call_id, CG_CALL_ID_MAX - 1);
	recent->slots[i].call_id = hash_call_id(event->call_id);
	recent->slots[i].next = *link;
	*link = i;
	move_to_kind(recent, i, kind);
	return i;
}

struct cg_recent *cg_recent_new(void)
{
	struct cg_recent *recent = calloc(1, sizeof(*recent));

	if (!recent)
		return NULL;
	for (unsigned int i = 0; i < BUCKETS; i++)
		recent->buckets[i] = NONE;
	for (unsigned int i = 0; i < KINDS; i++)
		recent->lists[i].newest = recent->lists[i].oldest = NONE;
	for (unsigned int i = 0; i < CG_RECENT_DIALOGS; i++)
		list_add(recent, i, FREE);
	return recent;
}

void cg_recent_free(struct cg_recent *recent)
{
	free(recent);
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum cg_recent_class event_class(const struct cg_event *event)
{
	switch (event->type) {
	case CG_EV_REQUEST:
		return CG_RECENT_REQUESTS;
	case CG_EV_VIOLATION:
		return CG_RECENT_VIOLATIONS;
	default:
		return CG_RECENT_LIFE;
	}
}

static bool is_repeat(const struct cg_event *a, const struct cg_event *b)
{
	return a->type == b->type && a->reason == b->reason && a->action == b->action &&
	       a->leg == b->leg && a->method == b->method && a->status == b->status &&
	       a->cseq_valid == b->cseq_valid && a->cseq == b->cseq &&
	       a->expected_cseq == b->expected_cseq && a->source_port == b->source_port &&
	       a->direction == b->direction && !memcmp(a->source, b->source, sizeof(a->source));
}

static void add_step(struct cg_recent_call *call, const struct cg_event *event)
{
	enum cg_recent_class kind = event_class(event);
	struct cg_recent_step *steps = &call->steps[cg_recent_class_start(kind)];
	unsigned int half = kept[kind] / 2;

	if (call->n[kind] && is_repeat(&steps[call->n[kind] - 1].event, event)) {
		steps[call->n[kind] - 1].last = event->at;
		steps[call->n[kind] - 1].count++;
		return;
	}
	if (call->n[kind] == kept[kind]) {
		memmove(&steps[half], &steps[half + 1], (kept[kind] - half - 1) * sizeof(*steps));
		call->n[kind]--;
		call->left_out[kind]++;
	}
	steps[call->n[kind]++] =
		(struct cg_recent_step){ .event = *event, .last = event->at, .count = 1 };
}

/* Finds the dialog of an event without a key: its headers were ambiguous. */
static unsigned int find_by_call_id(struct cg_recent *recent, const char *call_id)
{
	__u32 sum = hash_call_id(call_id);

	for (unsigned int i = 0; i < CG_RECENT_DIALOGS; i++)
		if (recent->slots[i].call_id == sum && recent->slots[i].kind < UNKNOWN &&
		    !strcmp(recent->calls[i].call_id, call_id))
			return i;
	return NONE;
}

/*
 * True if dialogs come so fast that they would displace each other within a second. Then only the
 * first ones of each second are kept.
 */
static bool rate_is_too_high(struct cg_recent *recent, const struct cg_event *event)
{
	__u64 second = event->at / CG_SECOND;

	if (recent->second != second) {
		recent->second = second;
		recent->in_second = 0;
	}
	return recent->in_second++ >= 2 * CG_RECENT_ORDINARY;
}

void cg_recent_handle_event(struct cg_recent *recent, const struct cg_event *event)
{
	bool violation = event->type == CG_EV_VIOLATION;
	unsigned int i;

	if (!(event->key.call | event->key.tags)) {
		i = find_by_call_id(recent, event->call_id);
		if (i == NONE)
			return;
	} else {
		i = find_slot(recent, &event->key);
	}
	if (i == NONE && !violation && rate_is_too_high(recent, event))
		return;
	if (i == NONE)
		i = add_call(recent, event, violation ? UNKNOWN : ORDINARY);
	else if (recent->slots[i].kind == UNKNOWN)
		move_to_kind(recent, i, violation ? UNKNOWN : ATTACKED);
	else
		move_to_kind(recent, i, violation ? ATTACKED : recent->slots[i].kind);
	add_step(&recent->calls[i], event);
}

void cg_recent_update_dialog(struct cg_recent *recent, const struct cg_dialog_key *key,
			     const struct cg_dialog *dialog)
{
	unsigned int i = find_slot(recent, key);
	struct cg_recent_call *call = &recent->calls[i];

	if (i == NONE)
		return;
	/* Just opened: this is the caller's own CSeq, even if a proxy renumbered the 2xx. */
	if (!call->has_dialog && call->n[CG_RECENT_LIFE] == 1 &&
	    call->steps[0].event.type == CG_EV_START && !call->n[CG_RECENT_REQUESTS]) {
		call->opened_cseq = dialog->caller.cseq;
		call->opened_known = dialog->caller_flags & CG_LEG_CSEQ_VALID;
	}
	call->dialog = *dialog;
	call->has_dialog = true;
	if (recent->slots[i].kind == UNKNOWN)
		move_to_kind(recent, i, ATTACKED);
}

/* --- lookup ----------------------------------------------------------------------------------- */

const struct cg_recent_call *cg_recent_find(const struct cg_recent *recent, const char *call_id,
					    unsigned int *position)
{
	bool as_shown = strchr(call_id, '\\');
	__u32 sum = hash_call_id(call_id);

	for (; *position < CG_RECENT_DIALOGS; ++*position)
		if (recent->slots[*position].kind != FREE &&
		    (as_shown || recent->slots[*position].call_id == sum) &&
		    cg_call_id_matches(recent->calls[*position].call_id, call_id))
			return &recent->calls[(*position)++];
	return NULL;
}

const struct cg_recent_call *cg_recent_find_key(const struct cg_recent *recent,
						const struct cg_dialog_key *key)
{
	unsigned int i = find_slot(recent, key);

	return i == NONE ? NULL : &recent->calls[i];
}

unsigned int cg_recent_list_newest(const struct cg_recent *recent, bool attacked,
				   const struct cg_recent_call **calls, unsigned int most)
{
	unsigned int n = 0, i = recent->lists[attacked ? ATTACKED : ORDINARY].newest;

	for (; i != NONE && n < most; i = recent->slots[i].older)
		if (recent->calls[i].has_dialog)
			calls[n++] = &recent->calls[i];
	return n;
}

unsigned int cg_recent_count(const struct cg_recent *recent)
{
	return CG_RECENT_DIALOGS - recent->lists[FREE].count;
}
