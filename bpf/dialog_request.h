/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Requests of a known dialog: their order and their sources. Everything here but
 * dialog_bye_reject_low() runs under the dialog's lock and calls no helper. struct msg_info
 * therefore holds everything that a rule needs.
 *
 * API: dialog_bye_reject_low(), dialog_bye_in(), dialog_ack_in(), dialog_request_in(),
 * dialog_request_out(), dialog_note_alive().
 */
#ifndef CG_DIALOG_REQUEST_H
#define CG_DIALOG_REQUEST_H

#include "addr_change.h"
#include "bye_pending.h"
#include "leg.h"
#include "remote_target.h"
#include "verdict.h"

/* --- BYE that comes in ------------------------------------------------------------------------ */

/* The rules of a BYE, one a line. The first that applies is the reason. */
bpf_inline __u8 bye_reason(const struct msg_info *info, const struct leg_view *view,
			   enum source_match source)
{
	int has_counter = leg_has(view, CG_LEG_CSEQ_VALID);
	int repeats_bye = info->cseq_valid && leg_has(view, CG_LEG_BYE_CSEQ_VALID) &&
			  info->cseq == view->self->bye_cseq && info->cseq == view->self->cseq;

	if (repeats_bye)
		return CG_R_BYE_REPEAT;
	if (source == SRC_PEER)
		return CG_R_WRONG_LEG;
	if (!info->cseq_valid)
		return CG_R_BAD_CSEQ;
	if (has_counter && info->cseq < view->self->cseq)
		return CG_R_OUT_OF_ORDER;
	if (has_counter && info->cseq == view->self->cseq)
		return CG_R_EQUAL_CSEQ;
	return source == SRC_OTHER ? CG_R_FOREIGN_SOURCE : CG_R_BYE;
}

/* Returns the lowest CSeq that would have passed, given the leg's counter. */
bpf_inline __u32 bye_expected_cseq(const struct cg_config *config, __u32 counter)
{
	return counter + (config->equal == CG_EQUAL_DROP);
}

/*
 * Atomic, because dialog_bye_reject_low() does not hold the lock. first_blocked_ms is set before
 * the count, so a reader that sees a count also sees a time.
 */
bpf_inline void dialog_count_blocked(struct cg_dialog *d, __u64 now)
{
	if (!d->first_blocked_ms)
		__sync_val_compare_and_swap(&d->first_blocked_ms, 0,
					    (__u32)((now - d->answer) / 1000000 + 1));
	__sync_fetch_and_add(&d->blocked_byes, 1);
}

/*
 * Fast path without the lock: refuses a BYE that bye_reason() would call out of order, in enforce
 * mode. Returns 0 if any other rule may apply, or if dialog_bye_in() has to decide.
 *
 * The counter only grows, so a stale value can only be too low. A BYE below a stale value is below
 * the current one as well. The loads are volatile, so that the values compared are those reported.
 */
bpf_inline int dialog_bye_reject_low(struct cg_dialog *d, const struct msg_info *info,
				     const struct cg_config *config, struct verdict *v)
{
	int is_caller = info->from_hash == d->caller_tag;
	const struct cg_leg *self = is_caller ? &d->caller : &d->callee;
	const struct cg_leg *peer = is_caller ? &d->callee : &d->caller;
	__u8 flags = *(volatile __u8 *)(is_caller ? &d->caller_flags : &d->callee_flags);
	__u32 counter = *(volatile __u32 *)&self->cseq;
	int is_low = info->cseq_valid && (flags & CG_LEG_CSEQ_VALID) && info->cseq < counter;

	if (config->mode != CG_ENFORCE || !is_low)
		return 0;
	if (info->from_hash == info->to_hash || addr_equal(info->remote, peer->addr))
		return 0;
	v->leg = is_caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
	v->clock = d->clock;
	v->reason = CG_R_OUT_OF_ORDER;
	v->expected_cseq = bye_expected_cseq(config, counter);
	dialog_count_blocked(d, d->first_blocked_ms ? 0 : bpf_ktime_get_boot_ns());
	return 1;
}

/* Changes the dialog's state for a BYE that passes: it closes the call, or evidence is awaited. */
bpf_inline void dialog_bye_apply(struct cg_dialog *d, const struct msg_info *info,
				 const struct leg_view *view, const struct cg_config *config,
				 enum source_match source, __u8 action, struct verdict *v)
{
	int is_repeat = v->reason == CG_R_BYE_REPEAT;
	int in_order = source == SRC_SELF && action == CG_PASS;

	if (in_order && !is_repeat) {
		leg_raise_cseq(view, info->cseq);
		view->self->bye_cseq = info->cseq;
		*view->self_flags |= CG_LEG_BYE_CSEQ_VALID;
	}
	if (d->state == CG_S_ENDED)
		return;
	if (leg_has(view, CG_LEG_WITNESS) && source != SRC_SELF)
		return; /* a third party uses the witness' tags: evidence of nothing */
	if (action == CG_PASS && leg_has(view, CG_LEG_WITNESS)) {
		dialog_close(d, CG_E_BYE, view->leg, info->now, v); /* evidence rule 1 */
	} else if (bye_is_spiral(d, info)) {
		d->bye_branch_in = branch_hash32(info->branch_hash);
	} else if ((is_repeat && source == SRC_SELF) || !bye_keep_pending(d, info, in_order)) {
		dialog_pend_bye(d, info, config, view->leg, branch_hash32(info->branch_hash), v);
		if (action == CG_WOULD_DROP) /* the other leg's answer says if a drop was right */
			d->flags |= CG_D_BYE_WOULD_DROP;
	}
}

