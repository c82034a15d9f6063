// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/omission.h"

void cg_omissions_add(struct cg_omissions *omissions, const struct cg_sip_facts *refused, __u64 now)
{
	for (unsigned int i = 0; i < CG_OMISSIONS_MAX; i++) {
		struct cg_omission *o = &omissions->list[i];

		if (o->until > now && o->refused.branch == refused->branch &&
		    o->refused.call_id == refused->call_id) {
			o->until = now + CG_OMISSION_NS; /* a copy */
			return;
		}
	}
	omissions->list[omissions->next++ % CG_OMISSIONS_MAX] =
		(struct cg_omission){ .refused = *refused, .until = now + CG_OMISSION_NS };
}

static bool request_follows(struct cg_omission *o, const struct cg_sip_facts *facts)
{
	bool by_via = facts->branch2 && facts->branch2 == o->refused.branch;
	bool by_numbers = !facts->branch2 && facts->from_tag == o->refused.from_tag &&
			  facts->cseq == o->refused.cseq && facts->method == o->refused.method;

	if (!by_via && !by_numbers)
		return false;
	o->branch_out = facts->branch;
	return true;
}

static bool response_follows(const struct cg_omission *o, enum cg_direction direction,
			     const struct cg_sip_facts *facts)
{
	if (direction == CG_OUT)
		return facts->branch && facts->branch == o->refused.branch;
	return o->branch_out && facts->branch == o->branch_out;
}

bool cg_omissions_match(struct cg_omissions *omissions, enum cg_direction direction,
			const struct cg_sip_facts *facts, __u64 now)
{
	if (!facts->status && direction == CG_IN)
		return false;
	for (unsigned int i = 0; i < CG_OMISSIONS_MAX; i++) {
		struct cg_omission *o = &omissions->list[i];

		if (o->until <= now || o->refused.call_id != facts->call_id)
			continue;
		if (facts->status ? response_follows(o, direction, facts)
				  : request_follows(o, facts))
			return true;
	}
	return false;
}
