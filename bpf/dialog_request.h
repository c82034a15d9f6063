/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests of a known dialog that come in: their order and their sources. A packet that comes in
 * decides about order only. The bill depends on what goes out (bye_evidence.h), except where the
 * host itself is a leg. Everything here but dialog_bye_reject_low() runs under the dialog's lock
 * and calls no helper.
 *
 * API: dialog_bye_reject_low(), dialog_bye_in(), dialog_ack_in(), dialog_request_in(),
 * dialog_note_alive(), dialog_count_blocked().
 */
#ifndef CG_DIALOG_REQUEST_H
#define CG_DIALOG_REQUEST_H

#include "addr_change.h"
#include "bye_pending.h"

/* --- BYE that comes in ------------------------------------------------------------------------ */

/* Arrival of the last BYE that came in and passed. */
bpf_inline __u64 bye_seen_at(const struct cg_dialog *d)
{
	return d->answer + d->seen_ms * 1000000ULL;
}

/*
 * Copies of a BYE come for 32 s, and the host takes it within 32 s of the last one. A BYE that
 * leaves later under the same leg's tag is another one: the proxy's own, at its dialog timeout.
 */
#define BYE_TAKE_NS (2 * CG_BYE_TIMEOUT_NS)

/*
 * Returns whether the last BYE that came in is the witness' own, in order, and the host may still
 * take it.
 */
bpf_inline int bye_of_witness_is_seen(const struct cg_dialog *d, const struct msg_info *info)
{
	return (d->flags & CG_D_SEEN_OF_WITNESS) && info->now - bye_seen_at(d) <= BYE_TAKE_NS;
}

/*
 * Returns whether this is a copy of the leg's last accepted BYE: no higher number has passed since;
 * or it has the same branch, within 32 s, and the host has not refused it.
 */
bpf_inline int bye_is_repeat(const struct cg_dialog *d, const struct msg_info *info,
			     const struct leg_view *view)
{
	int same_branch = d->seen_branch && d->seen_branch == branch_hash32(info->branch_hash) &&
			  !(d->flags & CG_D_SEEN_REFUSED);

	if (!leg_has(view, CG_LEG_BYE_CSEQ_VALID) || info->cseq != view->self->bye_cseq)
		return 0;
	return !leg_counter_is_above(view, info->cseq) ||
	       (same_branch && info->now - bye_seen_at(d) <= CG_BYE_TIMEOUT_NS);
}

/* The rules of a BYE, one a line. The first that applies is the reason. */
bpf_inline __u8 bye_reason(const struct cg_dialog *d, const struct msg_info *info,
			   const struct leg_view *view, const struct cg_config *config,
			   enum source_match source)
{
	if (!info->cseq_valid)
		return CG_R_BAD_CSEQ;
	if (leg_has(view, CG_LEG_LOCAL) && bye_is_repeat(d, info, view))
		return CG_R_BYE_REPEAT; /* the host's own, which a proxy sends back */
	if (source == SRC_PEER)
		return CG_R_WRONG_LEG;
	if (source == SRC_OTHER && config->source == CG_SOURCE_STRICT)
		return CG_R_FOREIGN_SOURCE;
	if (bye_is_repeat(d, info, view))
		return CG_R_BYE_REPEAT;
	if (leg_counter_is_above(view, info->cseq))
		return CG_R_OUT_OF_ORDER;
	if (!leg_counter_is_below(view, info->cseq))
		return CG_R_EQUAL_CSEQ;
	return source == SRC_OTHER ? CG_R_FOREIGN_SOURCE : CG_R_BYE;
}

/* Returns the lowest CSeq that would have passed, given the leg's counter. */
bpf_inline __u32 bye_expected_cseq(const struct cg_config *config, __u32 counter)
{
	return counter + (config->equal == CG_EQUAL_DROP);
}

/* first_blocked_ms is set before the count: a reader that sees a count also sees a time. */
bpf_inline void dialog_count_blocked(struct cg_dialog *d, __u64 now)
{
	if (!d->first_blocked_ms)
		d->first_blocked_ms = (now - d->answer) / 1000000 + 1;
	__sync_fetch_and_add(&d->blocked_byes, 1);
}

