// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/ladder.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/enum_names.h"
#include "util/text.h"

#define WORD(NAME, word) #word,
static const char *const places[] = { CG_PLACE_LIST(WORD) };
static const char *const marks[] = { CG_MARK_LIST(WORD) };
#undef WORD

const char *cg_place_name(unsigned int place)
{
	return place < CG_PLACES ? places[place] : "unknown";
}

const char *cg_mark_name(unsigned int mark)
{
	return mark < CG_MARKS ? marks[mark] : "unknown";
}

/* --- sender and receiver ---------------------------------------------------------------------- */

static enum cg_place leg_place(__u8 leg)
{
	return leg == CG_LEG_CALLEE ? CG_PLACE_CALLEE : CG_PLACE_CALLER;
}

static enum cg_place other_place(enum cg_place place)
{
	return place == CG_PLACE_CALLEE ? CG_PLACE_CALLER : CG_PLACE_CALLEE;
}

static bool place_is_local(const struct cg_ladder *ladder, enum cg_place place)
{
	__u8 flags = place == CG_PLACE_CALLEE ? ladder->dialog.callee_flags
					      : ladder->dialog.caller_flags;

	return ladder->has_dialog && flags & CG_LEG_LOCAL;
}

static bool place_has_address(const struct cg_ladder *ladder, enum cg_place place,
			      const __u8 addr[16])
{
	const struct cg_leg *leg =
		place == CG_PLACE_CALLEE ? &ladder->dialog.callee : &ladder->dialog.caller;

	return !memcmp(leg->addr, addr, sizeof(leg->addr));
}

/* Returns the place with this address. If both legs have it, `named`, the leg by the tags. */
static enum cg_place find_place_of(const struct cg_ladder *ladder, enum cg_place named,
				   const __u8 addr[16])
{
	if (!ladder->has_dialog || place_has_address(ladder, named, addr))
		return named;
	return place_has_address(ladder, other_place(named), addr) ? other_place(named)
								   : CG_PLACE_ELSEWHERE;
}

static void set_ends(const struct cg_ladder *ladder, const struct cg_event *e,
		     struct cg_ladder_step *step)
{
	enum cg_place named = leg_place(e->leg), to;

	if (e->status)
		named = other_place(named); /* a response copies From from the request */
	to = other_place(named);
	if (e->direction == CG_OUT) /* a BYE of a peer is recorded when it goes out */
		step->from = place_is_local(ladder, named) || e->type == CG_EV_BYE ? named
										   : CG_PLACE_GUARD;
	else
		step->from = find_place_of(ladder, named, e->source);
	if (step->from == to) /* wrong leg: sent by the host that should receive it */
		to = CG_PLACE_GUARD;
	step->to = step->mark == CG_MARK_REFUSED ? CG_PLACE_GUARD : to;
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum cg_mark find_mark(const struct cg_event *e)
{
	if (e->type != CG_EV_VIOLATION)
		return CG_MARK_NONE;
	return cg_action_refuses(e->action) ? CG_MARK_REFUSED
	       : e->action == CG_WOULD_DROP ? CG_MARK_WOULD_REFUSE
					    : CG_MARK_NOTED;
}

static void add_event_step(struct cg_ladder *ladder, const struct cg_recent_step *from)
{
	struct cg_ladder_step *step = &ladder->steps[ladder->n++];
	const struct cg_event *e = &from->event;

	*step = (struct cg_ladder_step){
		.at = e->at,
		.last = from->last,
		.count = from->count,
		.type = e->type,
		.leg = e->leg,
		.method = e->method,
		.reason = e->reason,
		.action = e->action,
		.mark = find_mark(e),
		.status = e->status,
		.source_port = e->source_port,
		.cseq = e->cseq,
		.cseq_valid = e->cseq_valid,
		.expected = e->expected_cseq,
		.expected_valid = e->type == CG_EV_VIOLATION && e->expected_cseq,
	};
	memcpy(step->source, e->source, sizeof(step->source));
	set_ends(ladder, e, step);
}

static int compare_steps(const void *one, const void *two)
{
	const struct cg_ladder_step *a = one, *b = two;

	if (a->at != b->at)
		return cg_time_is_after(b->at, a->at) ? -1 : 1;
	return (a->mark != CG_MARK_NONE) -
	       (b->mark != CG_MARK_NONE); /* the change of state, then the violation */
}

static bool is_same_packet(const struct cg_ladder_step *a, const struct cg_ladder_step *b)
{
	return a->at == b->at && a->method == b->method && a->status == b->status &&
	       a->cseq == b->cseq && a->source_port == b->source_port && a->leg == b->leg &&
	       !memcmp(a->source, b->source, sizeof(a->source));
}

/* Merges the two events of a packet that changed the dialog and is a violation as well. */
static void merge_steps(struct cg_ladder *ladder)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ladder->n; i++) {
		struct cg_ladder_step *step = &ladder->steps[i], *last;

		last = n ? &ladder->steps[n - 1] : NULL;
		if (!last || !is_same_packet(last, step)) {
			ladder->steps[n++] = *step;
			continue;
		}
		last->mark = step->mark;
		last->reason = step->reason;
		last->action = step->action;
		last->expected = step->expected;
		last->expected_valid = step->expected_valid;
		last->to = step->to;
	}
	ladder->n = n;
}

