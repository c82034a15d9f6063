/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What goes out, and what answers it: the evidence that ends a call. bpf/README.md has the rules by
 * number. Runs under the dialog's lock.
 *
 * API: dialog_bye_out(), dialog_request_out(), bye_response_in(), bye_response_out(),
 * dialog_response().
 */
#ifndef CG_BYE_EVIDENCE_H
#define CG_BYE_EVIDENCE_H

#include "dialog_request.h"

/* --- requests that go out --------------------------------------------------------------------- */

/* Remembers under which branch the pending BYE goes out, and where to. */
bpf_inline void bye_note_sent(struct cg_dialog *d, const struct msg_info *info)
{
	d->bye_branch_out = branch_hash32(info->branch_hash);
	d->bye_sent_to = info->remote_hash;
	if (info->remote_is_gateway)
		d->bye_sent_to = 0; /* any gateway's address */
}

/*
 * Rule 4: the host itself is the witness, and the BYE is its own. A copy keeps the time of the
 * first.
 */
bpf_inline void bye_local_out(struct cg_dialog *d, const struct msg_info *info,
			      const struct leg_view *view, struct verdict *v)
{
	__u32 how = CG_D_BYE_LOCAL;

	if (d->state == CG_S_ENDED || d->bye_branch_out == branch_hash32(info->branch_hash))
		return;
	if (remote_is_peer(info, view))
		how |= CG_D_BYE_PROVED;
	if (dialog_pend_bye(d, info, view->leg, how, v))
		bye_note_sent(d, info);
}

/*
 * Rule 1: returns whether the host forwards the witness' BYE, which came in from its own address.
 * It is matched by the branch in the Via below the host's own; a host that hides topology leaves
 * none. By then a BYE of the other leg that crosses it may be the pending one.
 */
bpf_inline int bye_is_taken(const struct cg_dialog *d, const struct msg_info *info,
			    const struct msg_route *route, const struct leg_view *view)
{
	__u32 peer = branch_hash32(route->peer_branch);

	if (bye_is_pending(d, CG_D_BYE_OF_WITNESS) && bye_sender(d) == view->leg &&
	    (!peer || peer == d->bye_branch_in))
		return info->now - d->bye_at <= BYE_TAKE_NS;
	return bye_of_witness_is_seen(d, info) && leg_has(view, CG_LEG_WITNESS) &&
	       (!peer || peer == d->seen_branch);
}

/* The host has taken the witness' BYE: the call ended when its first copy came in. */
bpf_inline void bye_close_taken(struct cg_dialog *d, __u8 leg, struct verdict *v)
{
	int pending = bye_is_pending(d, CG_D_BYE_OF_WITNESS);

	dialog_close(d, CG_E_BYE, leg, pending ? d->bye_at : bye_seen_at(d), v);
}

