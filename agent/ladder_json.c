// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ladder_json.h"

#include "text.h"
#include "words.h"

static json_t *text(const char *bytes, size_t max)
{
	char out[4 * CG_CALL_ID_MAX + 1];

	cg_text_utf8(out, sizeof(out), bytes, max);
	return json_string(out);
}

static json_t *when(const __s64 *clock_offset, __u8 clock, __u64 at)
{
	char out[CG_TIME_TEXT];

	cg_boot_text(clock_offset, clock, at, out);
	return *out ? json_string(out) : json_null();
}

static json_t *lane(const struct cg_lane *lane)
{
	return lane->known ? json_integer(lane->cseq) : json_null();
}

static json_t *leg(const struct cg_leg *leg, __u16 port, __u8 flags)
{
	char addr[INET6_ADDRSTRLEN];

	cg_addr_text(leg->addr, addr);
	return json_pack("{ss si so sb sb sb}", "address", addr, "port", port, "cseq",
			 flags & CG_LEG_COUNTED ? json_integer(leg->cseq) : json_null(), "gateway",
			 !!(flags & CG_LEG_GATEWAY), "host", !!(flags & CG_LEG_HOST), "witness",
			 !!(flags & CG_LEG_WITNESS));
}

static json_t *source(const struct cg_ladder_step *step)
{
	char addr[INET6_ADDRSTRLEN];

	if (step->type == CG_EVENTS)
		return json_null();
	cg_addr_text(step->source, addr);
	return json_string(addr);
}

static json_t *step_json(const struct cg_ladder *ladder, const struct cg_ladder_step *step,
			 const __s64 *clock_offset)
{
	bool told = step->type < CG_EVENTS, reason = step->reason < CG_REASONS;
	__u8 clock = ladder->dialog.clock;

	return json_pack(
		"{so sf so ss ss ss so so so so so ss so so so so so sI so}", "at",
		when(clock_offset, clock, step->at), "seconds",
		(step->at - ladder->steps[0].at) / 1e9, "event",
		told ? json_string(cg_event_word(step->type)) : json_null(), "from",
		cg_place_word(step->from), "to", cg_place_word(step->to), "leg",
		cg_leg_word(step->leg), "method",
		told || step->method ? json_string(cg_method_word(step->method)) : json_null(),
		"status", step->status ? json_integer(step->status) : json_null(), "cseq",
		step->cseq_valid ? json_integer(step->cseq) : json_null(), "caller_cseq",
		lane(&step->caller), "callee_cseq", lane(&step->callee), "mark",
		cg_mark_word(step->mark), "reason",
		reason ? json_string(cg_reason_word(step->reason)) : json_null(), "action",
		told ? json_string(cg_action_word(step->action)) : json_null(), "expected_cseq",
		step->expected_valid ? json_integer(step->expected) : json_null(), "source",
		source(step), "source_port", told ? json_integer(step->source_port) : json_null(),
		"count", (json_int_t)step->count, "last", when(clock_offset, clock, step->last));
}

static json_t *steps_json(const struct cg_ladder *ladder, const __s64 *clock_offset)
{
	json_t *steps = json_array();

	for (unsigned int i = 0; i < ladder->n; i++)
		json_array_append_new(steps, step_json(ladder, &ladder->steps[i], clock_offset));
	return steps;
}

/* What the dialog itself says; with events alone, nothing. */
static void add_dialog(json_t *object, const struct cg_dialog *d, const __s64 *clock_offset)
{
	json_t *more = json_pack(
		"{so so so ss so so so so so ss ss sb si si}", "from_uri",
		text(d->call.from_uri, CG_URI_MAX), "to_uri", text(d->call.to_uri, CG_URI_MAX),
		"request_uri", text(d->call.request_uri, CG_URI_MAX), "state",
		cg_state_word(d->state), "caller", leg(&d->caller, d->caller_port, d->caller_flags),
		"callee", leg(&d->callee, d->callee_port, d->callee_flags), "setup",
		when(clock_offset, d->clock, d->setup), "answer",
		when(clock_offset, d->clock, d->answer), "end",
		when(clock_offset, d->clock, d->end), "end_reason", cg_end_word(d->end_reason),
		"ended_by", cg_leg_word(d->ended_by), "suspect", !!(d->flags & CG_D_SUSPECT),
		"blocked_byes", d->blocked_byes, "sip_code", d->sip_code);

	json_object_update(object, more);
	json_decref(more);
}

json_t *cg_ladder_json(const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS])
{
	const struct cg_dialog *d = &ladder->dialog;
	json_t *object = json_pack("{so so so}", "call_id", text(d->call.call_id, CG_CALL_ID_MAX),
				   "from_tag", text(d->call.from_tag, CG_TAG_MAX), "to_tag",
				   text(d->to_tag, CG_TAG_MAX));

	if (ladder->has_dialog && object)
		add_dialog(object, d, clock_offset);
	if (object &&
	    json_object_set_new(object, "left_out", json_integer(ladder->left_out)) |
		    json_object_set_new(object, "steps", steps_json(ladder, clock_offset))) {
		json_decref(object);
		object = NULL;
	}
	return object;
}
