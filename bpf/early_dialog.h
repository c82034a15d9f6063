/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Early dialogs: the party that first used a To tag, and the counters before the 2xx. Owner of
 * `early`.
 *
 * API: early_insert(), early_request().
 */
#ifndef CG_EARLY_DIALOG_H
#define CG_EARLY_DIALOG_H

#include "addr.h"
#include "maps.h"
#include "scratch.h"

/* Stores the first message with this To tag. Its direction says whether the host made the tag. */
bpf_inline void early_insert(const struct pkt_ctx *ctx, const struct cg_invite *invite,
			     __u64 branch)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_early e = { .caller_tag = info->from_hash, .first_seen = info->direction };

	if (invite) {
		e.branch = branch;
		e.caller_cseq = invite->cseq;
		e.caller_flags = invite->flags & CG_I_CSEQ_VALID ? CG_LEG_CSEQ_VALID : 0;
		__builtin_memcpy(e.caller_addr, invite->caller_addr, 16);
		e.caller_if = invite->caller_if;
		__builtin_memcpy(e.callee_addr, ctx->scratch->packet.source, 16);
		e.callee_if = cg_ifindex_hash8(ctx->scratch->packet.ifindex);
	}
	bpf_map_update_elem(&early, &info->key, &e, BPF_NOEXIST);
}

/*
 * PRACK and UPDATE raise a counter before the 2xx comes. Values of an LRU map cannot hold a spin
 * lock: a race between two CPUs loses one raise.
 */
bpf_inline __u8 early_request(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_early *e = bpf_map_lookup_elem(&early, &info->key);
	__u8 ifindex_hash;
	int caller;

	if (!e)
		return CG_R_UNKNOWN_DIALOG;
	caller = info->from_hash == e->caller_tag;
	if (!info->cseq_valid || info->method == CG_M_ACK || info->method == CG_M_BYE)
		return CG_R_EARLY;
	ifindex_hash = caller ? e->caller_if : e->callee_if;
	if (!e->caller_if || (info->ifindex_hash && info->ifindex_hash != ifindex_hash))
		return CG_R_EARLY;
	if (!addr_equal(ctx->scratch->packet.source, caller ? e->caller_addr : e->callee_addr) &&
	    !(info->direction == CG_IN && addr_is_gateway(ctx->config, info->remote)))
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
