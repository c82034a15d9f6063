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

/* clang-format off */
static json_t *leg_json(const struct cg_leg *leg, __u16 port, __u8 flags)
{
	char addr[INET6_ADDRSTRLEN];

	cg_addr_format(leg->addr, addr);
	return json_pack("{ss si so}",
		"address", addr,
		"port", port,
		"cseq", flags & CG_LEG_CSEQ_VALID ? json_integer(leg->cseq) : json_null());
}

json_t *cg_dialog_json(const struct cg_dialog *d, const __s64 clock_offset[CG_CLOCKS])
{
	return json_pack("{so so so ss so so ss ss si so so so so so so so ss ss sb si si}",
		"call_id", cg_wire_json(d->call.call_id, CG_CALL_ID_MAX),
		"from_tag", cg_wire_json(d->call.from_tag, CG_TAG_MAX),
		"to_tag", cg_wire_json(d->to_tag, CG_TAG_MAX),
		"state", cg_state_name(d->state),
		"caller", leg_json(&d->caller, d->caller_port, d->caller_flags),
		"callee", leg_json(&d->callee, d->callee_port, d->callee_flags),
		"caller_side", cg_side_name(cg_leg_side(d->caller_flags)),
		"callee_side", cg_side_name(cg_leg_side(d->callee_flags)),
		"witness", cg_dialog_witness_rank(d),
		"from_uri", cg_wire_json(d->call.from_uri, CG_URI_MAX),
		"to_uri", cg_wire_json(d->call.to_uri, CG_URI_MAX),
		"request_uri", cg_wire_json(d->call.request_uri, CG_URI_MAX),
		"setup", cg_time_json(clock_offset, d->clock, d->setup),
		"answer", cg_time_json(clock_offset, d->clock, d->answer),
		"candidate_end", cg_time_json(clock_offset, d->clock,
					      cg_dialog_recorded_candidate_ns(d)),
		"end", cg_time_json(clock_offset, d->clock, d->end),
		"end_reason", cg_end_name(d->end_reason),
		"ended_by", cg_leg_name(d->ended_by),
		"suspect", !!(d->flags & CG_D_SUSPECT),
		"blocked_byes", d->blocked_byes,
		"sip_code", d->sip_code);
}
/* clang-format on */
