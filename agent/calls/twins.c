// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/twins.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uuid.h>

#include "calls/cdr.h"
#include "util/clock.h"
#include "util/text.h"

#define SLOTS_PER_RUN 8192

/* The fields that twins have in common. */
struct print {
	__u64 words[2];
};

enum place { CALLERS, CALLEES, PLACES }; /* the caller's dialog, and the callee's */

struct call { /* at most one dialog of each kind: a second one makes the call ambiguous */
	struct print print;
	__u32 scan; /* the last that found one of them */
	bool used, joined, ambiguous;
	bool known[PLACES];
	struct cg_twin dialogs[PLACES];
};

struct cg_twins {
	__u64 seed; /* callers must not know which calls share a slot */
	__u32 scan;
	__u32 count, mask;
	struct call *slots; /* open addressing, linear probing, at most three quarters full */
};

struct cg_twins *cg_twins_new(__u32 max_dialogs)
{
	struct cg_twins *twins = calloc(1, sizeof(*twins));
	size_t slots = 64;

	if (!twins)
		return NULL;
	while (slots < max_dialogs)
		slots *= 2;
	twins->mask = slots - 1;
	twins->slots = calloc(slots, sizeof(*twins->slots)); /* pages come on first use */
	if (!twins->slots ||
	    getrandom(&twins->seed, sizeof(twins->seed), 0) != sizeof(twins->seed)) {
		cg_twins_free(twins);
		return NULL;
	}
	return twins;
}

void cg_twins_free(struct cg_twins *twins)
{
	if (!twins)
		return;
	free(twins->slots);
	free(twins);
}

#define COPY_TEXT(to, from) memcpy(to, from, strnlen(from, sizeof(to) - 1))

static void make_print(const struct cg_dialog *dialog, struct print *print)
{
	static const uuid_t name_space;
	struct {
		char from_tag[CG_TAG_MAX], to_tag[CG_TAG_MAX];
		char from_uri[CG_URI_MAX], to_uri[CG_URI_MAX];
	} name = {};
	uuid_t uuid;

	COPY_TEXT(name.from_tag, dialog->call.from_tag);
	COPY_TEXT(name.to_tag, dialog->to_tag);
	COPY_TEXT(name.from_uri, dialog->call.from_uri);
	COPY_TEXT(name.to_uri, dialog->call.to_uri);
	uuid_generate_sha1(uuid, name_space, (const char *)&name, sizeof(name));
	memcpy(print, uuid, sizeof(*print));
}

static __u32 get_home_slot(const struct cg_twins *twins, const struct print *print)
{
	return ((print->words[0] ^ print->words[1]) * (twins->seed | 1)) >> 32 & twins->mask;
}

/* Returns the call, or NULL. If `may_add`, a new one is added while there is room. */
static struct call *get_call(struct cg_twins *twins, const struct print *print, bool may_add)
{
	__u32 i = get_home_slot(twins, print);

	for (; twins->slots[i].used; i = (i + 1) & twins->mask)
		if (!memcmp(&twins->slots[i].print, print, sizeof(*print)))
			return &twins->slots[i];
	if (!may_add || twins->count > twins->mask - twins->mask / 4)
		return NULL;
	twins->slots[i] = (struct call){ .print = *print, .used = true };
	twins->count++;
	return &twins->slots[i];
}

/* Removes a call and closes the gap, so that all others are still found from their home slot. */
static void remove_call(struct cg_twins *twins, struct call *call)
{
	__u32 gap = call - twins->slots;

	for (__u32 i = (gap + 1) & twins->mask; twins->slots[i].used; i = (i + 1) & twins->mask) {
		__u32 from_home = (i - get_home_slot(twins, &twins->slots[i].print)) & twins->mask;

		if (from_home < ((i - gap) & twins->mask))
			continue;
		twins->slots[gap] = twins->slots[i];
		gap = i;
	}
	twins->slots[gap].used = false;
	twins->count--;
}

/* Returns PLACES if the dialog cannot be a twin. */
static enum place get_place(const struct cg_dialog *dialog)
{
	enum cg_side caller = cg_leg_side(dialog->caller_flags);
	enum cg_side callee = cg_leg_side(dialog->callee_flags);

	if (caller == CG_SIDE_LOCAL || callee == CG_SIDE_LOCAL)
		return PLACES;
	if (caller != CG_SIDE_UNSEEN && callee == CG_SIDE_UNSEEN)
		return CALLERS;
	if (caller == CG_SIDE_UNSEEN && callee != CG_SIDE_UNSEEN)
		return CALLEES;
	return PLACES;
}

/* The host received the INVITE before it sent it on, and likewise the 2xx. */
static bool dialogs_fit(const struct cg_twin *callers, const struct cg_twin *callees)
{
	return !cg_time_is_after(callers->setup, callees->setup) &&
	       !cg_time_is_after(callees->setup, callees->answer) &&
	       !cg_time_is_after(callees->answer, callers->answer) &&
	       callers->answer - callees->answer <= CG_TWINS_ANSWER_GAP &&
	       callees->cseq <= callers->cseq;
}

