/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Evidence: which BYE, and which response to a BYE, closes a call. README.md has the rules by
 * number. A response is matched to its BYE by branch, never by CSeq, because proxies renumber.
 * Everything here runs under the dialog's lock and calls no helper.
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

/*
 * Returns whether this egress BYE is the pending one being forwarded. If it leaves long after the
 * last ingress copy, it is a different BYE that arrived over TCP or TLS, and the pending one was
 * abandoned.
 */
bpf_inline int bye_is_forwarded(const struct cg_dialog *d, const struct msg_info *info)
{
	__u32 branch_below = branch_hash32(info->branch2_hash);
	int is_copy = d->bye_branch_out == branch_hash32(info->branch_hash);

	if (d->state != CG_S_ENDING || !branch_below || d->bye_branch_in != branch_below)
		return 0;
	return bye_age_within(d, info, is_copy ? CG_BYE_TIMEOUT_NS : CG_BYE_FRESH_NS);
}

/* Returns whether this egress BYE, of which no ingress copy is pending, becomes the pending one. */
bpf_inline int bye_becomes_pending(const struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *view)
{
	int is_copy = (d->flags & CG_D_BYE_UNSEEN) &&
		      d->bye_branch_out == branch_hash32(info->branch_hash) &&
		      bye_age_within(d, info, CG_BYE_TIMEOUT_NS);

	if (leg_has(view, CG_LEG_WITNESS) && !leg_has(view, CG_LEG_LOCAL))
		return 0; /* a witness' BYE that was no evidence when it came in */
	return !is_copy && !bye_keep_pending(d, info, 1);
}

/*
 * Sets the flags that say whether the BYE goes to the other leg, under the URI that this leg gave.
 */
bpf_inline void bye_note_destination(struct cg_dialog *d, const struct msg_info *info,
				     const struct leg_view *view)
{
	__u16 peer_port = view->leg == CG_LEG_CALLER ? d->callee_port : d->caller_port;
	int port_matches =
		info->remote_port == info->request_port || info->remote_port == peer_port;

	d->flags &= ~(CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET);
	d->flags |= CG_D_BYE_FORWARDED;
	if (remote_is_peer(info, view) && port_matches)
		d->flags |= CG_D_BYE_TO_WITNESS;
	if (dialog_matches_target(d, info) || !peer_has(view, CG_LEG_WITNESS))
		d->flags |= CG_D_BYE_ON_TARGET;
}

/* The host sends a BYE: its own, one that came in, or one that came over an unseen transport. */
bpf_inline void dialog_bye_out(struct cg_dialog *d, const struct msg_info *info,
			       const struct leg_view *view, const struct cg_config *config,
			       struct verdict *v)
{
	int is_own = leg_has(view, CG_LEG_LOCAL) && !info->relayed && info->cseq_valid;

	v->reason = CG_R_BYE;
	if (is_own) {
		leg_raise_cseq(view, info->cseq);
		if (d->state != CG_S_ENDED)
			dialog_close(d, CG_E_BYE, view->leg, info->now, v); /* evidence rule 1 */
		return;
	}
	if (d->state == CG_S_ENDED)
		return;
	if (!bye_is_forwarded(d, info)) {
		if (!bye_becomes_pending(d, info, view))
			return;
		d->bye_branch_in = 0; /* dialog_pend_bye() must not take it for a copy */
		dialog_pend_bye(d, info, config, view->leg, branch_hash32(info->branch2_hash), v);
		d->flags |= CG_D_BYE_UNSEEN;
	}
	d->bye_branch_out = branch_hash32(info->branch_hash);
	bye_note_destination(d, info, view);
}

/* The pending BYE was refused or proved nothing: the call continues. */
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

/*
 * Returns the end time of the call: the arrival of the BYE. If the BYE was never seen being
 * forwarded and is older than CG_BYE_FRESH_NS, the arrival of its response.
 */
bpf_inline __u64 bye_end_time(const struct cg_dialog *d, const struct msg_info *info)
{
	int is_current = d->flags & CG_D_BYE_FORWARDED || bye_age_within(d, info, CG_BYE_FRESH_NS);

	return is_current ? d->bye_at : info->now;
}

/*
 * The pending BYE was answered 2xx: closes the dialog. If no witness answered, the BYE came over an
 * unseen transport, or it is an out-of-order BYE of the witness that observe mode let pass. The end
 * is reported then, as suspect.
 */
bpf_inline void dialog_accept_bye(struct cg_dialog *d, const struct msg_info *info, int by_witness,
				  struct verdict *v)
{
	int would_drop = d->flags & CG_D_BYE_WOULD_DROP;

	dialog_close(d, by_witness || would_drop ? CG_E_BYE : CG_E_RELAYED_BYE, bye_sender(d),
		     bye_end_time(d, info), v);
	if (!by_witness)
		d->flags |= CG_D_SUSPECT;
	if (would_drop)
		v->would_drop = CG_EV_END;
}

