// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/ladder.c agent/format/ladder_json.c agent/format/dialog_json.c agent/calls/recent.c agent/calls/cdr.c agent/util/text.c agent/util/enum_names.c -ljansson -luuid
#include <jansson.h>
#include <string.h>

#include "calls/ladder.h"
#include "calls/recent.h"
#include "format/ladder_json.h"
#include "tap.h"
#include "util/text.h"

#define S 1000000000ULL

static const struct cg_dialog_key key = { 1, 2 };
static const __u8 caller_addr[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
static const __u8 callee_addr[16] = { [10] = 0xff, 0xff, 192, 0, 2, 2 };
static const __u8 third_addr[16] = { [10] = 0xff, 0xff, 192, 0, 2, 3 };

static struct cg_dialog a_call(void)
{
	struct cg_dialog d = {
		.state = CG_S_CONFIRMED,
		.caller_flags = CG_LEG_CSEQ_VALID,
		.callee_flags = CG_LEG_WITNESS,
		.caller = { .cseq = 13 },
		.caller_port = 5060,
		.callee_port = 5060,
		.sip_code = 200,
		.setup = 99 * S,
		.answer = 100 * S,
		.call = { "call@host", "Tag-A", "sip:a@x", "sip:b@x", "sip:b@y" },
		.to_tag = "tag-b",
	};

	memcpy(d.caller.addr, caller_addr, 16);
	memcpy(d.callee.addr, callee_addr, 16);
	return d;
}

static struct cg_event an_event(__u8 type, __u64 at, __u8 method, __u32 cseq)
{
	struct cg_event e = { .layout = CG_LAYOUT,
			      .size = sizeof(e),
			      .type = type,
			      .reason = CG_R_BYE,
			      .leg = CG_LEG_CALLER,
			      .at = at,
			      .key = key,
			      .cseq = cseq,
			      .cseq_valid = 1,
			      .source_port = 5060,
			      .method = method,
			      .call_id = "call@host",
			      .from_tag = "Tag-A",
			      .to_tag = "tag-b" };

	memcpy(e.source, caller_addr, 16);
	return e;
}

static struct cg_event a_start(void)
{
	struct cg_event e = an_event(CG_EV_START, 100 * S, CG_M_INVITE, 13);

	e.reason = CG_R_OPENED;
	e.status = 200;
	memcpy(e.source, callee_addr, 16);
	return e;
}

static struct cg_event a_low_bye(__u64 at, __u8 action)
{
	struct cg_event e = an_event(CG_EV_VIOLATION, at, CG_M_BYE, 10);

	e.reason = CG_R_OUT_OF_ORDER;
	e.action = action;
	e.expected_cseq = 14;
	return e;
}

/* The memory's view of these events, and of a dialog (may be NULL) after the first of them. */
static void make(struct cg_ladder *ladder, const struct cg_dialog *dialog,
		 const struct cg_event *events, unsigned int n)
{
	struct cg_recent *recent = cg_recent_new();
	unsigned int position = 0;

	for (unsigned int i = 0; i < n; i++) {
		cg_recent_handle_event(recent, &events[i]);
		if (dialog && !i)
			cg_recent_update_dialog(recent, &key, dialog);
	}
	cg_ladder_build(cg_recent_find(recent, "call@host", &position), ladder);
	cg_recent_free(recent);
}

static bool is_step(const struct cg_ladder_step *step, __u8 method, __u32 cseq, __u8 from, __u8 to,
		    __u32 caller, __u8 mark)
{
	return step->method == method && step->cseq == cseq && step->from == from &&
	       step->to == to && step->caller.cseq == caller && step->mark == mark;
}

static void attack(void)
{
	struct cg_dialog d = a_call();
	struct cg_event events[] = { a_start(), an_event(CG_EV_BYE, 120 * S, CG_M_BYE, 14),
				     an_event(CG_EV_END, 120 * S + 5, CG_M_BYE, 14),
				     a_low_bye(110 * S, CG_DROP) };
	struct cg_ladder ladder;

	events[2].status = 200;
	memcpy(events[2].source, callee_addr, 16);
	make(&ladder, &d, events, 4);
	ok(ladder.n == 5 && ladder.has_dialog,
	   "ladder: the attack of 2008 has five steps: INVITE, 200, refused BYE, BYE, 200");
	ok(is_step(&ladder.steps[0], CG_M_INVITE, 13, CG_PLACE_CALLER, CG_PLACE_CALLEE, 13, 0) &&
		   ladder.steps[0].type == CG_EVENTS,
	   "ladder: without its event the INVITE comes from the dialog");
	ok(is_step(&ladder.steps[1], CG_M_INVITE, 13, CG_PLACE_CALLEE, CG_PLACE_CALLER, 13, 0) &&
		   ladder.steps[1].status == 200,
	   "ladder: the answer goes from callee to caller");
	ok(is_step(&ladder.steps[2], CG_M_BYE, 10, CG_PLACE_CALLER, CG_PLACE_GUARD, 13,
		   CG_MARK_REFUSED) &&
		   ladder.steps[2].expected == 14 && ladder.steps[2].expected_valid,
	   "ladder: the low BYE ends at the guard, in its place by time, and raises nothing");
	ok(is_step(&ladder.steps[3], CG_M_BYE, 14, CG_PLACE_CALLER, CG_PLACE_CALLEE, 14, 0),
	   "ladder: the true BYE raises the caller's counter");
	ok(!ladder.steps[4].callee.known && ladder.steps[4].caller.known,
	   "ladder: a callee who asked nothing has no counter");
}

static void two_rings(void)
{
	struct cg_dialog d = a_call();
	struct cg_event events[] = { a_start(), an_event(CG_EV_BYE, 110 * S, CG_M_BYE, 10),
				     a_low_bye(110 * S, CG_WOULD_DROP) };
	struct cg_ladder ladder;

	make(&ladder, &d, events, 3);
	ok(ladder.n == 3 &&
		   is_step(&ladder.steps[2], CG_M_BYE, 10, CG_PLACE_CALLER, CG_PLACE_CALLEE, 13,
			   CG_MARK_WOULD_REFUSE) &&
		   ladder.steps[2].type == CG_EV_BYE,
	   "ladder: what observe mode let pass is one step, and raises nothing");
}

static void rewritten(void)
{
	struct cg_dialog d = a_call();
	struct cg_event events[] = { a_start(), a_low_bye(110 * S, CG_REWRITTEN) };
	struct cg_ladder ladder;

	make(&ladder, &d, events, 2);
	ok(ladder.n == 3 && is_step(&ladder.steps[2], CG_M_BYE, 10, CG_PLACE_CALLER, CG_PLACE_GUARD,
				    13, CG_MARK_REFUSED),
	   "ladder: a rewritten BYE ends at the guard, as a dropped one");
}

static void requests(void)
{
	struct cg_dialog d = a_call();
	struct cg_event events[] = { a_start(), an_event(CG_EV_REQUEST, 105 * S, CG_M_INFO, 20),
				     an_event(CG_EV_REQUEST, 106 * S, CG_M_UPDATE, 7),
				     a_low_bye(110 * S, CG_DROP) };
	struct cg_ladder ladder;

	events[2].leg = CG_LEG_CALLEE;
	memcpy(events[2].source, callee_addr, 16);
	events[3].expected_cseq = 21;
	make(&ladder, &d, events, 4);
	ok(ladder.n == 5 && ladder.steps[2].caller.cseq == 20 && !ladder.steps[2].callee.known,
	   "ladder: an in-dialog request is a step, and raises its leg");
	ok(ladder.steps[4].caller.cseq == 20 && ladder.steps[4].callee.cseq == 7 &&
		   ladder.steps[3].from == CG_PLACE_CALLEE,
	   "ladder: each leg has its own counter");
	events[1] = events[3];
	make(&ladder, &d, events, 2);
	ok(ladder.n == 3 && ladder.steps[2].caller.cseq == 20,
	   "ladder: a raise that is not remembered shows by what was expected");
}

static void sources(void)
{
	struct cg_dialog d = a_call();
	struct cg_event events[] = { a_start(), a_low_bye(110 * S, CG_DROP),
				     a_low_bye(111 * S, CG_DROP) };
	struct cg_ladder ladder;

	memcpy(events[1].source, third_addr, 16);
	memcpy(events[2].source, callee_addr, 16);
	make(&ladder, &d, events, 3);
	ok(ladder.steps[2].from == CG_PLACE_ELSEWHERE && ladder.steps[3].from == CG_PLACE_CALLEE,
	   "ladder: the source says who sent it, not the tags");
	d.callee_flags |= CG_LEG_LOCAL;
	events[0].direction = events[1].direction = CG_OUT;
	make(&ladder, &d, events, 2);
	ok(ladder.steps[1].from == CG_PLACE_CALLEE && ladder.steps[2].from == CG_PLACE_GUARD,
	   "ladder: what goes out is the host's, which may be a leg");
}

static void renumbered(void)
{
	struct cg_dialog d = a_call();
	struct cg_event start = a_start();
	struct cg_ladder ladder;

	start.cseq = 99;
	make(&ladder, &d, &start, 1);
	ok(ladder.steps[0].cseq == 13 && ladder.steps[1].cseq == 99 &&
		   ladder.steps[1].caller.cseq == 13,
	   "ladder: a proxy's own number in the 2xx is not the caller's");
}

static void alone(void)
{
	struct cg_dialog d = a_call();
	struct cg_event event = a_low_bye(110 * S, CG_DROP);
	struct cg_recent_call call;
	struct cg_ladder ladder;

	d.state = CG_S_ENDED;
	d.end = 130 * S;
	d.end_reason = CG_E_BYE;
	d.ended_by = CG_LEG_CALLEE;
	cg_ladder_call_from_dialog(&d, &call);
	cg_ladder_build(&call, &ladder);
	ok(ladder.n == 3 && ladder.steps[1].status == 200 && !ladder.steps[1].cseq_valid &&
		   ladder.steps[2].at == 130 * S && ladder.steps[2].from == CG_PLACE_CALLEE &&
		   ladder.steps[2].caller.cseq == 13,
	   "ladder: of the map alone: setup, answer, end, and the counters as they are");
	make(&ladder, NULL, &event, 1);
	ok(ladder.n == 1 && !ladder.has_dialog && !strcmp(ladder.dialog.call.from_tag, "Tag-A") &&
		   !strcmp(ladder.dialog.to_tag, "tag-b"),
	   "ladder: an event without a dialog makes a ladder");
	memset(call.n, 255, sizeof(call.n));
	cg_ladder_build(&call, &ladder);
	ok(ladder.n <= CG_LADDER_STEPS, "ladder: wrong counts are read in bounds");
}

static void json(void)
{
	static const __s64 offset[CG_CLOCKS] = { 1000 * S };
	struct cg_dialog d = a_call();
	struct cg_event events[] = { a_start(), a_low_bye(110 * S, CG_DROP) };
	struct cg_ladder ladder;
	json_t *object, *step;

	memcpy(d.call.call_id, "c\xff\x1b", 4);
	make(&ladder, &d, events, 2);
	object = cg_ladder_json(&ladder, offset);
	step = json_array_get(json_object_get(object, "steps"), 2);
	ok(!strcmp(json_string_value(json_object_get(object, "call_id")), "c\\xff\\x1b"),
	   "ladder: any bytes make valid JSON");
	ok(step &&
		   !strcmp(json_string_value(json_object_get(step, "at")),
			   "1970-01-01T00:18:30.000000Z") &&
		   json_integer_value(json_object_get(step, "expected_cseq")) == 14 &&
		   json_integer_value(json_object_get(step, "caller_cseq")) == 13 &&
		   json_is_null(json_object_get(step, "callee_cseq")) &&
		   !strcmp(json_string_value(json_object_get(step, "mark")), "refused") &&
		   !strcmp(json_string_value(json_object_get(step, "source")), "192.0.2.1"),
	   "ladder: the JSON of a refused BYE has mark, source and expected CSeq");
	json_decref(object);
}

int main(void)
{
	attack();
	two_rings();
	rewritten();
	requests();
	sources();
	renumbered();
	alone();
	json();
	ok(cg_call_id_matches("a\x01", "a\\x01") && cg_call_id_matches("a\x01", "a\x01") &&
		   !cg_call_id_matches("a", "ab") && !cg_call_id_matches("ab", "a"),
	   "ladder: a Call-ID matches as received, and as it is printed");
	return tap_done();
}
