/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The requests of a known dialog: order and sources. Everything here runs under the dialog's lock,
 * so nothing calls a helper: what a rule needs to know beforehand stands in struct msg_info.
 *
 * API: dialog_bye_reject_low(), dialog_bye_in(), dialog_ack_in(), dialog_request_in(),
 * dialog_request_out().
 */
#ifndef CG_DIALOG_REQUEST_H
#define CG_DIALOG_REQUEST_H

#include "addr_change.h"
#include "bye_pending.h"
#include "leg.h"
#include "remote_target.h"
#include "verdict.h"

/* --- requests that come in -------------------------------------------------------------------- */

bpf_inline __u8 bye_reason(const struct msg_info *info, const struct leg_view *view,
			   enum source_match source)
{
	int counted = *view->self_flags & CG_LEG_CSEQ_VALID;

	if (info->cseq_valid && (*view->self_flags & CG_LEG_BYE_CSEQ_VALID) &&
	    info->cseq == view->self->bye_cseq && info->cseq == view->self->cseq)
		return CG_R_BYE_REPEAT;
	if (source == SRC_PEER)
		return CG_R_WRONG_LEG;
	if (!info->cseq_valid)
		return CG_R_BAD_CSEQ;
	if (counted && info->cseq < view->self->cseq)
		return CG_R_OUT_OF_ORDER;
	if (counted && info->cseq == view->self->cseq)
		return CG_R_EQUAL_CSEQ;
	return source == SRC_OTHER ? CG_R_FOREIGN_SOURCE : CG_R_BYE;
}

/* Atomic, for dialog_bye_reject_low() counts without the lock; whoever reads a count finds its time. */
bpf_inline void dialog_count_blocked(struct cg_dialog *d, __u64 now)
{
	if (!d->first_blocked_ms)
		__sync_val_compare_and_swap(&d->first_blocked_ms, 0,
					    (__u32)((now - d->answer) / 1000000 + 1));
	__sync_fetch_and_add(&d->blocked_byes, 1);
}

/*
 * The attack of 2008, refused without the lock: of a leg's counter nothing is known but that it was no
 * lower, which is all that counts. What else may be wrong with a BYE is dialog_bye_in()'s matter.
 */
bpf_inline int dialog_bye_reject_low(struct cg_dialog *d, struct msg_info *info,
				     const struct cg_config *config, struct verdict *v)
{
	int caller = info->from_hash == d->caller_tag;
	const struct cg_leg *own = caller ? &d->caller : &d->callee;
	const struct cg_leg *other = caller ? &d->callee : &d->caller;
	__u8 flags = *(volatile __u8 *)(caller ? &d->caller_flags : &d->callee_flags);
	__u32 cseq = *(volatile __u32 *)&own->cseq;

	if (config->mode != CG_ENFORCE || !info->cseq_valid || !(flags & CG_LEG_CSEQ_VALID) ||
	    info->cseq >= cseq || info->from_hash == info->to_hash ||
	    addr_equal(info->remote, other->addr))
		return 0;
	v->leg = caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
	v->clock = d->clock;
	v->reason = CG_R_OUT_OF_ORDER;
	v->expected_cseq = cseq + (config->equal == CG_EQUAL_DROP);
	dialog_count_blocked(d, d->first_blocked_ms ? 0 : bpf_ktime_get_boot_ns());
	return 1;
}

bpf_inline void dialog_bye_in(struct cg_dialog *d, const struct msg_info *info,
			      const struct cg_config *config, struct verdict *v)
{
	enum source_match source;
	struct leg_view view;
	__u8 action;
	int repeat;

	leg_view_init(d, msg_is_from_caller(d, info), &view);
	source = leg_match_source(info, &view);
	v->leg = view.leg;
	v->clock = d->clock;
	v->reason = bye_reason(info, &view, source);
	v->expected_cseq = *view.self_flags & CG_LEG_CSEQ_VALID
				   ? view.self->cseq + (config->equal == CG_EQUAL_DROP)
				   : 0;
	repeat = v->reason == CG_R_BYE_REPEAT;
	action = reason_action(config, v->reason);
	if (action != CG_PASS)
		dialog_count_blocked(d, info->now);
	if (action == CG_DROP)
		return;
	if (action == CG_PASS && source == SRC_SELF && !repeat) {
		leg_raise_cseq(&view, info->cseq);
		view.self->bye_cseq = info->cseq;
		*view.self_flags |= CG_LEG_BYE_CSEQ_VALID;
	}
	if (d->state == CG_S_ENDED)
		return;
	if ((*view.self_flags & CG_LEG_WITNESS) && source != SRC_SELF)
		return; /* a third party in the witness' name: no evidence of anything */
	if (action == CG_PASS && (*view.self_flags & CG_LEG_WITNESS)) {
		dialog_close(d, CG_E_BYE, view.leg, info->now, v); /* evidence, rule 1 */
	} else if (bye_is_spiral(d, info)) {
		d->bye_branch_in = branch_hash32(info->branch_hash);
	} else if ((repeat && source == SRC_SELF) ||
		   !bye_keep_pending(d, info, source == SRC_SELF && action == CG_PASS)) {
		dialog_pend_bye(d, info, config, view.leg, branch_hash32(info->branch_hash), v);
		if (action == CG_WOULD_DROP) /* what the other leg makes of it is worth knowing */
			d->flags |= CG_D_BYE_WOULD_DROP;
	}
}

