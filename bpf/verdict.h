/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A verdict: the reason on which a packet leaves, the action that follows from it, and the counters
 * of both. Owner of `counters`. A counter that cannot be found changes no verdict.
 *
 * API: reason_in(), reason_action(), count_packet(), count_answer(), count_would_drop().
 */
#ifndef CG_VERDICT_H
#define CG_VERDICT_H

#include "bpf_attr.h"
#include "maps.h"
#include "reads_hep.h"

/* The decision on a message, and what has to be reported. */
struct verdict {
	__u8 reason; /* enum cg_reason */
	__u8 event; /* enum cg_event_type, or CG_EVENTS: none */
	__u8 leg; /* enum cg_leg_id: whose tag is in From */
	__u8 clock; /* index in config.clock_offset, of the dialog */
	__u32 expected_cseq; /* the lowest that would have passed; 0: not applicable */
	__u8 would_drop; /* CG_EV_END or CG_EV_RESUME: end of a BYE that observe mode let pass */
	__u8 addr_change; /* the caller uses another address: store it in addr_changes */
	__u8 unexpected_uas; /* right branch, wrong address: count it in unexpected_uas */
	__u8 peer; /* index in `peers` of the host that opened the dialog; 0: this one */
};

#define REASON_IS_PASS 0
#define REASON_IS_NOTE 1
#define REASON_IS_DROP 2
#define REASON_IS_POLICY 3
#define REASON_KIND(NAME, word, kind, text) | (__u64)(REASON_IS_##kind == REASON_SET) << CG_R_##NAME

/* Sets of reasons: bit n is reason n. */
#define REASON_SET REASON_IS_NOTE
static const __u64 reasons_noted = 0 CG_REASON_LIST(REASON_KIND);
#undef REASON_SET
#define REASON_SET REASON_IS_DROP
static const __u64 reasons_dropped = 0 CG_REASON_LIST(REASON_KIND);
#undef REASON_SET
#define REASON_SET REASON_IS_POLICY
static const __u64 reasons_by_policy = 0 CG_REASON_LIST(REASON_KIND);
#undef REASON_SET
_Static_assert(CG_REASONS <= 64, "a set of reasons is 64 bits");

bpf_inline int reason_in(__u64 set, __u8 reason)
{
	return set >> (reason & 63) & 1;
}

/* Returns whether the setting that governs this reason, if there is one, asks for a drop. */
bpf_inline int reason_is_strict(const struct cg_config *config, __u8 reason)
{
	switch (reason) {
	case CG_R_EQUAL_CSEQ:
		return config->equal == CG_EQUAL_DROP;
	case CG_R_FOREIGN_SOURCE:
		return config->source == CG_SOURCE_STRICT;
	case CG_R_FRAGMENTED:
		return config->fragments == CG_FRAGMENTS_STRICT;
	}
	return 1;
}

/*
 * Returns the enum cg_action of an ingress packet. enforced: what is refused is kept from the host.
 */
bpf_inline __u8 reason_action(const struct cg_config *config, __u8 reason, __u8 enforced)
{
	if (!reason_in(reasons_dropped | reasons_by_policy, reason) ||
	    !reason_is_strict(config, reason))
		return CG_PASS;
	return enforced ? CG_DROP : CG_WOULD_DROP;
}

bpf_inline void count_packet(__u8 direction, __u8 reason, __u8 action)
{
	__u32 zero = 0;
	struct cg_counters *c = bpf_map_lookup_elem(&counters, &zero);
	__u64 field = reason, *words;

	/* Otherwise clang compares one copy of the index and uses another, which is unbounded. */
	barrier_var(field);
	if (!c || field >= CG_REASONS)
		return;
	words = direction == CG_IN ? (__u64 *)&c->in : (__u64 *)&c->out;
	count_add(&words[field]);
	if (action == CG_DROP)
		c->dropped++;
	else if (action == CG_WOULD_DROP)
		count_add(&c->would_drop);
	else if (action == CG_REWRITTEN)
		c->rewritten++;
}

/* Counts a BYE that was counted as dropped, and is answered. */
bpf_inline void count_answer(void)
{
	__u32 zero = 0;
	struct cg_counters *c = bpf_map_lookup_elem(&counters, &zero);

	if (c)
		c->answered++;
}

/* Counts how a BYE that observe mode let through ended. */
bpf_inline void count_would_drop(__u8 how)
{
	__u32 zero = 0;
	struct cg_counters *c = bpf_map_lookup_elem(&counters, &zero);

	if (!c)
		return;
	if (how == CG_EV_END)
		count_add(&c->would_drop_accepted);
	else
		count_add(&c->would_drop_refused);
}

#endif
