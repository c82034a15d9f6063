/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The remote target of a dialog: the latest Contact of the witness, as it came in and as the host
 * forwarded it. Only a BYE with this Request-URI reaches the witness.
 *
 * API: dialog_set_target_in(), dialog_refresh_target(), dialog_matches_target(), branch_hash32(),
 * caller_branch_hash32().
 */
#ifndef CG_REMOTE_TARGET_H
#define CG_REMOTE_TARGET_H

#include "msg_info.h"

/* Returns whether the dialog keeps the target of this leg: it does for the witness only. */
bpf_inline int leg_owns_target(const struct cg_dialog *d, __u8 leg)
{
	return (leg == CG_LEG_CALLEE) == !!(d->callee_flags & CG_LEG_WITNESS);
}

bpf_inline int method_refreshes_target(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE;
}

/* Returns the upper half of a branch's hash for a 32-bit field. 0 remains "no branch". */
bpf_inline __u32 branch_hash32(__u64 branch)
{
	return branch ? (__u32)(branch >> 32) | 1 : 0;
}

/*
 * Returns the branch that an ingress message and its forwarded copy have in common. A request has
 * it on top on ingress and below the host's Via on egress. A response has it below on ingress and
 * on top on egress.
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
 * `leg` gave a Contact in an INVITE, an UPDATE, or the 2xx to one (RFC 3261 12.2). The Contact of
 * an egress message counts only if it forwards, under the same branch, the message that gave the
 * current target, and only once: the host also sends messages of other parties.
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

/*
 * Returns whether the Request-URI is the witness' target. Proxies rewrite a Contact (NAT) or hide
 * it (topology hiding), so either form counts.
 */
bpf_inline int dialog_matches_target(const struct cg_dialog *d, const struct msg_info *info)
{
	return !(d->flags & CG_D_TARGET_KNOWN) || info->request_uri_hash == d->target_in ||
	       (!(d->flags & CG_D_TARGET_FWD_PENDING) && d->target_out &&
		info->request_uri_hash == d->target_out);
}

#endif
