/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What closes a call: the word of a witness, matched by branch, never by CSeq number (proxies
 * renumber). Runs under the dialog's lock.
 *
 * API: dialog_bye_out(), dialog_bye_answered_in(), dialog_bye_answered_out(), dialog_answered().
 */
#ifndef CG_BYE_EVIDENCE_H
#define CG_BYE_EVIDENCE_H

#include "dialog_request.h"

/* The answering leg of a response: the one whose tag is in To. */
bpf_inline void dialog_answerer(struct cg_dialog *d, const struct facts *f, struct side *s)
{
	int from_caller = f->from == d->caller_tag;

	/* Equal tags: the response of one leg comes in from it, or goes out to the other. */
	if (f->from == f->to)
		from_caller = f->direction == CG_IN ? !addr_equal(f->peer, d->caller.addr)
						    : addr_equal(f->peer, d->caller.addr);
	dialog_side(d, !from_caller, s);
}

/*
 * The pending BYE is sent on. What goes out under its branch long after its last copy came in is
 * another one that came by an unseen transport, the old one having come to nothing.
 */
bpf_inline int dialog_bye_goes_on(const struct cg_dialog *d, const struct facts *f)
{
	__u32 branch2 = branch_short(f->branch2);
	int again = d->bye_branch_out == branch_short(f->branch);

	return d->state == CG_S_ENDING && branch2 && d->bye_branch_in == branch2 &&
	       dialog_bye_within(d, f, again ? CG_BYE_TIMEOUT_NS : CG_BYE_FRESH_NS);
}

/* The host sends a BYE: its own, or one that came in, or one from a transport that is not seen. */
bpf_inline void dialog_bye_out(struct cg_dialog *d, const struct facts *f,
			       const struct cg_config *config, struct outcome *o)
{
	__u32 branch = branch_short(f->branch), branch2 = branch_short(f->branch2);
	struct side s;

	dialog_side(d, dialog_from_caller(d, f), &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_BYE;
	if ((*s.flags & CG_LEG_LOCAL) && !f->relayed && f->cseq_valid) {
		leg_raise(&s, f->cseq);
		if (d->state != CG_S_ENDED)
			dialog_close(d, CG_E_BYE, s.leg, f->now, o);
		return;
	}
	if (d->state == CG_S_ENDED)
		return;
	if (!dialog_bye_goes_on(d, f)) {
		if ((*s.flags & CG_LEG_WITNESS) && !(*s.flags & CG_LEG_LOCAL))
			return; /* a witness' BYE that was no evidence when it came in */
		if ((d->flags & CG_D_BYE_UNSEEN) && d->bye_branch_out == branch &&
		    dialog_bye_within(d, f, CG_BYE_TIMEOUT_NS))
			return; /* sent again */
		if (dialog_bye_stands(d, f, 1))
			return;
		d->bye_branch_in = 0; /* not a copy of one that came in */
		dialog_pend_bye(d, f, config, s.leg, branch2, o);
		d->flags |= CG_D_BYE_UNSEEN;
	}
	d->bye_branch_out = branch;
	d->flags &= ~(CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET);
	d->flags |= CG_D_BYE_FORWARDED;
	if (peer_is_other(f, &s) &&
	    (f->peer_port == f->request_port ||
	     f->peer_port == (s.leg == CG_LEG_CALLER ? d->callee_port : d->caller_port)))
		d->flags |= CG_D_BYE_TO_WITNESS;
	if (dialog_on_target(d, f) || !(*s.other_flags & CG_LEG_WITNESS))
		d->flags |= CG_D_BYE_ON_TARGET;
}

/* The pending BYE came to nothing: the call runs on. */
bpf_inline void dialog_resume(struct cg_dialog *d, __u8 reason, struct outcome *o)
{
	o->reason = reason;
	if (d->state != CG_S_ENDING)
		return;
	if (d->flags & CG_D_BYE_WOULD_DROP)
		o->would_drop = CG_EV_RESUME;
	d->state = CG_S_CONFIRMED;
	d->bye_branch_in = 0;
	d->bye_branch_out = 0;
	d->flags &= ~DIALOG_BYE_FLAGS;
	o->event = CG_EV_RESUME;
}

bpf_inline __u8 bye_sender(const struct cg_dialog *d)
{
	return d->flags & CG_D_BYE_CALLEE ? CG_LEG_CALLEE : CG_LEG_CALLER;
}

/* Its arrival; of one that was not seen to go on, and came too long ago, the answer's. */
bpf_inline __u64 dialog_bye_time(const struct cg_dialog *d, const struct facts *f)
{
	return d->flags & CG_D_BYE_FORWARDED || dialog_bye_within(d, f, CG_BYE_FRESH_NS) ? d->bye_at
											 : f->now;
}

/*
 * The pending BYE was answered 2xx. Where no witness answers, the BYE came from a transport that is
 * not seen, or from a witness in observe mode, out of order: the end is told, and is suspect.
 */
bpf_inline void dialog_accept_bye(struct cg_dialog *d, const struct facts *f, int witness,
				  struct outcome *o)
{
	int would_drop = d->flags & CG_D_BYE_WOULD_DROP;

	dialog_close(d, witness || would_drop ? CG_E_BYE : CG_E_RELAYED_BYE, bye_sender(d),
		     dialog_bye_time(d, f), o);
	if (!witness)
		d->flags |= CG_D_SUSPECT;
	if (would_drop)
		o->would_drop = CG_EV_END;
}

/* A final response that came in for the branch under which the host sent the pending BYE. */
bpf_inline void dialog_judge_bye(struct cg_dialog *d, const struct facts *f,
				 const struct side *answerer, struct outcome *o)
{
	int witness = *answerer->flags & CG_LEG_WITNESS;
	int from_it = (d->flags & CG_D_BYE_TO_WITNESS) && peer_is_own(f, answerer);
	int on_target = d->flags & CG_D_BYE_ON_TARGET;

	if (f->status < 300 && !on_target) {
		dialog_resume(d, CG_R_WRONG_TARGET, o);
	} else if (f->status < 300 && !from_it) {
		dialog_resume(d, CG_R_WRONG_ANSWERER, o);
		o->answerer = 1;
	} else if (f->status < 300) {
		o->reason = CG_R_CLOSED;
		dialog_accept_bye(d, f, witness, o);
	} else if (f->status == 481 && !on_target) {
		dialog_resume(d, CG_R_WRONG_TARGET, o);
	} else if (f->status == 481 && from_it && witness && (d->flags & CG_D_BYE_SAME_TAGS) &&
		   addr_equal(f->peer, answerer->own->addr)) { /* a neighbour need not know */
		o->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), d->bye_at, o);
	} else {
		dialog_resume(d, CG_R_REFUSED, o);
	}
}

