// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/ladder_json.h"

#include "format/dialog_json.h"
#include "util/enum_names.h"
#include "util/text.h"

static json_t *counter_json(const struct cg_ladder_counter *counter)
{
	return counter->known ? json_integer(counter->cseq) : json_null();
}

static json_t *source_json(const struct cg_ladder_step *step)
{
	char addr[INET6_ADDRSTRLEN];

	if (step->type == CG_EVENTS)
		return json_null();
	cg_addr_format(step->source, addr);
	return json_string(addr);
}

static json_t *step_json(const struct cg_ladder *ladder, const struct cg_ladder_step *step,
			 const __s64 *clock_offset)
{
	bool has_event = step->type < CG_EVENTS, has_reason = step->reason < CG_REASONS;
	bool has_method = has_event || step->method;
	__u8 clock = ladder->dialog.clock;

	/* clang-format off */
	return json_pack("{so sf so ss ss ss so so so so so ss so so so so so sI so}",
		"at", cg_time_json(clock_offset, clock, step->at),
		"seconds", (step->at - ladder->steps[0].at) / 1e9,
		"event", has_event ? json_string(cg_event_name(step->type)) : json_null(),
		"from", cg_place_name(step->from),
		"to", cg_place_name(step->to),
		"leg", cg_leg_name(step->leg),
		"method", has_method ? json_string(cg_method_name(step->method)) : json_null(),
		"sip_code", step->status ? json_integer(step->status) : json_null(),
		"cseq", step->cseq_valid ? json_integer(step->cseq) : json_null(),
		"caller_cseq", counter_json(&step->caller),
		"callee_cseq", counter_json(&step->callee),
		"mark", cg_mark_name(step->mark),
		"reason", has_reason ? json_string(cg_reason_name(step->reason)) : json_null(),
		"action", has_event ? json_string(cg_action_name(step->action)) : json_null(),
		"expected_cseq", step->expected_valid ? json_integer(step->expected) : json_null(),
		"source", source_json(step),
		"source_port", has_event ? json_integer(step->source_port) : json_null(),
		"count", (json_int_t)step->count,
		"last", cg_time_json(clock_offset, clock, step->last));
	/* clang-format on */
}

static json_t *steps_json(const struct cg_ladder *ladder, const __s64 *clock_offset)
{
	json_t *steps = json_array();

	for (unsigned int i = 0; i < ladder->n; i++)
		json_array_append_new(steps, step_json(ladder, &ladder->steps[i], clock_offset));
	return steps;
}

/* Without the dialog only its identifiers are known, from the events. */
static json_t *name_json(const struct cg_dialog *d)
{
	return json_pack("{so so so}", "call_id", cg_wire_json(d->call.call_id, CG_CALL_ID_MAX),
			 "from_tag", cg_wire_json(d->call.from_tag, CG_TAG_MAX), "to_tag",
			 cg_wire_json(d->to_tag, CG_TAG_MAX));
}

json_t *cg_ladder_json(const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS])
{
	json_t *object = ladder->has_dialog ? cg_dialog_json(&ladder->dialog, clock_offset)
					    : name_json(&ladder->dialog);

	if (object &&
	    json_object_set_new(object, "left_out", json_integer(ladder->left_out)) |
		    json_object_set_new(object, "steps", steps_json(ladder, clock_offset))) {
		json_decref(object);
		object = NULL;
	}
	return object;
}
