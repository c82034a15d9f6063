/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A caller that continues from another address. Its re-INVITE or UPDATE is stored in
 * `addr_changes`; the callee's 2xx to that request changes the leg's address. The address of a
 * witness never changes in this way; a gateway leg may use any gateway address anyway. Owner of
 * `addr_changes`. The map is LRU: a lost entry means only that the caller counts as a foreign
 * source.
 *
 * API: addr_change_find(), addr_change_store(), and under the dialog's lock request_changes_addr(),
 * addr_change_set_fwd_branch(), dialog_apply_addr_change().
 */
#ifndef CG_ADDR_CHANGE_H
#define CG_ADDR_CHANGE_H

#include "leg.h"
#include "maps.h"
#include "remote_target.h"
#include "scratch.h"

bpf_inline struct cg_addr_change *addr_change_find(const struct msg_info *info)
{
	return method_refreshes_target(info->method)
		       ? bpf_map_lookup_elem(&addr_changes, &info->key)
		       : NULL;
}

/* Returns whether this ingress request asks to change the caller's address. */
bpf_inline int request_changes_addr(const struct msg_info *info, const struct leg_view *view,
				    enum source_match source)
{
	int may_change = view->leg == CG_LEG_CALLER && !leg_has(view, CG_LEG_WITNESS);
	int in_order = info->cseq_valid && leg_counter_is_below(view, info->cseq);

	return source == SRC_OTHER && may_change && method_refreshes_target(info->method) &&
	       in_order;
}

bpf_inline void addr_change_store(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_addr_change change = { .port = info->remote_port,
					 .cseq = info->cseq,
					 .branch_in = branch_hash32(info->branch_hash) };

	__builtin_memcpy(change.addr, info->remote, 16);
	change.caller_if = cg_ifindex_hash8(ctx->scratch->packet.ifindex);
	bpf_map_update_elem(&addr_changes, &info->key, &change, BPF_ANY);
}

/* The host forwards the request: notes the branch under which the 2xx will come back. */
bpf_inline void addr_change_set_fwd_branch(struct cg_addr_change *change,
					   const struct msg_info *info)
{
	if (change && info->branch2_hash && change->branch_in == branch_hash32(info->branch2_hash))
		change->branch_out = branch_hash32(info->branch_hash);
}

/*
 * The callee answered 2xx: changes the caller's address if that response belongs to the stored
 * request. A callee elsewhere answers under the branch that the host forwarded, the host itself
 * under the caller's.
 */
bpf_inline void dialog_apply_addr_change(struct cg_dialog *d, struct cg_addr_change *change,
					 const struct msg_info *info, const struct leg_view *uas)
{
	__u32 branch = branch_hash32(info->branch_hash);
	int answers;

	if (!change || uas->leg != CG_LEG_CALLEE || !branch)
		return;
	if (info->direction == CG_IN)
		answers = change->branch_out == branch;
	else
		answers = leg_has(uas, CG_LEG_LOCAL) && change->branch_in == branch;
	if (!answers)
		return;
	__builtin_memcpy(d->caller.addr, change->addr, 16);
	d->caller_port = change->port;
	d->caller_if = change->caller_if;
	if (!(d->caller_flags & CG_LEG_CSEQ_VALID) || change->cseq > d->caller.cseq)
		d->caller.cseq = change->cseq;
	d->caller_flags |= CG_LEG_CSEQ_VALID;
	change->branch_in = 0;
	change->branch_out = 0;
}

#endif