bpf_inline void dialog_bye_answered_in(struct cg_dialog *d, const struct facts *f,
				       struct outcome *o)
{
	struct side answerer;
	int back;

	dialog_answerer(d, f, &answerer);
	o->leg = answerer.leg == CG_LEG_CALLER ? CG_LEG_CALLEE : CG_LEG_CALLER;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	if (f->status < 200 || d->state == CG_S_ENDED)
		return;
	back = d->bye_branch_in && d->bye_branch_in == branch_short(f->branch2);
	if (back || (d->flags & CG_D_BYE_FORWARDED))
		d->flags |= CG_D_BYE_ANSWERED; /* not the host's own when it goes out */
	if (back && f->peer_gateway && !(d->flags & CG_D_BYE_FORWARDED) && f->status < 300 &&
	    (*answerer.flags & CG_LEG_WITNESS) && peer_is_own(f, &answerer)) {
		o->reason = CG_R_CLOSED; /* it went out in fragments, its headers out of sight */
		dialog_accept_bye(d, f, 1, o);
	} else if ((d->flags & CG_D_BYE_FORWARDED) &&
		   d->bye_branch_out == branch_short(f->branch)) {
		dialog_judge_bye(d, f, &answerer, o);
	} else if (f->status < 300 && (*answerer.flags & CG_LEG_WITNESS) &&
		   peer_is_own(f, &answerer)) {
		/* evidence, rule 4; not unseen where it follows one that the witness has */
		int second = (d->flags & DIALOG_BYE_GOOD) == DIALOG_BYE_GOOD;

		o->reason = CG_R_CLOSED;
		dialog_close(d, second ? CG_E_BYE : CG_E_UNSEEN_BYE, o->leg, f->now, o);
	}
}

bpf_inline void dialog_bye_answered_out(struct cg_dialog *d, const struct facts *f,
					struct outcome *o)
{
	struct side answerer;
	int host;

	dialog_answerer(d, f, &answerer);
	host = (*answerer.flags & CG_LEG_LOCAL) && !(d->flags & CG_D_BYE_ANSWERED);
	o->leg = answerer.leg == CG_LEG_CALLER ? CG_LEG_CALLEE : CG_LEG_CALLER;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	if (f->status < 200 || d->state != CG_S_ENDING || !d->bye_branch_in ||
	    d->bye_branch_in != branch_short(f->branch))
		return;
	if (host && f->status < 300) {
		o->reason = CG_R_CLOSED;
		dialog_accept_bye(d, f, 1, o);
	} else if (host && f->status == 481 && (d->flags & CG_D_BYE_SAME_TAGS)) {
		o->reason = CG_R_CLOSED;
		dialog_close(d, CG_E_GONE, bye_sender(d), dialog_bye_time(d, f), o);
	} else if (f->status >= 300) {
		dialog_resume(d, CG_R_REFUSED, o); /* by the host: a challenge, 408, 483 */
	}
}

/* A response to another in-dialog request, or a 2xx to INVITE once more. */
bpf_inline void dialog_answered(struct cg_dialog *d, const struct facts *f,
				struct cg_addr_change *m, struct outcome *o)
{
	struct side answerer;

	dialog_answerer(d, f, &answerer);
	o->reason = CG_R_IN_DIALOG;
	if (f->status < 200 || f->status >= 300 ||
	    (f->direction == CG_IN && !peer_is_own(f, &answerer)))
		return;
	dialog_refresh_target(d, f, answerer.leg);
	dialog_move(d, m, f, &answerer);
	/* to a request that came after the end: not to one that crossed with the BYE */
	if (d->state == CG_S_ENDED && (*answerer.other_flags & CG_LEG_SEEN_AFTER_END) &&
	    (f->direction == CG_IN || (*answerer.flags & CG_LEG_LOCAL))) {
		o->leg = answerer.other == &d->caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
		o->clock = d->clock;
		dialog_after_end(d, &answerer, o);
	}
}

#endif
