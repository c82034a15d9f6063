/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Another address of a leg that is no witness: its re-INVITE or UPDATE is noted in `addr_changes`,
 * and the 2xx to it puts the address in force. The address of the opening stays the leg's own as
 * well, so nobody is locked out; the counter stays with it. Owner of `addr_changes`. It is LRU: if
 * a note is evicted, its address counts as a foreign source.
 *
 * API: addr_change_find(), addr_change_store(), addr_change_forward(), addr_change_apply(),
 * addr_change_leg(), and under the dialog's lock request_changes_addr().
 */
#ifndef CG_ADDR_CHANGE_H
#define CG_ADDR_CHANGE_H

#include "leg.h"
#include "scratch.h"
#include "target.h"

bpf_inline struct cg_addr_change *addr_change_find(const struct msg_info *info)
{
	return bpf_map_lookup_elem(&addr_changes, &info->key);
}

/* Returns enum cg_leg_id of the leg that has moved to the packet's far end. */
bpf_inline __u8 addr_change_leg(const struct cg_dialog *d, const struct msg_info *info)
{
	const struct cg_addr_change *change;

	if (info->remote_is_gateway || addr_equal(info->remote, d->caller.addr) ||
	    addr_equal(info->remote, d->callee.addr))
		return CG_LEG_NONE;
	change = addr_change_find(info);
	if (!change || !addr_equal(change->addr, info->remote) ||
	    (info->ifindex && info->ifindex != change->ifindex))
		return CG_LEG_NONE;
	return change->leg;
}

bpf_inline int request_changes_addr(const struct msg_info *info, const struct leg_view *view,
				    enum source_match source)
{
	return source == SRC_OTHER && !leg_has(view, CG_LEG_WITNESS) &&
	       method_refreshes_target(info->method) && info->cseq_valid &&
	       leg_counter_is_below(view, info->cseq);
}

/* leg: enum cg_leg_id that asks for it. A copy of the request changes nothing. */
bpf_inline void addr_change_store(const struct pkt_ctx *ctx, __u8 leg)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct cg_addr_change *old = addr_change_find(info), change = { .leg = leg };

	change.branch_in = branch_hash32(info->branch_hash);
	if (old && old->branch_in == change.branch_in)
		return;
	if (old && old->leg == leg) {
		__builtin_memcpy(change.addr, old->addr, 16);
		change.ifindex = old->ifindex;
	}
	change.next_ifindex = ctx->scratch->packet.ifindex;
	__builtin_memcpy(change.next_addr, info->remote, 16);
	bpf_map_update_elem(&addr_changes, &info->key, &change, BPF_ANY);
}

/*
 * Notes the branch under which the request of `leg` goes out. branch_in: its branch as it came in;
 * 0 if the host hides the Via of its sender.
 */
bpf_inline void addr_change_forward(const struct msg_info *info, __u64 branch_in, __u8 leg,
				    int hides)
{
	struct cg_addr_change *change;
	int same;

	if (!method_refreshes_target(info->method) || (!branch_in && !hides))
		return;
	change = addr_change_find(info);
	if (!change || change->leg != leg)
		return;
	same = branch_in ? change->branch_in == branch_hash32(branch_in) : !change->branch_out;
	if (same)
		change->branch_out = branch_hash32(info->branch_hash);
}

/*
 * Puts the new address of `leg` in force on the other leg's own 2xx to its request. That comes
 * under the branch that the host sent, or, if the host answers, under the one that came in.
 */
bpf_inline void addr_change_apply(const struct msg_info *info, __u8 leg)
{
	__u32 branch = branch_hash32(info->branch_hash);
	struct cg_addr_change *change;

	if (!method_refreshes_target(info->method) || info->status < 200 || info->status >= 300)
		return;
	change = addr_change_find(info);
	if (!change || !branch || change->leg != leg ||
	    branch != (info->direction == CG_IN ? change->branch_out : change->branch_in))
		return;
	__builtin_memcpy(change->addr, change->next_addr, 16);
	change->ifindex = change->next_ifindex;
	change->branch_in = change->branch_out = 0;
}

#endif