/*
 * Fast path: refuses a BYE that bye_reason() would call out of order, in enforce mode, before Via
 * and Contact are parsed. Returns 0 if any other rule may apply.
 *
 * The counter is read without the lock. It only grows, so a stale value can only be too low, and a
 * BYE below a stale value is below the current one as well. The lock is taken to count.
 */
bpf_inline int dialog_bye_reject_low(struct cg_dialog *d, const struct msg_info *info,
				     const struct cg_config *config, struct verdict *v)
{
	int is_caller = (info->from_hash ^ info->key.call) == d->who, is_of;
	const struct cg_leg *self = is_caller ? &d->caller : &d->callee;
	const struct cg_leg *peer = is_caller ? &d->callee : &d->caller;
	__u8 flags = *(volatile __u8 *)(is_caller ? &d->caller_flags : &d->callee_flags);
	__u32 counter = *(volatile __u32 *)&self->cseq;
	int is_low = info->cseq_valid && (flags & CG_LEG_CSEQ_VALID) && info->cseq < counter;
	int is_repeat = (flags & CG_LEG_BYE_CSEQ_VALID) && info->cseq == self->bye_cseq;
	__u64 now = 0;

	if (!info->enforced || config->source == CG_SOURCE_STRICT || !is_low || is_repeat ||
	    info->from_hash == info->to_hash || addr_equal(info->remote, peer->addr))
		return 0;
	v->leg = is_caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
	v->clock = d->clock;
	v->reason = CG_R_OUT_OF_ORDER;
	v->expected_cseq = bye_expected_cseq(config, counter);
	if (!d->first_blocked_ms)
		now = bpf_ktime_get_boot_ns();
	bpf_spin_lock(&d->lock);
	is_of = dialog_is_of(d, info);
	if (is_of)
		dialog_count_blocked(d, now);
	bpf_spin_unlock(&d->lock);
	return is_of;
}

/*
 * Notes a BYE that passed in order: raises the leg's counter, and keeps the CSeq to recognise
 * copies.
 */
bpf_inline void bye_accept(struct cg_dialog *d, const struct msg_info *info,
			   const struct leg_view *view)
{
	leg_raise_cseq(view, info->cseq);
	view->self->bye_cseq = info->cseq;
	*view->self_flags |= CG_LEG_BYE_CSEQ_VALID;
}

/*
 * Remembers a BYE that came in and passed. own: the witness' own, with a new number. As long as the
 * host may take that one, no other BYE replaces it. Attack: somebody who knows the tags sends a BYE
 * before the host's answer, so that the answer no longer matches and the call does not end.
 */
bpf_inline void bye_note_seen(struct cg_dialog *d, const struct msg_info *info, int own,
			      __u8 action)
{
	__u32 branch = branch_hash32(info->branch_hash);

	if (!own && bye_of_witness_is_seen(d, info) && !(d->flags & CG_D_SEEN_REFUSED))
		return;
	d->flags &= ~CG_D_SEEN_OF_WITNESS;
	if (d->seen_branch != branch)
		d->flags &= ~(CG_D_SEEN_REFUSED | CG_D_SEEN_WOULD_DROP);
	if (action == CG_WOULD_DROP)
		d->flags |= CG_D_SEEN_WOULD_DROP;
	d->seen_branch = branch;
	d->seen_ms = (info->now - d->answer) / 1000000;
}

/*
 * Returns whether this BYE of the witness is a copy of the one that pends. The branch alone does
 * not say so, because the sender chooses it. With a new CSeq it is another BYE, and the call ran on
 * until it came. A port that raises no counter does not show whether the CSeq is new. There a BYE
 * under the same branch is a copy for 32 s.
 */
