// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/dialog_json.h"

#include "calls/cdr.h"
#include "util/enum_names.h"
#include "util/text.h"

json_t *cg_wire_json(const char *bytes, size_t max)
{
	char out[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	cg_text_escape(out, sizeof(out), bytes, max);
	return json_string(out);
}

json_t *cg_time_json(const __s64 clock_offset[CG_CLOCKS], __u8 clock, __u64 at)
{
	char out[CG_TIME_TEXT];

	cg_boottime_format(clock_offset, clock, at, out);
	return *out ? json_string(out) : json_null();
}

static json_t *cseq_json(const struct cg_leg *leg, __u8 flags)
{
	return flags & CG_LEG_CSEQ_VALID ? json_integer(leg->cseq) : json_null();
}

static json_t *transport_json(const struct cg_dialog *d, enum cg_leg_id leg)
{
	const char *transport = cg_dialog_transport(d, leg);

	return transport ? json_string(transport) : json_null();
}

/* A call that has not ended has no reason and nobody who ended it, as in its row. */
static unsigned int get_end_reason(const struct cg_dialog *d)
{
	bool is_final = d->state == CG_S_ENDED || d->end_reason == CG_E_UNGUARDED;

	return is_final ? d->end_reason : CG_E_NONE;
}

json_t *cg_dialog_json(const struct cg_dialog *d, const __s64 clock_offset[CG_CLOCKS])
{
	bool ended = d->state == CG_S_ENDED;
	char caller[INET6_ADDRSTRLEN], callee[INET6_ADDRSTRLEN], call_uid[CG_UUID_TEXT];

	cg_addr_format(d->caller.addr, caller);
	cg_addr_format(d->callee.addr, callee);
	cg_cdr_make_call_uid(d->call.call_id, d->call.from_tag, d->to_tag, call_uid);
#define TIME(at) cg_time_json(clock_offset, d->clock, at)
	/* clang-format off */
	return json_pack("{ss so so so ss so so so ss si ss si ss ss so so si so so so so ss ss sb si so so so si}",
		"call_uid", call_uid,
		"call_id", cg_wire_json(d->call.call_id, CG_CALL_ID_MAX),
		"from_tag", cg_wire_json(d->call.from_tag, CG_TAG_MAX),
		"to_tag", cg_wire_json(d->to_tag, CG_TAG_MAX),
		"state", cg_state_name(d->state),
		"caller", cg_wire_json(d->call.from_uri, CG_URI_MAX),
		"callee", cg_wire_json(d->call.to_uri, CG_URI_MAX),
		"request_uri", cg_wire_json(d->call.request_uri, CG_URI_MAX),
		"caller_addr", caller,
		"caller_port", d->caller_port,
		"callee_addr", callee,
		"callee_port", d->callee_port,
		"caller_side", cg_side_name(cg_leg_side(d->caller_flags)),
		"callee_side", cg_side_name(cg_leg_side(d->callee_flags)),
		"caller_transport", transport_json(d, CG_LEG_CALLER),
		"callee_transport", transport_json(d, CG_LEG_CALLEE),
		"witness", cg_dialog_witness_rank(d),
		"setup_time", TIME(d->setup),
		"answer_time", TIME(d->answer),
		"candidate_end", TIME(cg_dialog_recorded_candidate_ns(d)),
		"end_time", TIME(ended ? d->end : 0),
		"end_reason", cg_end_name(get_end_reason(d)),
		"ended_by", cg_leg_name(ended ? d->ended_by : CG_LEG_NONE),
		"suspect", !!(d->flags & (CG_D_SUSPECT | CG_D_ALIVE_AFTER_END)),
		"blocked_byes", cg_dialog_blocked_byes(d),
		"first_blocked_at", TIME(cg_dialog_first_blocked_ns(d)),
		"caller_cseq", cseq_json(&d->caller, d->caller_flags),
		"callee_cseq", cseq_json(&d->callee, d->callee_flags),
		"sip_code", d->sip_code);
	/* clang-format on */
#undef TIME
}