bpf_inline void dialog_bye_in(struct cg_dialog *d, const struct msg_info *info,
			      const struct leg_view *view, const struct cg_config *config,
			      struct verdict *v)
{
	enum source_match source = leg_match_source(info, view);
	__u8 action;

	v->reason = bye_reason(info, view, source);
	if (leg_has(view, CG_LEG_CSEQ_VALID))
		v->expected_cseq = bye_expected_cseq(config, view->self->cseq);
	action = reason_action(config, v->reason);
	if (action != CG_PASS)
		dialog_count_blocked(d, info->now);
	if (action != CG_DROP)
		dialog_bye_apply(d, info, view, config, source, action, v);
}

/* --- other requests that come in -------------------------------------------------------------- */

/*
 * An ACK raises no counter here, but it does in PJSIP and chan_sip. A third party could send an ACK
 * with a high CSeq, and the leg's own BYE would be below it. An ACK from a foreign address that
 * would raise the counter is therefore refused.
 *
 * A callee without a counter has sent no INVITE and cannot send an ACK. A caller without one may
 * have sent an INVITE that was not seen.
 */
bpf_inline void dialog_ack_in(const struct msg_info *info, const struct leg_view *view,
			      struct verdict *v)
{
	v->reason = CG_R_IN_DIALOG;
	if (!info->cseq_valid || remote_is_trusted(info) ||
	    leg_match_source(info, view) == SRC_SELF)
		return;
	if (leg_has(view, CG_LEG_CSEQ_VALID) ? info->cseq > view->self->cseq
					     : view->leg == CG_LEG_CALLEE) {
		v->reason = CG_R_FOREIGN_ACK;
		v->expected_cseq = view->self->cseq;
	}
}

/* A subscription outlives its call (RFC 5057), and any server answers OPTIONS. */
bpf_inline int method_shows_life(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE || method == CG_M_INFO;
}

/* Notes a message of this leg after the end. If both legs have sent one, the call did not end. */
bpf_inline void dialog_note_alive(struct cg_dialog *d, const struct leg_view *view,
				  struct verdict *v)
{
	*view->self_flags |= CG_LEG_SEEN_AFTER_END;
	if (!peer_has(view, CG_LEG_SEEN_AFTER_END) || (d->flags & CG_D_ALIVE_AFTER_END))
		return;
	d->flags |= CG_D_ALIVE_AFTER_END;
	v->reason = CG_R_ALIVE_AFTER_END;
	v->event = CG_EV_ALIVE;
}

/* Any in-dialog request but BYE, ACK and CANCEL. */
bpf_inline void dialog_request_in(struct cg_dialog *d, const struct msg_info *info,
				  const struct leg_view *view, struct verdict *v)
{
	enum source_match source = leg_match_source(info, view);
	int raises;

	v->reason = CG_R_IN_DIALOG;
	if (info->cseq_valid && leg_counter_is_above(view, info->cseq)) {
		v->reason = CG_R_LATE_REQUEST;
		return;
	}
	v->addr_change = request_changes_addr(info, view, source);
	if (source != SRC_SELF && !remote_is_trusted(info))
		return;
	raises = info->cseq_valid && leg_counter_is_below(view, info->cseq);
	if (info->cseq_valid)
		leg_raise_cseq(view, info->cseq);
	if (raises)
		v->event = CG_EV_REQUEST;
	/* A BYE under the number of another request is no repeat of an earlier BYE. */
	if (info->cseq_valid && info->cseq == view->self->bye_cseq)
		*view->self_flags &= ~CG_LEG_BYE_CSEQ_VALID;
	if (source != SRC_SELF)
		return;
	if (d->state == CG_S_ENDED && raises && method_shows_life(info->method))
		dialog_note_alive(d, view, v);
	dialog_refresh_target(d, info, view->leg);
	if (view->leg == CG_LEG_CALLER) /* NAT may have given the leg another port */
		d->caller_port = info->remote_port;
	else
		d->callee_port = info->remote_port;
}

/* --- requests that go out --------------------------------------------------------------------- */

/*
 * Any in-dialog request but BYE. A proxy may renumber a request that it forwards, so only requests
 * of the host itself raise a counter.
 */
bpf_inline void dialog_request_out(struct cg_dialog *d, const struct msg_info *info,
				   const struct leg_view *view, struct cg_addr_change *change,
				   struct verdict *v)
{
	int is_own = leg_has(view, CG_LEG_LOCAL) && !info->relayed;

	v->reason = CG_R_IN_DIALOG;
	if (is_own && info->cseq_valid && leg_counter_is_below(view, info->cseq)) {
		leg_raise_cseq(view, info->cseq);
		v->event = CG_EV_REQUEST;
	}
	dialog_refresh_target(d, info, view->leg);
	addr_change_set_fwd_branch(change, info);
}

#endif
