/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A caller that goes on from another address: its re-INVITE or UPDATE is noted in `addr_changes`, and the
 * callee's 2xx to it moves the leg. A witness moves only within the gateways, where any address is
 * its own. Owner of `addr_changes`; LRU, since a lost note costs no more than a foreign source.
 *
 * API: move_find(), move_note(), and under the dialog's lock dialog_moves(), move_sent_on(),
 * dialog_move().
 */
#ifndef CG_ADDR_CHANGE_H
#define CG_ADDR_CHANGE_H

#include "leg.h"
#include "remote_target.h"

bpf_inline struct cg_addr_change *move_find(const struct facts *f)
{
	return method_refreshes_target(f->method) ? bpf_map_lookup_elem(&addr_changes, &f->key)
						  : NULL;
}

bpf_inline int dialog_moves(const struct facts *f, const struct side *s, enum relation relation)
{
	return relation == SOURCE_FOREIGN && s->leg == CG_LEG_CALLER &&
	       !(*s->flags & CG_LEG_WITNESS) && method_refreshes_target(f->method) &&
	       f->cseq_valid && (!(*s->flags & CG_LEG_CSEQ_VALID) || f->cseq > s->own->cseq);
}

bpf_inline void move_note(const struct guard *g)
{
	const struct facts *f = &g->s->facts;
	struct cg_addr_change m = { .port = f->peer_port,
				    .cseq = f->cseq,
				    .branch_in = branch_short(f->branch) };

	__builtin_memcpy(m.addr, f->peer, 16);
	m.caller_if = cg_ifindex_hash8(g->s->packet.ifindex);
	bpf_map_update_elem(&addr_changes, &f->key, &m, BPF_ANY);
}

bpf_inline void move_sent_on(struct cg_addr_change *m, const struct facts *f)
{
	if (m && f->branch2 && m->branch_in == branch_short(f->branch2))
		m->branch_out = branch_short(f->branch);
}

/* The callee answered 2xx: itself for the branch that the host sent on, or here. */
bpf_inline void dialog_move(struct cg_dialog *d, struct cg_addr_change *m, const struct facts *f,
			    const struct side *answerer)
{
	__u32 branch = branch_short(f->branch);

	if (!m || answerer->leg != CG_LEG_CALLEE || !branch)
		return;
	if (f->direction == CG_IN ? m->branch_out != branch
				  : !(*answerer->flags & CG_LEG_LOCAL) || m->branch_in != branch)
		return;
	__builtin_memcpy(d->caller.addr, m->addr, 16);
	d->caller_port = m->port;
	d->caller_if = m->caller_if;
	if (!(d->caller_flags & CG_LEG_CSEQ_VALID) || m->cseq > d->caller.cseq)
		d->caller.cseq = m->cseq;
	d->caller_flags |= CG_LEG_CSEQ_VALID;
	m->branch_in = 0;
	m->branch_out = 0;
}

#endif