bpf_inline int bye_of_witness_is_copy(const struct cg_dialog *d, const struct msg_info *info,
				      const struct leg_view *view, int is_new, __u8 reason)
{
	if (is_new || !bye_is_pending(d, CG_D_BYE_OF_WITNESS) || bye_sender(d) != view->leg ||
	    d->bye_branch_in != branch_hash32(info->branch_hash))
		return 0;
	return reason == CG_R_BYE ? bye_is_fresh(d, info) : reason == CG_R_BYE_REPEAT;
}

/*
 * The witness' own BYE, from its own address, ends the call at its arrival once the host has taken
 * it (bye_evidence.h). One that was not in order ends nothing by itself.
 */
bpf_inline void bye_of_witness_in(struct cg_dialog *d, const struct msg_info *info,
				  const struct leg_view *view, int is_new, struct verdict *v)
{
	if (v->reason == CG_R_BYE)
		d->flags |= CG_D_SEEN_OF_WITNESS;
	if (bye_of_witness_is_copy(d, info, view, is_new, v->reason))
		return; /* a copy keeps the time of the first */
	if (v->reason != CG_R_BYE) {
		if (v->reason != CG_R_BYE_REPEAT || !bye_is_pending(d, CG_D_BYE_OF_WITNESS))
			dialog_set_candidate(d, info->now);
		return;
	}
	if (bye_is_pending(d, CG_D_BYE_PROVED) && bye_is_fresh(d, info))
		return; /* they cross: either ends the call */
	if (dialog_pend_bye(d, info, view->leg, CG_D_BYE_OF_WITNESS, v))
		d->bye_branch_in = branch_hash32(info->branch_hash);
}

/*
 * The witness is the host itself, or no leg is one: what comes in is judged as it came. A copy
 * under the same branch that is addressed elsewhere spoils the proof: the host may have taken that
 * one.
 */
bpf_inline void bye_to_host_in(struct cg_dialog *d, const struct msg_info *info,
			       const struct msg_route *route, const struct leg_view *view,
			       enum source_match source, __u8 action, struct verdict *v)
{
	enum target_match match = target_match(&d->target, route, view->peer, view->peer_port);
	__u32 branch = branch_hash32(info->branch_hash), how = 0;
	int copy = d->state == CG_S_ENDING && branch && d->bye_branch_in == branch &&
		   !(d->flags & (CG_D_BYE_OF_WITNESS | CG_D_BYE_LOCAL));

	if (source == SRC_SELF && match != TARGET_OTHER) {
		how = peer_has(view, CG_LEG_WITNESS) ? CG_D_BYE_PROVED : CG_D_BYE_RELAYED;
		if (match == TARGET_CONTACT)
			how |= CG_D_BYE_TO_CONTACT;
	}
	if (copy) {
		how &= d->flags;
		d->flags &= ~(CG_D_BYE_PROVED | CG_D_BYE_RELAYED | CG_D_BYE_TO_CONTACT);
		d->flags |= how;
		d->bye_at = info->now;
		dialog_raise_epoch(d, 1);
		return;
	}
	if (action == CG_WOULD_DROP)
		how |= CG_D_BYE_WOULD_DROP;
	if (dialog_pend_bye(d, info, view->leg, how, v))
		d->bye_branch_in = branch;
}

bpf_inline void dialog_bye_in(struct cg_dialog *d, const struct msg_info *info,
			      const struct msg_route *route, const struct leg_view *view,
			      const struct cg_config *config, struct verdict *v)
{
	enum source_match source = leg_match_source(info, view);
	int no_rank = !((d->caller_flags | d->callee_flags) & CG_LEG_WITNESS), own_words, is_new;
	__u8 action;

	if (info->remote_class == CG_ADDR_HOST)
		source = SRC_SELF; /* the host itself sent it, over lo: no third address */
	v->reason = bye_reason(d, info, view, config, source);
	if (leg_has(view, CG_LEG_CSEQ_VALID))
		v->expected_cseq = bye_expected_cseq(config, view->self->cseq);
	action = reason_action(config, v->reason, info->enforced);
	if (action != CG_PASS)
		dialog_count_blocked(d, info->now);
	if (action == CG_DROP)
		return;
	leg_note_passed(info, view);
	is_new = v->reason == CG_R_BYE && leg_may_raise(info, view);
	if (is_new)
		bye_accept(d, info, view);
	if (v->reason != CG_R_BYE_REPEAT)
		bye_note_seen(d, info, is_new && leg_has(view, CG_LEG_WITNESS), action);
	if (d->state == CG_S_ENDED || info->came_back)
		return;
	own_words = remote_is_self(info, view) && remote_is_self_port(info, view);
	if (leg_has(view, CG_LEG_WITNESS) && !leg_has(view, CG_LEG_LOCAL)) {
		if (own_words)
			bye_of_witness_in(d, info, view, is_new, v);
	} else if (peer_has(view, CG_LEG_LOCAL) || (no_rank && view->leg == CG_LEG_CALLER)) {
		bye_to_host_in(d, info, route, view, source, action, v);
	}
}

