/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What closes a call: the word of a witness, matched by branch, never by CSeq number (proxies
 * renumber). Runs under the dialog's lock.
 *
 * API: dialog_bye_out(), bye_response_in(), bye_response_out(), dialog_response().
 */
#ifndef CG_BYE_EVIDENCE_H
#define CG_BYE_EVIDENCE_H

#include "addr_change.h"
#include "bye_pending.h"
#include "dialog_request.h"
#include "leg.h"
#include "remote_target.h"
#include "verdict.h"

/* The answering leg of a response: the one whose tag is in To. */
bpf_inline void leg_view_init_uas(struct cg_dialog *d, const struct msg_info *info,
				  struct leg_view *view)
{
	int from_caller = info->from_hash == d->caller_tag;

	/* Equal tags: the response of one leg comes in from it, or goes out to the other. */
	if (info->from_hash == info->to_hash)
		from_caller = info->direction == CG_IN ? !addr_equal(info->remote, d->caller.addr)
						       : addr_equal(info->remote, d->caller.addr);
	leg_view_init(d, !from_caller, view);
}

/*
 * The pending BYE is sent on. What goes out under its branch long after its last copy came in is
 * another one that came by an unseen transport, the old one having come to nothing.
 */
bpf_inline int bye_is_forwarded(const struct cg_dialog *d, const struct msg_info *info)
{
	__u32 branch2 = branch_hash32(info->branch2_hash);
	int again = d->bye_branch_out == branch_hash32(info->branch_hash);

	return d->state == CG_S_ENDING && branch2 && d->bye_branch_in == branch2 &&
	       bye_age_within(d, info, again ? CG_BYE_TIMEOUT_NS : CG_BYE_FRESH_NS);
}

/* The host sends a BYE: its own, or one that came in, or one from a transport that is not seen. */
bpf_inline void dialog_bye_out(struct cg_dialog *d, const struct msg_info *info,
			       const struct cg_config *config, struct verdict *v)
{
	__u32 branch = branch_hash32(info->branch_hash),
	      branch2 = branch_hash32(info->branch2_hash);
	struct leg_view view;

	leg_view_init(d, msg_is_from_caller(d, info), &view);
	v->leg = view.leg;
	v->clock = d->clock;
	v->reason = CG_R_BYE;
	if ((*view.self_flags & CG_LEG_LOCAL) && !info->relayed && info->cseq_valid) {
		leg_raise_cseq(&view, info->cseq);
		if (d->state != CG_S_ENDED)
			dialog_close(d, CG_E_BYE, view.leg, info->now, v);
		return;
	}
	if (d->state == CG_S_ENDED)
		return;
	if (!bye_is_forwarded(d, info)) {
		if ((*view.self_flags & CG_LEG_WITNESS) && !(*view.self_flags & CG_LEG_LOCAL))
			return; /* a witness' BYE that was no evidence when it came in */
		if ((d->flags & CG_D_BYE_UNSEEN) && d->bye_branch_out == branch &&
		    bye_age_within(d, info, CG_BYE_TIMEOUT_NS))
			return; /* sent again */
		if (bye_keep_pending(d, info, 1))
			return;
		d->bye_branch_in = 0; /* not a copy of one that came in */
		dialog_pend_bye(d, info, config, view.leg, branch2, v);
		d->flags |= CG_D_BYE_UNSEEN;
	}
	d->bye_branch_out = branch;
	d->flags &= ~(CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET);
	d->flags |= CG_D_BYE_FORWARDED;
	if (remote_is_peer(info, &view) &&
	    (info->remote_port == info->request_port ||
	     info->remote_port == (view.leg == CG_LEG_CALLER ? d->callee_port : d->caller_port)))
		d->flags |= CG_D_BYE_TO_WITNESS;
	if (dialog_matches_target(d, info) || !(*view.peer_flags & CG_LEG_WITNESS))
		d->flags |= CG_D_BYE_ON_TARGET;
}

/* The pending BYE came to nothing: the call runs on. */
bpf_inline void dialog_resume(struct cg_dialog *d, __u8 reason, struct verdict *v)
{
	v->reason = reason;
	if (d->state != CG_S_ENDING)
		return;
	if (d->flags & CG_D_BYE_WOULD_DROP)
		v->would_drop = CG_EV_RESUME;
	d->state = CG_S_CONFIRMED;
	d->bye_branch_in = 0;
	d->bye_branch_out = 0;
	d->flags &= ~BYE_FLAGS;
	v->event = CG_EV_RESUME;
}

bpf_inline __u8 bye_sender(const struct cg_dialog *d)
{
	return d->flags & CG_D_BYE_CALLEE ? CG_LEG_CALLEE : CG_LEG_CALLER;
}

/* Its arrival; of one that was not seen to go on, and came too long ago, the answer's. */
bpf_inline __u64 bye_end_time(const struct cg_dialog *d, const struct msg_info *info)
{
	return d->flags & CG_D_BYE_FORWARDED || bye_age_within(d, info, CG_BYE_FRESH_NS)
		       ? d->bye_at
		       : info->now;
}

/*
 * The pending BYE was answered 2xx. Where no witness answers, the BYE came from a transport that is
 * not seen, or from a witness in observe mode, out of order: the end is told, and is suspect.
 */
bpf_inline void dialog_accept_bye(struct cg_dialog *d, const struct msg_info *info, int witness,
				  struct verdict *v)
{
	int would_drop = d->flags & CG_D_BYE_WOULD_DROP;