/* Returns what is known of a BYE that goes out: CG_D_BYE_... */
bpf_inline __u32 bye_judge_way(const struct cg_dialog *d, const struct msg_info *info,
			       const struct msg_route *route, const struct leg_view *view,
			       int gateway_stamp)
{
	enum target_match match = target_match(&d->target, route, view->peer, view->peer_port);
	int no_rank = !((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS);
	__u32 how = 0;

	if (route->peer_branch && branch_hash32(route->peer_branch) == d->seen_branch &&
	    (d->flags & CG_D_SEEN_WOULD_DROP))
		how |= CG_D_BYE_WOULD_DROP;
	if (no_rank)
		return gateway_stamp && view->leg == CG_LEG_CALLEE && remote_is_peer(info, view)
			       ? how | CG_D_BYE_RELAYED
			       : how;
	if (!peer_has(view, CG_LEG_WITNESS) || match == TARGET_OTHER)
		return how;
	if (target_is_reached(&d->target, route, info, view))
		how |= CG_D_BYE_PROVED;
	if (match == TARGET_CONTACT && ((how & CG_D_BYE_PROVED) || target_is_spelled(route, info)))
		how |= CG_D_BYE_TO_CONTACT;
	return how;
}

/* gateway_stamp: the Via below the host's own has the address of a gateway. */
bpf_inline void dialog_bye_out(struct cg_dialog *d, const struct msg_info *info,
			       const struct msg_route *route, const struct leg_view *view,
			       int gateway_stamp, struct verdict *v)
{
	__u32 branch = branch_hash32(info->branch_hash), how;

	v->reason = CG_R_BYE;
	if (leg_has(view, CG_LEG_LOCAL) && !route->has_peer_via && info->cseq_valid)
		bye_accept(d, info, view);
	if (leg_has(view, CG_LEG_LOCAL) && leg_has(view, CG_LEG_WITNESS) && !route->has_peer_via) {
		bye_local_out(d, info, view, v);
		return;
	}
	/*
	 * The proxy's own, which may come back over lo. Not one that came in, where the host hides
	 * its Via.
	 */
	if (!route->has_peer_via && info->cseq_valid && info->cseq > *view->self_passed &&
	    leg_counter_is_below(view, info->cseq)) {
		view->self->bye_cseq = info->cseq;
		*view->self_flags |= CG_LEG_BYE_CSEQ_VALID;
	}
	if (d->state == CG_S_ENDED)
		return;
	if (bye_is_taken(d, info, route, view)) {
		bye_close_taken(d, view->leg, v);
		return;
	}
	if (peer_has(view, CG_LEG_LOCAL))
		return; /* judged as it came in */
	how = bye_judge_way(d, info, route, view, gateway_stamp);
	if (d->state == CG_S_ENDING && branch && d->bye_branch_out == branch) {
		d->bye_at = info->now; /* sent again */
		dialog_raise_epoch(d, 1);
		d->flags &= how | ~(CG_D_BYE_PROVED | CG_D_BYE_TO_CONTACT | CG_D_BYE_RELAYED);
		return;
	}
	if (dialog_pend_bye(d, info, view->leg, how, v))
		bye_note_sent(d, info);
}

bpf_inline void dialog_request_out(struct cg_dialog *d, const struct msg_info *info,
				   const struct msg_route *route, const struct leg_view *view,
				   struct verdict *v)
{
	int own = leg_has(view, CG_LEG_LOCAL) && !info->relayed;

	v->reason = CG_R_IN_DIALOG;
	/* A proxy may have renumbered what it sends on: only the host's own requests count. */
	if (own && info->cseq_valid && info->method != CG_M_ACK && info->method != CG_M_CANCEL &&
	    leg_counter_is_below(view, info->cseq)) {
		leg_raise_cseq(view, info->cseq);
		v->event = CG_EV_REQUEST;
		if (method_shows_life(info->method))
			dialog_clear_candidate(d);
	}
	if (own)
		leg_note_passed(info, view);
	if (!method_refreshes_target(info->method))
		return;
	if (own && leg_has(view, CG_LEG_WITNESS))
		dialog_note_refresh(d, info, route, 1);
	else if (peer_has(view, CG_LEG_WITNESS) && !peer_has(view, CG_LEG_LOCAL) &&
		 target_match(&d->target, route, view->peer, view->peer_port) == TARGET_CONTACT &&
		 target_is_reached(&d->target, route, info, view))
		dialog_note_refresh(d, info, route, 0);
}

/* --- answers to a BYE ------------------------------------------------------------------------- */

bpf_inline int dialog_has_gateway(const struct cg_dialog *d)
{
	return (d->caller_flags | d->callee_flags) & CG_LEG_GATEWAY;
}

/*
 * The witness has refused the pending BYE. Where no leg is a gateway, that may have been the end.
 */
bpf_inline void bye_refused(struct cg_dialog *d, struct verdict *v)
{
	if ((d->flags & CG_D_BYE_PROVED) && !dialog_has_gateway(d))
		dialog_set_candidate(d, d->bye_at);
	dialog_resume(d, CG_R_REFUSED, v);
}

/* An unproved BYE was answered 2xx: the call may have ended, and continues. */
bpf_inline void bye_doubt(struct cg_dialog *d, __u8 reason, struct verdict *v)
{
	dialog_set_candidate(d, d->bye_at);
	dialog_resume(d, reason, v);
}

bpf_inline void bye_close_relayed(struct cg_dialog *d, const struct cg_config *config,
				  struct verdict *v)
{
	__u32 suspect = d->flags & CG_D_SUSPECT; /* since its opening */

	v->reason = CG_R_CLOSED;
	dialog_close(d, CG_E_RELAYED_BYE, bye_sender(d), d->bye_at, v);
	if (config->unseen == CG_UNSEEN_BELIEVE)
		d->flags = (d->flags & ~CG_D_SUSPECT) | suspect | CG_D_CONFIRMED_END;
}

/*
 * Returns whether a 2xx that proves nothing makes a candidate end: the leg itself sends it, or the
 * BYE went to the address in the leg's Contact. If no leg is a witness, nobody knows who should
 * send it, and any 2xx does.
 */
bpf_inline int bye_answer_is_doubt(const struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *uas)
{
	if (from_hep() && !leg_has(uas, CG_LEG_WITNESS))
		return 0; /* a report leaves no doubt about a call whose witness is read */
	return remote_is_self(info, uas) || (d->flags & CG_D_BYE_TO_CONTACT) ||
	       !((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS);
}

/* The BYE that is answered came from a witness in TLS: its report is to come, and ends the call. */
bpf_inline int bye_is_to_be_reported(const struct leg_view *uas)
{
	return peer_has(uas, CG_LEG_WITNESS) && peer_has(uas, CG_LEG_HEP);
}

/* A final response to the pending BYE, from where that was sent. Rules 2, 3 and 4. */
bpf_inline void bye_judge_response(struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *uas, const struct cg_config *config,
				   struct verdict *v)
{
	const __u32 gone = CG_D_BYE_PROVED | CG_D_BYE_TO_CONTACT | CG_D_BYE_SAME_TAGS;
	int local = (d->flags & CG_D_BYE_LOCAL) != 0, ok = info->status < 300;
	int proved = (d->flags & CG_D_BYE_PROVED) && bye_is_fresh(d, info);

	if ((d->flags & CG_D_BYE_RELAYED) && ok) {
		bye_close_relayed(d, config, v);
	} else if (local && proved && (ok || info->status == 481)) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_BYE, bye_sender(d), d->bye_at, v);
	} else if (local) {
		bye_doubt(d, ok ? CG_R_WRONG_TARGET : CG_R_REFUSED, v);
	} else if (ok && proved) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_BYE, bye_sender(d), d->bye_at, v);
	} else if (ok && bye_answer_is_doubt(d, info, uas)) {
		bye_doubt(d, bye_is_to_be_reported(uas) ? CG_R_IN_DIALOG : CG_R_WRONG_TARGET, v);
	} else if (ok) {
		dialog_resume(d, CG_R_WRONG_TARGET, v);
	} else if (info->status == 481 && proved && (d->flags & gone) == gone &&
		   addr_equal(info->remote, uas->self->addr)) {
		/* only the leg's own address: another gateway may not know the call */
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), d->bye_at, v);
	} else {
		bye_refused(d, v);
	}
}