/* Sets what may change during a call. */
static void refresh(struct cg_twin *twin, const struct cg_dialog *dialog)
{
	memcpy(twin->caller_addr, dialog->caller.addr, sizeof(twin->caller_addr));
	twin->caller_port = dialog->caller_port;
	twin->rank = cg_dialog_witness_rank(dialog);
	twin->has_ended = dialog->state == CG_S_ENDED && dialog->flags & CG_D_CONFIRMED_END;
}

static void fill(struct cg_twin *twin, enum place place, const struct cg_dialog_key *key,
		 const struct cg_dialog *dialog)
{
	*twin = (struct cg_twin){
		.key = *key,
		.is_caller = place == CALLERS,
		.cseq = dialog->caller.cseq, /* an unseen caller's is that of the INVITE */
		.setup = dialog->setup,
		.answer = dialog->answer,
	};
	refresh(twin, dialog);
	cg_cdr_make_call_uid(dialog->call.call_id, dialog->call.from_tag, dialog->to_tag,
			     twin->call_uid);
}

/* Returns whether this dialog and the one in the other place fit. */
static bool fits_other(const struct call *call, enum place place, const struct cg_twin *twin)
{
	return place == CALLERS ? dialogs_fit(twin, &call->dialogs[CALLEES])
				: dialogs_fit(&call->dialogs[CALLERS], twin);
}

/*
 * Another dialog is in this one's place. If both fit, nobody can know whose call it is. The other
 * one leaves if only this one fits, which a daemon that starts may find second. Returns whether it
 * has left.
 */
static bool contest_place(struct call *call, enum place place, const struct cg_twin *twin)
{
	if (call->joined)
		return false;
	if (!call->known[!place]) {
		call->ambiguous = true; /* both may fit the one that is not known yet */
		return false;
	}
	if (!fits_other(call, place, twin))
		return false;
	if (fits_other(call, place, &call->dialogs[place])) {
		call->ambiguous = true;
		return false;
	}
	call->dialogs[place] = *twin;
	return true;
}

/* Notes the dialog in its place. Returns false if another one has the place. */
static bool note_dialog(struct call *call, enum place place, const struct cg_dialog_key *key,
			const struct cg_dialog *dialog)
{
	struct cg_twin *twin = &call->dialogs[place], rival;

	if (!call->known[place]) {
		fill(twin, place, key, dialog);
		call->known[place] = true;
		return true;
	}
	if (!memcmp(&twin->key, key, sizeof(*key))) {
		refresh(twin, dialog);
		return true;
	}
	fill(&rival, place, key, dialog);
	return contest_place(call, place, &rival);
}

static bool call_is_settled(const struct cg_twins *twins, const struct call *call, __u64 now)
{
	return twins->scan > 1 &&
	       cg_time_is_older(call->dialogs[CALLEES].answer, CG_TWINS_WAIT, now);
}

static void join(const struct cg_twins *twins, struct call *call, __u64 now)
{
	if (call->joined || call->ambiguous || !call->known[CALLERS] || !call->known[CALLEES])
		return;
	call->joined = call_is_settled(twins, call, now) &&
		       fits_other(call, CALLERS, &call->dialogs[CALLERS]);
}

const struct cg_twin *cg_twins_update(struct cg_twins *twins, const struct cg_dialog_key *key,
				      const struct cg_dialog *dialog, bool may_join, __u64 now)
{
	enum place place = get_place(dialog);
	struct print print;
	struct call *call;

	if (place == PLACES)
		return NULL;
	make_print(dialog, &print);
	call = get_call(twins, &print, may_join);
	if (!call)
		return NULL;
	call->scan = twins->scan;
	if (!note_dialog(call, place, key, dialog))
		return NULL;
	if (may_join)
		join(twins, call, now);
	return call->joined ? &call->dialogs[!place] : NULL;
}

void cg_twins_next_scan(struct cg_twins *twins)
{
	twins->scan++;
}

__u32 cg_twins_expire(struct cg_twins *twins, __u32 from)
{
	__u32 i = from;

	for (; i <= twins->mask && i - from < SLOTS_PER_RUN; i++) {
		struct call *call = &twins->slots[i];

		/* A call that was moved may be skipped once; the next scan removes it. */
		if (call->used && twins->scan - call->scan > 1)
			remove_call(twins, call);
	}
	return i <= twins->mask ? i : 0;
}

void cg_twin_fill_row(const struct cg_twin *twin, struct cg_cdr_row *row)
{
	memcpy(row->twin_uid, twin->call_uid, sizeof(row->twin_uid));
	if (!twin->is_caller)
		return;
	cg_addr_format(twin->caller_addr, row->caller_addr);
	row->caller_port = twin->caller_port;
}

__u64 cg_twin_add_fingerprint(const struct cg_twin *twin, __u64 fingerprint)
{
	__u64 words[2], hash;

	if (!twin)
		return fingerprint;
	hash = fingerprint ^ twin->key.call ^ twin->key.tags;
	if (twin->is_caller) {
		memcpy(words, twin->caller_addr, sizeof(words));
		hash = (hash ^ words[0] ^ words[1]) * 0x9e3779b97f4a7c15ULL ^ twin->caller_port;
	}
	return hash ? hash : 1;
}
