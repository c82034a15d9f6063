/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The remote target that is kept: the Contact that the witness gave last, as it came in and as the
 * host passed it on. Only a BYE that names it reaches the witness.
 *
 * API: dialog_set_target_in(), dialog_refresh_target(), dialog_matches_target(), branch_hash32(),
 * caller_branch_hash32().
 */
#ifndef CG_REMOTE_TARGET_H
#define CG_REMOTE_TARGET_H

#include "msg_info.h"

/* The target that is kept is the one that a BYE to the witness must name. */
bpf_inline int leg_owns_target(const struct cg_dialog *d, __u8 leg)
{
	return (leg == CG_LEG_CALLEE) == !!(d->callee_flags & CG_LEG_WITNESS);
}

bpf_inline int method_refreshes_target(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE;
}

bpf_inline __u32 branch_hash32(__u64 branch)
{
	return branch ? (__u32)(branch >> 32) | 1 : 0;
}

/*
 * The branch that joins what comes in to what goes out: a request's own is below the host's, a
 * response's second is on top.
 */
bpf_inline __u32 caller_branch_hash32(const struct msg_info *info)
{
	int in = info->direction == CG_IN, request = !info->status;

	return branch_hash32(in == request ? info->branch_hash : info->branch2_hash);
}

bpf_inline void dialog_set_target_in(struct cg_dialog *d, const struct msg_info *info)
{
	d->target_in = info->contact_hash;
	d->target_out = caller_branch_hash32(info);
	d->flags |= CG_D_TARGET_KNOWN | CG_D_TARGET_FWD_PENDING;
}

/*
 * `leg` gave a Contact: in its INVITE, its UPDATE, or its 2xx to one (RFC 3261 12.2). What goes out
 * counts once, for the branch of what came in from that leg: others' words go out as well.
 */
bpf_inline void dialog_refresh_target(struct cg_dialog *d, const struct msg_info *info, __u8 leg)
{
	if (!info->contact_hash || !method_refreshes_target(info->method) ||
	    !leg_owns_target(d, leg))
		return;
	if (info->direction == CG_IN) {
		if (!(d->flags & CG_D_TARGET_KNOWN) || d->target_in != info->contact_hash)
			dialog_set_target_in(d, info);
	} else if ((d->flags & CG_D_TARGET_FWD_PENDING) && d->target_out &&
		   d->target_out == caller_branch_hash32(info)) {
		d->target_out = info->contact_hash;
		d->flags &= ~CG_D_TARGET_FWD_PENDING;
	}
}

/* Proxies rewrite a Contact (NAT) or hide it (topology): either form counts. */
bpf_inline int dialog_matches_target(const struct cg_dialog *d, const struct msg_info *info)
{
	return !(d->flags & CG_D_TARGET_KNOWN) || info->request_uri_hash == d->target_in ||
	       (!(d->flags & CG_D_TARGET_FWD_PENDING) && d->target_out &&
		info->request_uri_hash == d->target_out);
}

#endif
