/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Early dialogs: who first spoke under a To tag, and the counters before the 2xx. Owner of `early`.
 * Only what answers a noted INVITE gets an entry: forged provisional responses would evict the
 * others.
 *
 * API: early_insert(), early_remove(), early_refuse(), early_request().
 */
#ifndef CG_EARLY_DIALOG_H
#define CG_EARLY_DIALOG_H

#include "scratch.h"

/*
 * Stores an early dialog. Its first message shows whether the host made the To tag. note: its
 * INVITE's key.
 */
bpf_inline void early_insert(const struct pkt_ctx *ctx, const struct cg_invite *invite, __u64 note,
			     __u8 flags)
{
	const struct msg_info *info = &ctx->scratch->info;
	const struct packet *packet = &ctx->scratch->packet;
	struct cg_early e = { .caller_tag = info->from_hash,
			      .note = note,
			      .branch = info->direction == CG_IN ? info->branch_hash : 0,
			      .first_seen = info->direction,
			      .flags = flags };

	if (invite->flags & CG_I_HEP)
		e.flags |= CG_EARLY_CALLER_HEP;
	if (from_hep() && info->direction == CG_IN)
		e.flags |= CG_EARLY_CALLEE_HEP;
	e.caller_cseq = invite->cseq;
	e.caller_flags = invite->flags & CG_I_CSEQ_VALID ? CG_LEG_CSEQ_VALID : 0;
	__builtin_memcpy(e.caller_addr, invite->caller_addr, 16);
	e.caller_port = invite->caller_port;
	e.caller_ifindex = invite->caller_ifindex;
	__builtin_memcpy(e.callee_addr, packet->source, 16);
	e.callee_port = packet->source_port;
	e.callee_ifindex = packet->ifindex;
	bpf_map_update_elem(&early, &info->key, &e, BPF_NOEXIST);
}

/*
 * The dialog has opened: its ACK opens no other, and what raised a counter while it rang raises
 * none of the next call under the same tags.
 */
bpf_inline void early_remove(const struct msg_info *info)
{
	bpf_map_delete_elem(&early, &info->key);
}

/*
 * The call found no room in `dialogs`: makes its ACK open no dialog. The 2xx that the host forwards
 * opens none either, even if there is room by then, because its callee would be unseen. An ingress
 * copy of the 2xx does.
 */
BPF_SUBPROG int early_refuse(const struct pkt_ctx *ctx, const struct cg_invite *invite,
			     struct cg_early *e)
{
	if (e)
		e->note = 0;
	else
		early_insert(ctx, invite, 0, 0);
	return 0;
}

/* A report speaks for a leg that is known by reports, as in hep.h. caller: the From tag is his. */
bpf_inline int hep_may_speak_early(const struct msg_info *info, const struct cg_early *e,
				   int caller)
{
	if (!from_hep())
		return 1; /* first: the verifier walks what comes before it in every program */
	if (caller == (info->direction == CG_IN))
		return e->flags & CG_EARLY_CALLER_HEP;
	return e->flags & CG_EARLY_CALLEE_HEP;
}

bpf_inline int early_may_raise(const struct pkt_ctx *ctx, const struct cg_early *e, int caller)
{
	const struct msg_info *info = &ctx->scratch->info;
	const struct packet *packet = &ctx->scratch->packet;
	__u32 ifindex = caller ? e->caller_ifindex : e->callee_ifindex;
	__u16 port = caller ? e->caller_port : e->callee_port;

	if (!hep_may_speak_early(info, e, caller) || !info->cseq_valid ||
	    info->method == CG_M_ACK || info->method == CG_M_BYE || info->came_back ||
	    (info->ifindex && info->ifindex != ifindex))
		return 0;
	if (info->remote_is_gateway && info->direction == CG_IN)
		return addr_is_gateway(ctx->config, caller ? e->caller_addr : e->callee_addr);
	return addr_equal(packet->source, caller ? e->caller_addr : e->callee_addr) &&
	       packet->source_port == port;
}

/*
 * Raises the counter of an early dialog by its PRACK or UPDATE. LRU maps have no lock: a race can
 * lose a raise.
 */
bpf_inline __u8 early_request(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_early *e = bpf_map_lookup_elem(&early, &info->key);
	int caller;

	if (!e || !e->note)
		return CG_R_UNKNOWN_DIALOG;
	caller = info->from_hash == e->caller_tag;
	if (!early_may_raise(ctx, e, caller))
		return CG_R_EARLY;
	if (caller && info->cseq > e->caller_cseq) {
		e->caller_cseq = info->cseq;
		e->caller_flags |= CG_LEG_CSEQ_VALID;
	} else if (!caller &&
		   (!(e->callee_flags & CG_LEG_CSEQ_VALID) || info->cseq > e->callee_cseq)) {
		e->callee_cseq = info->cseq;
		e->callee_flags |= CG_LEG_CSEQ_VALID;
	}
	return CG_R_EARLY;
}

#endif