bpf_inline void bye_response_in(struct cg_dialog *d, const struct msg_info *info,
				const struct leg_view *uas, const struct cg_config *config,
				struct verdict *v)
{
	__u32 branch = branch_hash32(info->branch_hash);
	int ours, from_there;

	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || d->state == CG_S_ENDED)
		return;
	ours = d->state == CG_S_ENDING && branch && d->bye_branch_out == branch;
	from_there = d->bye_sent_to ? d->bye_sent_to == info->remote_hash : info->remote_is_gateway;
	if (!interface_is(info, uas->self_ifindex))
		return;
	if (ours && from_there) {
		bye_judge_response(d, info, uas, config, v);
	} else if (info->status >= 300) {
		return;
	} else if (leg_has(uas, CG_LEG_WITNESS) && remote_is_self(info, uas)) {
		/* the witness' yes to a BYE that was not seen, or that went elsewhere */
		dialog_set_candidate(d, ours ? d->bye_at : info->now);
		v->reason = CG_R_WRONG_TARGET;
	} else if (ours) {
		v->reason = CG_R_WRONG_ANSWERER;
		v->unexpected_uas = 1;
	}
}

bpf_inline int candidate_is_since_bye(const struct cg_dialog *d)
{
	return (d->flags & CG_D_CANDIDATE) && d->candidate_ms > d->seen_ms;
}

bpf_inline void bye_response_out(struct cg_dialog *d, const struct msg_info *info,
				 const struct leg_view *uas, const struct cg_config *config,
				 struct verdict *v)
{
	const __u32 gone = CG_D_BYE_PROVED | CG_D_BYE_TO_CONTACT | CG_D_BYE_SAME_TAGS;
	__u32 branch = branch_hash32(info->branch_hash);
	int proved = (d->flags & CG_D_BYE_PROVED) && bye_is_fresh(d, info);
	int ok = info->status < 300, of_witness;