static bool has_step_of(const struct cg_ladder *ladder, __u8 type)
{
	for (unsigned int i = 0; i < ladder->n; i++)
		if (ladder->steps[i].type == type)
			return true;
	return false;
}

/* --- steps from the dialog -------------------------------------------------------------------- */

static struct cg_ladder_step *add_dialog_step(struct cg_ladder *ladder, __u64 at, __u8 method)
{
	struct cg_ladder_step *step = &ladder->steps[ladder->n++];

	*step = (struct cg_ladder_step){ .at = at,
					 .last = at,
					 .count = 1,
					 .type = CG_EVENTS,
					 .leg = CG_LEG_CALLER,
					 .method = method,
					 .reason = CG_REASONS,
					 .from = CG_PLACE_CALLER,
					 .to = CG_PLACE_CALLEE };
	return step;
}

static void add_end(struct cg_ladder *ladder)
{
	const struct cg_dialog *d = &ladder->dialog;
	struct cg_ladder_step *step = add_dialog_step(ladder, d->end, CG_M_BYE);

	step->leg = d->ended_by;
	if (d->ended_by == CG_LEG_NONE) { /* ended without a message */
		step->method = CG_M_OTHER;
		step->from = step->to = CG_PLACE_GUARD;
	} else if (d->ended_by == CG_LEG_CALLEE) {
		step->from = CG_PLACE_CALLEE;
		step->to = CG_PLACE_CALLER;
	}
}

static void add_dialog_steps(struct cg_ladder *ladder, const struct cg_recent_call *call)
{
	const struct cg_recent_step *start = &call->steps[cg_recent_class_start(CG_RECENT_LIFE)];
	const struct cg_dialog *d = &ladder->dialog;
	bool started = call->n[CG_RECENT_LIFE] && start->event.type == CG_EV_START;
	struct cg_ladder_step *step;

	if (!ladder->has_dialog)
		return;
	step = add_dialog_step(ladder, d->setup, CG_M_INVITE);
	if (started) {
		step->cseq = call->opened_known ? call->opened_cseq : start->event.cseq;
		step->cseq_valid = call->opened_known || start->event.cseq_valid;
	} else {
		step = add_dialog_step(ladder, d->answer, d->sip_code ? CG_M_INVITE : CG_M_ACK);
		step->status = d->sip_code;
		if (d->sip_code) {
			step->from = CG_PLACE_CALLEE;
			step->to = CG_PLACE_CALLER;
		}
	}
	if (d->end && !has_step_of(ladder, CG_EV_END))
		add_end(ladder);
}

/* --- both counters ---------------------------------------------------------------------------- */

static void raise_counter(struct cg_ladder_counter *counter, __u32 cseq)
{
	if (!counter->known || cseq > counter->cseq)
		*counter = (struct cg_ladder_counter){ cseq, true };
}

