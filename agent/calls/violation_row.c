// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/violation_row.h"

#include <stdbool.h>
#include <stdint.h>

#include "calls/cdr_internal.h"
#include "util/enum_names.h"

/* Bits of `seq` in rows that the daemon makes itself. They name a CPU that does not exist. */
#define SEQ_OF_DAEMON 0x7fff000000000000ULL

void cg_violation_fill_event(const struct cg_event *event, const struct cg_origin *origin,
			     const char *ifname, struct cg_violation_row *row)
{
	*row = (struct cg_violation_row){
		.at = boottime_to_utc_us(origin, event->clock, event->at),
		.seq = (__s64)(event->seq & INT64_MAX),
		.count = 1,
		.cseq = event->cseq_valid ? event->cseq : CG_NULL,
		.expected_cseq = event->expected_cseq ? event->expected_cseq : CG_NULL,
		.source_port = event->source_port,
	};
	cg_cdr_make_call_uid(event->call_id, event->from_tag, event->to_tag, row->call_uid);
	SET_TEXT(row->node, origin->node);
	SET_TEXT(row->reason, cg_reason_name(event->reason));
	SET_TEXT(row->action, cg_action_name(event->action));
	SET_ESCAPED(row->call_id, event->call_id);
	SET_ESCAPED(row->from_tag, event->from_tag);
	SET_ESCAPED(row->to_tag, event->to_tag);
	SET_TEXT(row->method, cg_method_name(event->method));
	SET_TEXT(row->leg, cg_leg_name(event->leg));
	cg_addr_format(event->source, row->source);
	SET_TEXT(row->interface, ifname);
}

/* Fills a violation that the daemon itself has found, of one leg of a dialog. */
static void fill_leg_violation(const struct cg_dialog *dialog, bool of_callee,
			       enum cg_reason reason, const struct cg_origin *origin,
			       struct cg_violation_row *row)
{
	const char *from_tag = of_callee ? dialog->to_tag : dialog->call.from_tag;
	const char *to_tag = of_callee ? dialog->call.from_tag : dialog->to_tag;

	*row = (struct cg_violation_row){
		.count = 1,
		.cseq = CG_NULL,
		.expected_cseq = CG_NULL,
		.source_port = of_callee ? dialog->callee_port : dialog->caller_port,
	};
	cg_cdr_make_call_uid(dialog->call.call_id, from_tag, to_tag, row->call_uid);
	SET_TEXT(row->node, origin->node);
	SET_TEXT(row->reason, cg_reason_name(reason));
	SET_TEXT(row->action, cg_action_name(CG_PASS));
	SET_ESCAPED(row->call_id, dialog->call.call_id);
	cg_text_escape(row->from_tag, sizeof(row->from_tag), from_tag, CG_TAG_MAX);
	cg_text_escape(row->to_tag, sizeof(row->to_tag), to_tag, CG_TAG_MAX);
	SET_TEXT(row->leg, cg_leg_name(of_callee ? CG_LEG_CALLEE : CG_LEG_CALLER));
	cg_addr_format(of_callee ? dialog->callee.addr : dialog->caller.addr, row->source);
}

void cg_violation_fill_unanswered(const struct cg_dialog_key *key, const struct cg_dialog *dialog,
				  const struct cg_limits *limits, const struct cg_origin *origin,
				  struct cg_violation_row *row)
{
	bool by_callee = dialog->flags & CG_D_BYE_CALLEE;
	const struct cg_leg *leg = by_callee ? &dialog->callee : &dialog->caller;
	__u8 leg_flags = by_callee ? dialog->callee_flags : dialog->caller_flags;

	fill_leg_violation(dialog, by_callee, CG_R_UNANSWERED, origin, row);
	row->at = boottime_to_utc_us(origin, dialog->clock, dialog->bye_at + limits->bye_timeout);
	row->seq = (__s64)(SEQ_OF_DAEMON | ((key->call ^ key->tags) >> 16));
	if (leg_flags & CG_LEG_BYE_CSEQ_VALID)
		row->cseq = leg->bye_cseq;
	SET_TEXT(row->method, cg_method_name(CG_M_BYE));
}

void cg_violation_fill_alive(const struct cg_dialog_key *key, const struct cg_dialog *dialog,
			     __u64 now, const struct cg_origin *origin,
			     struct cg_violation_row *row)
{
	bool callee_is_witness = dialog->callee_flags & CG_LEG_WITNESS;

	fill_leg_violation(dialog, callee_is_witness, CG_R_ALIVE_AFTER_END, origin, row);
	row->at = boottime_to_utc_us(origin, dialog->clock, now);
	row->seq = (__s64)(SEQ_OF_DAEMON | ((key->call ^ key->tags) >> 16));
	SET_TEXT(row->method, cg_method_name(CG_M_OTHER));
}

/* Fills the columns of a violation that belongs to no call and to no source. */
static void fill_without_call(const char *node, const char *reason, const char *action,
			      struct cg_violation_row *row)
{
	static const __u8 nowhere[16];

	*row = (struct cg_violation_row){
		.call_uid = "00000000-0000-0000-0000-000000000000",
		.cseq = CG_NULL,
		.expected_cseq = CG_NULL,
	};
	SET_TEXT(row->node, node);
	SET_TEXT(row->reason, reason);
	SET_TEXT(row->action, action);
	SET_TEXT(row->method, cg_method_name(CG_M_OTHER));
	SET_TEXT(row->leg, cg_leg_name(CG_LEG_NONE));
	cg_addr_format(nowhere, row->source);
}

void cg_violation_fill_breaker(__u64 now, __u8 clock, const struct cg_origin *origin,
			       struct cg_violation_row *row)
{
	fill_without_call(origin->node, "breaker", cg_action_name(CG_PASS), row);
	row->at = boottime_to_utc_us(origin, clock, now);
	row->seq = (__s64)(SEQ_OF_DAEMON | (now >> 16));
	row->count = 1;
}

void cg_violation_fill_sum(const struct cg_violation_row *first, struct cg_violation_row *sum)
{
	fill_without_call(first->node, first->reason, first->action, sum);
	sum->at = first->at;
	sum->seq = first->seq;
}