	v->reason = CG_R_IN_DIALOG;
	if (info->status < 200 || !branch || d->state == CG_S_ENDED)
		return;
	if (!ok && branch == d->seen_branch)
		d->flags |= CG_D_SEEN_REFUSED;
	/* rule 1: the host has taken it; a gateway's by any final response */
	of_witness = branch == d->seen_branch && bye_of_witness_is_seen(d, info) &&
		     (ok || peer_has(uas, CG_LEG_GATEWAY));
	if (of_witness) {
		v->reason = CG_R_CLOSED;
		bye_close_taken(d, uas->peer_leg, v);
		return;
	}
	if (ok && branch == d->seen_branch && peer_has(uas, CG_LEG_WITNESS) &&
	    !peer_has(uas, CG_LEG_LOCAL) && !candidate_is_since_bye(d))
		dialog_set_candidate(d, info->now); /* a third address spoke in the witness' name */
	if (d->state != CG_S_ENDING || d->bye_branch_in != branch ||
	    (d->flags & CG_D_BYE_OF_WITNESS))
		return;
	if (ok && proved) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_BYE, bye_sender(d), d->bye_at, v);
	} else if (ok && (d->flags & CG_D_BYE_RELAYED)) {
		bye_close_relayed(d, config, v);
	} else if (ok) {
		bye_doubt(d, CG_R_WRONG_TARGET, v);
	} else if (info->status == 481 && proved && (d->flags & gone) == gone) {
		v->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), d->bye_at, v);
	} else {
		bye_refused(d, v);
	}
}

/* --- answers to other requests ---------------------------------------------------------------- */

/*
 * Returns whether the call may be gone: the witness does not know it (481), or is silent (408; RFC
 * 3261 12.2.1.2).
 */
bpf_inline int status_is_doubt(const struct msg_info *info)
{
	return info->status == 481 || info->status == 408;
}

/*
 * Returns whether the host gives up a re-INVITE or UPDATE that was on its way to the witness, which
 * was silent. The host's 408 goes to the other leg, under that leg's branch, which is not kept.
 */
bpf_inline int refresh_is_given_up(const struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *uas)
{
	return info->status == 408 && info->direction == CG_OUT && d->state != CG_S_ENDED &&
	       method_refreshes_target(info->method) && leg_has(uas, CG_LEG_WITNESS) &&
	       d->refresh_branch && !(d->flags & CG_D_REFRESH_OWN);
}

/* A response to another in-dialog request, or a 2xx to INVITE once more. */
bpf_inline void dialog_response(struct cg_dialog *d, const struct msg_info *info,
				const struct msg_route *route, const struct leg_view *uas,
				struct verdict *v)
{
	__u32 branch = branch_hash32(info->branch_hash);
	__u8 way_to_witness = peer_has(uas, CG_LEG_LOCAL) ? CG_IN : CG_OUT;
	int ours, witness, own_word, ok = info->status >= 200 && info->status < 300;

	v->reason = CG_R_IN_DIALOG;
	own_word =
		info->direction == CG_OUT ? leg_has(uas, CG_LEG_LOCAL) : remote_is_self(info, uas);
	witness = leg_has(uas, CG_LEG_WITNESS) && own_word;
	ours = branch && d->refresh_branch == branch;
	if (ours && ok && (d->flags & CG_D_REFRESH_OWN)) {
		/* the witness' own: only the answer that reaches the witness counts */
		if (info->direction == way_to_witness)
			dialog_refresh_target(d, info, route);
	} else if (ours && ok && witness) {
		dialog_refresh_target(d, info, route);
		dialog_clear_candidate(d);
	} else if (ours && status_is_doubt(info) && !(d->flags & CG_D_REFRESH_OWN) &&
		   d->state != CG_S_ENDED && (witness || info->status == 408)) {
		dialog_set_candidate(d, info->now);
	} else if (refresh_is_given_up(d, info, uas)) {
		dialog_set_candidate(d, info->now);
	}
	/* to a request that came after the end: not to one that crossed with the BYE */
	if (ok && own_word && d->state == CG_S_ENDED && (*uas->peer_flags & CG_LEG_SEEN_AFTER_END))
		dialog_note_alive(d, uas, v);
}

#endif