/* A final response came in for the branch under which the host sent the pending BYE. */
bpf_inline void bye_judge_response(struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *uas, struct verdict *v)
{
	int is_2xx = info->status < 300, is_481 = info->status == 481;
	int by_witness = leg_has(uas, CG_LEG_WITNESS);
	int from_it = (d->flags & CG_D_BYE_TO_WITNESS) && remote_is_self(info, uas);
	int on_target = d->flags & CG_D_BYE_ON_TARGET;
	/* A 481 counts only from the leg's own address: another gateway may not know the call. */
	int knows_no_call = is_481 && from_it && by_witness && (d->flags & CG_D_BYE_SAME_TAGS) &&
			    addr_equal(info->remote, uas->self->addr);

	if ((is_2xx || is_481) && !on_target) {
		dialog_resume(d, CG_R_WRONG_TARGET, v);
	} else if (is_2xx && !from_it) {
		dialog_resume(d, CG_R_WRONG_ANSWERER, v);
		v->unexpected_uas = 1;
	} else if (is_2xx) {
		v->reason = CG_R_CLOSED;
		dialog_accept_bye(d, info, by_witness, v); /* evidence rule 2 */
	} else if (knows_no_call) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), d->bye_at, v); /* evidence rule 3 */
	} else {
		dialog_resume(d, CG_R_REFUSED, v);
	}
}

/* A response to a BYE comes in. */
bpf_inline void bye_response_in(struct cg_dialog *d, const struct msg_info *info,
				const struct leg_view *uas, struct verdict *v)
{
	int is_forwarded = d->flags & CG_D_BYE_FORWARDED;
	int from_witness, below_matches;

	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || d->state == CG_S_ENDED)
		return;
	from_witness =
		info->status < 300 && leg_has(uas, CG_LEG_WITNESS) && remote_is_self(info, uas);
	below_matches = d->bye_branch_in && d->bye_branch_in == branch_hash32(info->branch2_hash);
	if (below_matches || is_forwarded)
		d->flags |= CG_D_BYE_ANSWERED; /* when it leaves, it is not the host's own */
	if (below_matches && !is_forwarded && from_witness && info->remote_is_gateway) {
		/* The BYE left in fragments that hid its dialog headers. */
		v->reason = CG_R_CLOSED;
		dialog_accept_bye(d, info, 1, v); /* evidence rule 2 */
	} else if (is_forwarded && d->bye_branch_out == branch_hash32(info->branch_hash)) {
		bye_judge_response(d, info, uas, v);
	} else if (from_witness) {
		/* Evidence rule 4. The BYE is no unseen one if the witness has received another. */
		int follows_bye = (d->flags & BYE_AT_WITNESS) == BYE_AT_WITNESS;

		v->reason = CG_R_CLOSED;
		dialog_close(d, follows_bye ? CG_E_BYE : CG_E_UNSEEN_BYE, v->leg, info->now, v);
	}
}

/* A response to a BYE goes out. */
bpf_inline void bye_response_out(struct cg_dialog *d, const struct msg_info *info,
				 const struct leg_view *uas, struct verdict *v)
{
	int by_host = leg_has(uas, CG_LEG_LOCAL) && !(d->flags & CG_D_BYE_ANSWERED);
	int is_pending = d->state == CG_S_ENDING && d->bye_branch_in &&
			 d->bye_branch_in == branch_hash32(info->branch_hash);

	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || !is_pending)
		return;
	if (by_host && info->status < 300) {
		v->reason = CG_R_CLOSED;
		dialog_accept_bye(d, info, 1, v); /* evidence rule 2 */
	} else if (by_host && info->status == 481 && (d->flags & CG_D_BYE_SAME_TAGS)) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), bye_end_time(d, info), v); /* rule 3 */
	} else if (info->status >= 300) {
		dialog_resume(d, CG_R_REFUSED, v); /* the host challenges it, or sends 408 or 483 */
	}
}

/* A response to an in-dialog request other than BYE, or another copy of the 2xx to the INVITE. */
bpf_inline void dialog_response(struct cg_dialog *d, const struct msg_info *info,
				const struct leg_view *uas, struct cg_addr_change *change,
				struct verdict *v)
{
	int from_uas = info->direction == CG_OUT || remote_is_self(info, uas);
	int by_uas = info->direction == CG_IN || leg_has(uas, CG_LEG_LOCAL);

	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || info->status >= 300 || !from_uas)
		return;
	dialog_refresh_target(d, info, uas->leg);
	dialog_apply_addr_change(d, change, info, uas);
	/* The request must have come after the end: one that crossed the BYE proves nothing. */
	if (d->state == CG_S_ENDED && peer_has(uas, CG_LEG_SEEN_AFTER_END) && by_uas)
		dialog_note_alive(d, uas, v);
}

#endif
