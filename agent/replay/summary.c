// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/summary.h"

#include <arpa/inet.h>
#include <string.h>

#include "calls/outcome.h"
#include "util/enum_names.h"

__s64 cg_replay_call_difference(const struct cg_replay_call *call)
{
	return call->first_bye == CG_NULL ? CG_NULL : call->until - call->first_bye;
}

/* The reverse of cg_addr_format(). */
static bool parse_address(const char *text, __u8 addr[16])
{
	memset(addr, 0, 16);
	if (inet_pton(AF_INET6, text, addr) == 1)
		return true;
	addr[10] = addr[11] = 0xff;
	return inet_pton(AF_INET, text, addr + 12) == 1;
}

void cg_summary_add_call(struct cg_replay_summary *summary, const struct cg_replay_call *call)
{
	const struct cg_cdr_row *row = &call->row;
	__s64 difference = cg_replay_call_difference(call);
	bool on_wire = !strcmp(row->callee_side, cg_side_name(CG_SIDE_WIRE));
	__u8 addr[16];

	summary->calls++;
	summary->open += row->end_time == CG_NULL;
	summary->suspect += row->suspect;
	if (difference != CG_NULL && difference > CG_SUMMARY_SHORT_US) {
		summary->calls_short++;
		summary->lost_us += difference;
	}
	if (on_wire && parse_address(row->callee_addr, addr))
		cg_offenders_add(&summary->callees, addr, 0, 0);
}

void cg_summary_add_violation(struct cg_replay_summary *summary, const struct cg_violation_row *row)
{
	if (!strcmp(row->outcome, cg_outcome_name(CG_OUTCOME_REFUSED)))
		summary->right += row->count;
	else if (!strcmp(row->outcome, cg_outcome_name(CG_OUTCOME_ACCEPTED)))
		summary->wrong += row->count;
	else if (!strcmp(row->outcome, cg_outcome_name(CG_OUTCOME_SILENT)))
		summary->silent += row->count;
}

void cg_summary_add_event(struct cg_replay_summary *summary, const struct cg_event *event)
{
	if (event->type == CG_EV_VIOLATION && event->action != CG_PASS)
		cg_offenders_add(&summary->sources, event->source, event->reason, event->at);
}

void cg_summary_add_verdict(struct cg_replay_summary *summary, enum cg_direction direction,
			    const struct cg_engine_verdict *verdict)
{
	bool is_bye = verdict->method == CG_M_BYE && !verdict->status;

	if (direction == CG_OUT)
		return;
	if (!is_bye) {
		summary->other_refusals += verdict->action != CG_PASS;
		return;
	}
	summary->bye_refusals += verdict->action != CG_PASS;
	if (verdict->action != CG_PASS || cg_engine_find_dialog(&verdict->key))
		summary->byes++;
	else
		summary->byes_unknown++;
}

/* The engine's own count has those, too, that have no row. */
bool cg_summary_has_wrong(const struct cg_replay_summary *summary)
{
	return summary->wrong || cg_engine_counters()->would_drop_accepted;
}
