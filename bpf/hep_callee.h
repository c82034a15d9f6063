/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A callee who was unseen, because the host sent his 2xx on over UDP before it was reported.
 *
 * API: hep_knows_callee(), hep_adopt_callee().
 */
#ifndef CG_HEP_CALLEE_H
#define CG_HEP_CALLEE_H

#include "invite_response.h"

/*
 * Returns whether this is the 2xx of a callee who is still unseen, from where the INVITE was reported
 * to go, or from a gateway. Fills *a.
 */
bpf_inline int hep_knows_callee(const struct pkt_ctx *ctx, const struct cg_dialog *d,
				struct answered *a)
{
	const struct msg_info *info = &ctx->scratch->info;

	if (!from_hep() || info->direction == CG_OUT || info->method != CG_M_INVITE ||
	    info->status < 200 || info->status >= 300 || !(d->callee_flags & CG_LEG_UNSEEN))
		return 0;
	*a = answered_in(ctx);
	return a->branch && !(a->invite->flags & CG_I_HAS_TO_TAG) &&
	       (info->remote_is_gateway || addr_equal(a->branch->sent_to, info->remote));
}

/* Under the lock. known: the dialog as this 2xx would have opened it. */
bpf_inline void dialog_set_known_callee(struct cg_dialog *d, const struct cg_dialog *known)
{
	__u8 rank = cg_leg_rank(known->callee_flags, 1), other = cg_leg_rank(d->caller_flags, 0);

	__builtin_memcpy(d->callee.addr, known->callee.addr, 16);
	d->callee_port = known->callee_port;
	d->callee_ifindex = known->callee_ifindex;
	d->callee_flags = known->callee_flags & ~CG_LEG_WITNESS;
	dialog_raise_epoch(d, 1);
	if (rank < other)
		return;
	d->callee_flags |= CG_LEG_WITNESS;
	d->target = known->target;
	if (rank > other)
		d->caller_flags &= ~CG_LEG_WITNESS;
}

/* Gives the dialog its callee, who may be the witness, and reports the start again for the row. */
bpf_inline __u8 hep_adopt_callee(struct pkt_ctx *ctx, struct cg_dialog *d, struct answered *a,
				 struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;

	dialog_build(ctx, a->invite, a->branch, NULL);
	bpf_spin_lock(&d->lock);
	v->clock = d->clock;
	if (dialog_is_of(d, info) && d->state == CG_S_CONFIRMED &&
	    d->callee_flags & CG_LEG_UNSEEN) {
		dialog_set_known_callee(d, (void *)ctx->scratch->dialog);
		v->event = CG_EV_START;
	}
	bpf_spin_unlock(&d->lock);
	v->leg = CG_LEG_CALLER;
	return CG_R_IN_DIALOG;
}

#endif