/* --- other requests that come in -------------------------------------------------------------- */

/*
 * An ACK raises no counter here, but it does in PJSIP and chan_sip. A third party could send an ACK
 * with a high CSeq, and the leg's own BYE would be below it. An ACK from a foreign address is
 * therefore refused above the highest number that has passed under the leg's tags: below that it
 * adds nothing. A gateway's passes, but not through another interface than the leg's where
 * --strict-interface asks for that.
 */
bpf_inline void dialog_ack_in(const struct msg_info *info, const struct leg_view *view,
			      struct verdict *v)
{
	v->reason = CG_R_IN_DIALOG;
	if (!info->cseq_valid || info->cseq <= *view->self_passed ||
	    leg_match_source(info, view) == SRC_SELF || (info->remote_is_gateway && !info->ifindex))
		return;
	v->reason = CG_R_FOREIGN_ACK;
	v->expected_cseq = *view->self_passed;
}

/* A subscription outlives the call (RFC 5057), and anybody answers OPTIONS. */
bpf_inline int method_shows_life(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE || method == CG_M_INFO;
}

/* Notes that a leg has spoken after the end. If both have, the call has not ended. */
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

/*
 * Notes a request with a new number. The witness' own shows that it is alive. Its re-INVITE moves
 * its target, if answered; so does the other leg's, if the host itself is the witness.
 */
bpf_inline void dialog_request_note(struct cg_dialog *d, const struct msg_info *info,
				    const struct msg_route *route, const struct leg_view *view)
{
	int witness = leg_has(view, CG_LEG_WITNESS);

	if (witness && method_shows_life(info->method))
		dialog_clear_candidate(d);
	if (!method_refreshes_target(info->method))
		return;
	if (witness)
		dialog_note_refresh(d, info, route, 1);
	else if (peer_has(view, CG_LEG_LOCAL) &&
		 target_match(&d->target, route, view->peer, view->peer_port) == TARGET_CONTACT)
		dialog_note_refresh(d, info, route, 0);
}

/* Any other in-dialog request but BYE, ACK and CANCEL. */
bpf_inline void dialog_request_in(struct cg_dialog *d, const struct msg_info *info,
				  const struct msg_route *route, const struct leg_view *view,
				  struct verdict *v)
{
	enum source_match source = leg_match_source(info, view);
	int is_new;

	v->reason = CG_R_IN_DIALOG;
	if (!info->came_back)
		v->addr_change = request_changes_addr(info, view, source) ? view->leg : 0;
	leg_note_passed(info, view);
	if (info->cseq_valid && leg_counter_is_above(view, info->cseq)) {
		v->reason = CG_R_LATE_REQUEST;
		return;
	}
	is_new = info->cseq_valid && leg_counter_is_below(view, info->cseq);
	if (!leg_may_raise(info, view)) {
		if (is_new && source == SRC_SELF && remote_is_self_port(info, view) &&
		    !info->came_back)
			dialog_request_note(d, info, route, view);
		return;
	}
	leg_raise_cseq(view, info->cseq);
	if (!is_new)
		return;
	v->event = CG_EV_REQUEST;
	if (d->state == CG_S_ENDED && method_shows_life(info->method))
		dialog_note_alive(d, view, v);
	dialog_request_note(d, info, route, view);
}

#endif