/* PJSIP and chan_sip let an ACK move their counter: not one from a third party. */
bpf_inline void dialog_ack_in(struct cg_dialog *d, const struct msg_info *info, struct verdict *v)
{
	struct leg_view view;

	leg_view_init(d, msg_is_from_caller(d, info), &view);
	v->leg = view.leg;
	v->clock = d->clock;
	v->reason = CG_R_IN_DIALOG;
	if (!info->cseq_valid || remote_is_trusted(info) ||
	    leg_match_source(info, &view) == SRC_SELF)
		return;
	/* a callee without a number has sent no INVITE; a caller's may not have been seen */
	if (*view.self_flags & CG_LEG_CSEQ_VALID ? info->cseq > view.self->cseq
						 : view.leg == CG_LEG_CALLEE) {
		v->reason = CG_R_FOREIGN_ACK;
		v->expected_cseq = view.self->cseq;
	}
}

/* A subscription outlives the call (RFC 5057), and anybody answers OPTIONS. */
bpf_inline int method_shows_life(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE || method == CG_M_INFO;
}

/* Both legs have spoken since the end: it was none. */
bpf_inline void dialog_note_alive(struct cg_dialog *d, const struct leg_view *view,
				  struct verdict *v)
{
	*view->self_flags |= CG_LEG_SEEN_AFTER_END;
	if (!(*view->peer_flags & CG_LEG_SEEN_AFTER_END) || (d->flags & CG_D_ALIVE_AFTER_END))
		return;
	d->flags |= CG_D_ALIVE_AFTER_END;
	v->reason = CG_R_ALIVE_AFTER_END;
	v->event = CG_EV_ALIVE;
}

/* Any other in-dialog request but BYE, ACK and CANCEL. */
bpf_inline void dialog_request_in(struct cg_dialog *d, const struct msg_info *info,
				  struct verdict *v)
{
	enum source_match source;
	struct leg_view view;
	int fresh;

	leg_view_init(d, msg_is_from_caller(d, info), &view);
	source = leg_match_source(info, &view);
	v->leg = view.leg;
	v->clock = d->clock;
	v->reason = CG_R_IN_DIALOG;
	if (info->cseq_valid && (*view.self_flags & CG_LEG_CSEQ_VALID) &&
	    info->cseq < view.self->cseq) {
		v->reason = CG_R_LATE_REQUEST;
		return;
	}
	v->addr_change = request_changes_addr(info, &view, source);
	if (source != SRC_SELF && !remote_is_trusted(info))
		return;
	fresh = info->cseq_valid &&
		(!(*view.self_flags & CG_LEG_CSEQ_VALID) || info->cseq > view.self->cseq);
	if (info->cseq_valid)
		leg_raise_cseq(&view, info->cseq);
	if (fresh)
		v->event = CG_EV_REQUEST;
	if (info->cseq_valid && info->cseq == view.self->bye_cseq)
		*view.self_flags &=
			~CG_LEG_BYE_CSEQ_VALID; /* the number is another request's now */
	if (source != SRC_SELF)
		return;
	if (d->state == CG_S_ENDED && fresh && method_shows_life(info->method))
		dialog_note_alive(d, &view, v);
	dialog_refresh_target(d, info, view.leg);
	if (view.leg == CG_LEG_CALLER) /* NAT */
		d->caller_port = info->remote_port;
	else
		d->callee_port = info->remote_port;
}

/* --- requests that go out --------------------------------------------------------------------- */

bpf_inline void dialog_request_out(struct cg_dialog *d, const struct msg_info *info,
				   struct cg_addr_change *change, struct verdict *v)
{
	struct leg_view view;

	leg_view_init(d, msg_is_from_caller(d, info), &view);
	v->leg = view.leg;
	v->clock = d->clock;
	v->reason = CG_R_IN_DIALOG;
	/* A proxy may have renumbered what it sends on: only the host's own requests count. */
	if ((*view.self_flags & CG_LEG_LOCAL) && !info->relayed && info->cseq_valid &&
	    (!(*view.self_flags & CG_LEG_CSEQ_VALID) || info->cseq > view.self->cseq)) {
		leg_raise_cseq(&view, info->cseq);
		v->event = CG_EV_REQUEST;
	}
	dialog_refresh_target(d, info, view.leg);
	addr_change_set_fwd_branch(change, info);
}

#endif
