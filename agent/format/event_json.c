// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/event_json.h"

#include "format/dialog_json.h"
#include "util/enum_names.h"
#include "util/text.h"

json_t *cg_event_json(const struct cg_config *config, const struct cg_event *e,
		      const char *interface)
{
	char at[CG_TIME_TEXT], source[INET6_ADDRSTRLEN];

	cg_time_format(config, e->clock, e->at, at);
	cg_addr_format(e->source, source);
	/* clang-format off */
	return json_pack("{ss ss ss ss ss ss so so so so so ss si ss so ss sI}",
		"at", at,
		"event", cg_event_name(e->type),
		"reason", cg_reason_name(e->reason),
		"action", cg_action_name(e->action),
		"method", cg_method_name(e->method),
		"leg", cg_leg_name(e->leg),
		"cseq", e->cseq_valid ? json_integer(e->cseq) : json_null(),
		"expected_cseq", e->expected_cseq ? json_integer(e->expected_cseq) : json_null(),
		"call_id", cg_wire_json(e->call_id, CG_CALL_ID_MAX),
		"from_tag", cg_wire_json(e->from_tag, CG_TAG_MAX),
		"to_tag", cg_wire_json(e->to_tag, CG_TAG_MAX),
		"source", source,
		"source_port", e->source_port,
		"interface", interface,
		"sip_code", e->status ? json_integer(e->status) : json_null(),
		"direction", e->direction == CG_OUT ? "out" : "in",
		"seq", (json_int_t)e->seq);
	/* clang-format on */
}
