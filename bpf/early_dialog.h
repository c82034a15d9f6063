/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Early dialogs: who first spoke under a To tag, and the counters before the 2xx. Owner of `early`.
 *
 * API: early_note(), early_request().
 */
#ifndef CG_EARLY_DIALOG_H
#define CG_EARLY_DIALOG_H

#include "scratch.h"

/* The first message that carries a To tag says whether the host made it. */
bpf_inline void early_note(const struct guard *g, const struct cg_invite *i, __u64 branch)
{
	const struct facts *f = &g->s->facts;
	struct cg_early e = { .caller_tag = f->from, .first_seen = f->direction };

	if (i) {
		e.branch = branch;
		e.caller_cseq = i->cseq;
		e.caller_flags = i->flags & CG_I_CSEQ_VALID ? CG_LEG_CSEQ_VALID : 0;
		__builtin_memcpy(e.caller_addr, i->caller_addr, 16);
		e.caller_if = i->caller_if;
		__builtin_memcpy(e.callee_addr, g->s->packet.source, 16);
		e.callee_if = cg_ifindex_hash8(g->s->packet.ifindex);
	}
	bpf_map_update_elem(&early, &f->key, &e, BPF_NOEXIST);
}

/* PRACK and UPDATE raise a counter before the 2xx does. LRU maps take no lock: a race costs a raise. */
bpf_inline __u8 early_request(const struct guard *g)
{
	const struct facts *f = &g->s->facts;
	struct cg_early *e = bpf_map_lookup_elem(&early, &f->key);
	__u8 interface;
	int caller;

	if (!e)
		return CG_R_UNKNOWN_DIALOG;
	caller = f->from == e->caller_tag;
	if (!f->cseq_valid || f->method == CG_M_ACK || f->method == CG_M_BYE)
		return CG_R_EARLY;
	interface = caller ? e->caller_if : e->callee_if;
	if (!e->caller_if || (f->interface && f->interface != interface))
		return CG_R_EARLY;
	if (!addr_equal(g->s->packet.source, caller ? e->caller_addr : e->callee_addr) &&
	    !(f->direction == CG_IN && addr_is_gateway(g->config, f->peer)))
		return CG_R_EARLY;
	if (caller && f->cseq > e->caller_cseq) {
		e->caller_cseq = f->cseq;
		e->caller_flags |= CG_LEG_CSEQ_VALID;
	} else if (!caller &&
		   (!(e->callee_flags & CG_LEG_CSEQ_VALID) || f->cseq > e->callee_cseq)) {
		e->callee_cseq = f->cseq;
		e->callee_flags |= CG_LEG_CSEQ_VALID;
	}
	return CG_R_EARLY;
}

#endif