/*
 * True if the step raises the counter of its leg. Requests that the guarded host sends for a leg do
 * not count, because a proxy may have renumbered them. Neither do refused ones.
 */
static bool raises_counter(const struct cg_ladder_step *step)
{
	enum cg_place named = leg_place(step->leg);

	return step->mark == CG_MARK_NONE && !step->status && step->cseq_valid &&
	       step->method != CG_M_ACK && step->from == named;
}

static void set_counters(struct cg_ladder *ladder)
{
	struct cg_ladder_counter caller = {}, callee = {};

	for (unsigned int i = 0; i < ladder->n; i++) {
		struct cg_ladder_step *step = &ladder->steps[i];
		struct cg_ladder_counter *own = step->leg == CG_LEG_CALLEE ? &callee : &caller;

		if (raises_counter(step))
			raise_counter(own, step->cseq);
		else if (step->type == CG_EV_START && !caller.known && step->cseq_valid)
			raise_counter(&caller, step->cseq);
		else if (step->expected_valid && step->mark != CG_MARK_NONE)
			raise_counter(own, step->expected - 1); /* its step was not kept */
		step->caller = caller;
		step->callee = callee;
	}
}

/* After the last step the counters are those of the dialog. */
static void set_last_counters(struct cg_ladder *ladder)
{
	const struct cg_dialog *d = &ladder->dialog;
	struct cg_ladder_step *last;

	if (!ladder->has_dialog || !ladder->n)
		return;
	last = &ladder->steps[ladder->n - 1];
	if (d->caller_flags & CG_LEG_CSEQ_VALID)
		raise_counter(&last->caller, d->caller.cseq);
	if (d->callee_flags & CG_LEG_CSEQ_VALID)
		raise_counter(&last->callee, d->callee.cseq);
}

/* --- the ladder ------------------------------------------------------------------------------- */

/* Sets Call-ID, tags and clock from the events, if no dialog is known. */
static void name_dialog(const struct cg_recent_call *call, struct cg_dialog *d)
{
	const struct cg_event *e = NULL;

	memcpy(d->call.call_id, call->call_id, CG_CALL_ID_MAX);
	for (unsigned int kind = 0; kind < CG_RECENT_CLASSES && !e; kind++)
		if (call->n[kind])
			e = &call->steps[cg_recent_class_start(kind)].event;
	if (!e)
		return;
	memcpy(d->call.from_tag, e->leg == CG_LEG_CALLEE ? e->to_tag : e->from_tag, CG_TAG_MAX);
	memcpy(d->to_tag, e->leg == CG_LEG_CALLEE ? e->from_tag : e->to_tag, CG_TAG_MAX);
	d->clock = e->clock;
}

void cg_ladder_build(const struct cg_recent_call *call, struct cg_ladder *ladder)
{
	memset(ladder, 0, sizeof(*ladder));
	ladder->has_dialog = call->has_dialog;
	if (call->has_dialog)
		ladder->dialog = call->dialog;
	else
		name_dialog(call, &ladder->dialog);
	for (unsigned int kind = 0; kind < CG_RECENT_CLASSES; kind++) {
		unsigned int i = cg_recent_class_start(kind), end = cg_recent_class_start(kind + 1);

		for (unsigned int n = 0; n < call->n[kind] && i < end; n++, i++)
			add_event_step(ladder, &call->steps[i]);
		ladder->left_out += call->left_out[kind];
	}
	add_dialog_steps(ladder, call);
	qsort(ladder->steps, ladder->n, sizeof(*ladder->steps), compare_steps);
	merge_steps(ladder);
	set_counters(ladder);
	set_last_counters(ladder);
}

void cg_ladder_call_from_dialog(const struct cg_dialog *dialog, struct cg_recent_call *call)
{
	memset(call, 0, sizeof(*call));
	memcpy(call->call_id, dialog->call.call_id, CG_CALL_ID_MAX - 1);
	call->dialog = *dialog;
	call->has_dialog = true;
}