	dialog_close(d, witness || would_drop ? CG_E_BYE : CG_E_RELAYED_BYE, bye_sender(d),
		     bye_end_time(d, info), v);
	if (!witness)
		d->flags |= CG_D_SUSPECT;
	if (would_drop)
		v->would_drop = CG_EV_END;
}

/* A final response that came in for the branch under which the host sent the pending BYE. */
bpf_inline void bye_judge_response(struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *uas, struct verdict *v)
{
	int witness = *uas->self_flags & CG_LEG_WITNESS;
	int from_it = (d->flags & CG_D_BYE_TO_WITNESS) && remote_is_self(info, uas);
	int on_target = d->flags & CG_D_BYE_ON_TARGET;

	if (info->status < 300 && !on_target) {
		dialog_resume(d, CG_R_WRONG_TARGET, v);
	} else if (info->status < 300 && !from_it) {
		dialog_resume(d, CG_R_WRONG_ANSWERER, v);
		v->unexpected_uas = 1;
	} else if (info->status < 300) {
		v->reason = CG_R_CLOSED;
		dialog_accept_bye(d, info, witness, v);
	} else if (info->status == 481 && !on_target) {
		dialog_resume(d, CG_R_WRONG_TARGET, v);
	} else if (info->status == 481 && from_it && witness && (d->flags & CG_D_BYE_SAME_TAGS) &&
		   addr_equal(info->remote, uas->self->addr)) { /* a neighbour need not know */
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), d->bye_at, v);
	} else {
		dialog_resume(d, CG_R_REFUSED, v);
	}
}

bpf_inline void bye_response_in(struct cg_dialog *d, const struct msg_info *info, struct verdict *v)
{
	struct leg_view uas;
	int back;

	leg_view_init_uas(d, info, &uas);
	v->leg = uas.leg == CG_LEG_CALLER ? CG_LEG_CALLEE : CG_LEG_CALLER;
	v->clock = d->clock;
	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || d->state == CG_S_ENDED)
		return;
	back = d->bye_branch_in && d->bye_branch_in == branch_hash32(info->branch2_hash);
	if (back || (d->flags & CG_D_BYE_FORWARDED))
		d->flags |= CG_D_BYE_ANSWERED; /* not the host's own when it goes out */
	if (back && info->remote_is_gateway && !(d->flags & CG_D_BYE_FORWARDED) &&
	    info->status < 300 && (*uas.self_flags & CG_LEG_WITNESS) &&
	    remote_is_self(info, &uas)) {
		v->reason = CG_R_CLOSED; /* it went out in fragments, its headers out of sight */
		dialog_accept_bye(d, info, 1, v);
	} else if ((d->flags & CG_D_BYE_FORWARDED) &&
		   d->bye_branch_out == branch_hash32(info->branch_hash)) {
		bye_judge_response(d, info, &uas, v);
	} else if (info->status < 300 && (*uas.self_flags & CG_LEG_WITNESS) &&
		   remote_is_self(info, &uas)) {
		/* evidence, rule 4; not unseen where it follows one that the witness has */
		int second = (d->flags & BYE_AT_WITNESS) == BYE_AT_WITNESS;

		v->reason = CG_R_CLOSED;
		dialog_close(d, second ? CG_E_BYE : CG_E_UNSEEN_BYE, v->leg, info->now, v);
	}
}

bpf_inline void bye_response_out(struct cg_dialog *d, const struct msg_info *info,
				 struct verdict *v)
{
	struct leg_view uas;
	int host;

	leg_view_init_uas(d, info, &uas);
	host = (*uas.self_flags & CG_LEG_LOCAL) && !(d->flags & CG_D_BYE_ANSWERED);
	v->leg = uas.leg == CG_LEG_CALLER ? CG_LEG_CALLEE : CG_LEG_CALLER;
	v->clock = d->clock;
	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || d->state != CG_S_ENDING || !d->bye_branch_in ||
	    d->bye_branch_in != branch_hash32(info->branch_hash))
		return;
	if (host && info->status < 300) {
		v->reason = CG_R_CLOSED;
		dialog_accept_bye(d, info, 1, v);
	} else if (host && info->status == 481 && (d->flags & CG_D_BYE_SAME_TAGS)) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), bye_end_time(d, info), v);
	} else if (info->status >= 300) {
		dialog_resume(d, CG_R_REFUSED, v); /* by the host: a challenge, 408, 483 */
	}
}

/* A response to another in-dialog request, or a 2xx to INVITE once more. */
bpf_inline void dialog_response(struct cg_dialog *d, const struct msg_info *info,
				struct cg_addr_change *change, struct verdict *v)
{
	struct leg_view uas;

	leg_view_init_uas(d, info, &uas);
	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || info->status >= 300 ||
	    (info->direction == CG_IN && !remote_is_self(info, &uas)))
		return;
	dialog_refresh_target(d, info, uas.leg);
	dialog_apply_addr_change(d, change, info, &uas);
	/* to a request that came after the end: not to one that crossed with the BYE */
	if (d->state == CG_S_ENDED && (*uas.peer_flags & CG_LEG_SEEN_AFTER_END) &&
	    (info->direction == CG_IN || (*uas.self_flags & CG_LEG_LOCAL))) {
		v->leg = uas.peer == &d->caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
		v->clock = d->clock;
		dialog_note_alive(d, &uas, v);
	}
}

#endif
