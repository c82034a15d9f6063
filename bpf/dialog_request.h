/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The requests of a known dialog: order and sources. Everything here runs under the dialog's lock,
 * so nothing calls a helper: what a rule needs to know beforehand stands in struct facts.
 *
 * API: dialog_bye_is_low(), dialog_bye_in(), dialog_ack_in(), dialog_request_in(),
 * dialog_request_out().
 */
#ifndef CG_DIALOG_REQUEST_H
#define CG_DIALOG_REQUEST_H

#include "addr_change.h"
#include "bye_pending.h"
#include "events.h"
#include "leg.h"

/* --- requests that come in -------------------------------------------------------------------- */

bpf_inline __u8 bye_reason(const struct facts *f, const struct side *s, enum relation relation)
{
	int counted = *s->flags & CG_LEG_CSEQ_VALID;

	if (f->cseq_valid && (*s->flags & CG_LEG_BYE_CSEQ_VALID) && f->cseq == s->own->bye_cseq &&
	    f->cseq == s->own->cseq)
		return CG_R_BYE_REPEAT;
	if (relation == SOURCE_OTHER)
		return CG_R_WRONG_LEG;
	if (!f->cseq_valid)
		return CG_R_BAD_CSEQ;
	if (counted && f->cseq < s->own->cseq)
		return CG_R_OUT_OF_ORDER;
	if (counted && f->cseq == s->own->cseq)
		return CG_R_EQUAL_CSEQ;
	return relation == SOURCE_FOREIGN ? CG_R_FOREIGN_SOURCE : CG_R_BYE;
}

/* Atomic, for dialog_bye_is_low() counts without the lock; whoever reads a count finds its time. */
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
bpf_inline int dialog_bye_is_low(struct cg_dialog *d, struct facts *f,
				 const struct cg_config *config, struct outcome *o)
{
	int caller = f->from == d->caller_tag;
	const struct cg_leg *own = caller ? &d->caller : &d->callee;
	const struct cg_leg *other = caller ? &d->callee : &d->caller;
	__u8 flags = *(volatile __u8 *)(caller ? &d->caller_flags : &d->callee_flags);
	__u32 cseq = *(volatile __u32 *)&own->cseq;

	if (config->mode != CG_ENFORCE || !f->cseq_valid || !(flags & CG_LEG_CSEQ_VALID) ||
	    f->cseq >= cseq || f->from == f->to || addr_equal(f->peer, other->addr))
		return 0;
	o->leg = caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
	o->clock = d->clock;
	o->reason = CG_R_OUT_OF_ORDER;
	o->expected_cseq = cseq + (config->equal == CG_EQUAL_DROP);
	dialog_count_blocked(d, d->first_blocked_ms ? 0 : bpf_ktime_get_boot_ns());
	return 1;
}

bpf_inline void dialog_bye_in(struct cg_dialog *d, const struct facts *f,
			      const struct cg_config *config, struct outcome *o)
{
	enum relation relation;
	struct side s;
	__u8 action;
	int repeat;

	dialog_side(d, dialog_from_caller(d, f), &s);
	relation = dialog_relation(f, &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = bye_reason(f, &s, relation);
	o->expected_cseq =
		*s.flags & CG_LEG_CSEQ_VALID ? s.own->cseq + (config->equal == CG_EQUAL_DROP) : 0;
	repeat = o->reason == CG_R_BYE_REPEAT;
	action = reason_action(config, o->reason);
	if (action != CG_PASS)
		dialog_count_blocked(d, f->now);
	if (action == CG_DROP)
		return;
	if (action == CG_PASS && relation == SOURCE_OWN && !repeat) {
		leg_raise(&s, f->cseq);
		s.own->bye_cseq = f->cseq;
		*s.flags |= CG_LEG_BYE_CSEQ_VALID;
	}
	if (d->state == CG_S_ENDED)
		return;
	if ((*s.flags & CG_LEG_WITNESS) && relation != SOURCE_OWN)
		return; /* a third party in the witness' name: no evidence of anything */
	if (action == CG_PASS && (*s.flags & CG_LEG_WITNESS)) {
		dialog_close(d, CG_E_BYE, s.leg, f->now, o); /* evidence, rule 1 */
	} else if (dialog_bye_returns(d, f)) {
		d->bye_branch_in = branch_short(f->branch);
	} else if ((repeat && relation == SOURCE_OWN) ||
		   !dialog_bye_stands(d, f, relation == SOURCE_OWN && action == CG_PASS)) {
		dialog_pend_bye(d, f, config, s.leg, branch_short(f->branch), o);
		if (action == CG_WOULD_DROP) /* what the other leg makes of it is worth knowing */
			d->flags |= CG_D_BYE_WOULD_DROP;
	}
}

/* PJSIP and chan_sip let an ACK move their counter: not one from a third party. */
bpf_inline void dialog_ack_in(struct cg_dialog *d, const struct facts *f, struct outcome *o)
{
	struct side s;

	dialog_side(d, dialog_from_caller(d, f), &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	if (!f->cseq_valid || peer_is_trusted(f) || dialog_relation(f, &s) == SOURCE_OWN)
		return;
	/* a callee without a number has sent no INVITE; a caller's may not have been seen */
	if (*s.flags & CG_LEG_CSEQ_VALID ? f->cseq > s.own->cseq : s.leg == CG_LEG_CALLEE) {
		o->reason = CG_R_FOREIGN_ACK;
		o->expected_cseq = s.own->cseq;
	}
}

/* A subscription outlives the call (RFC 5057), and anybody answers OPTIONS. */
bpf_inline int method_shows_life(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE || method == CG_M_INFO;
}

/* Both legs have spoken since the end: it was none. */
bpf_inline void dialog_after_end(struct cg_dialog *d, const struct side *s, struct outcome *o)
{
	*s->flags |= CG_LEG_SEEN_AFTER_END;
	if (!(*s->other_flags & CG_LEG_SEEN_AFTER_END) || (d->flags & CG_D_ALIVE_AFTER_END))
		return;
	d->flags |= CG_D_ALIVE_AFTER_END;
	o->reason = CG_R_ALIVE_AFTER_END;
	o->event = CG_EV_ALIVE;
}

/* Any other in-dialog request but BYE, ACK and CANCEL. */
bpf_inline void dialog_request_in(struct cg_dialog *d, const struct facts *f, struct outcome *o)
{
	enum relation relation;
	struct side s;
	int fresh;

	dialog_side(d, dialog_from_caller(d, f), &s);
	relation = dialog_relation(f, &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	if (f->cseq_valid && (*s.flags & CG_LEG_CSEQ_VALID) && f->cseq < s.own->cseq) {
		o->reason = CG_R_LATE_REQUEST;
		return;
	}
	o->moves = dialog_moves(f, &s, relation);
	if (relation != SOURCE_OWN && !peer_is_trusted(f))
		return;
	fresh = f->cseq_valid && (!(*s.flags & CG_LEG_CSEQ_VALID) || f->cseq > s.own->cseq);
	if (f->cseq_valid)
		leg_raise(&s, f->cseq);
	if (fresh)
		o->event = CG_EV_REQUEST;
	if (f->cseq_valid && f->cseq == s.own->bye_cseq)
		*s.flags &= ~CG_LEG_BYE_CSEQ_VALID; /* the number is another request's now */
	if (relation != SOURCE_OWN)
		return;
	if (d->state == CG_S_ENDED && fresh && method_shows_life(f->method))
		dialog_after_end(d, &s, o);
	dialog_refresh_target(d, f, s.leg);
	if (s.leg == CG_LEG_CALLER) /* NAT */
		d->caller_port = f->peer_port;
	else
		d->callee_port = f->peer_port;
}

/* --- requests that go out --------------------------------------------------------------------- */

bpf_inline void dialog_request_out(struct cg_dialog *d, const struct facts *f,
				   struct cg_addr_change *m, struct outcome *o)
{
	struct side s;

	dialog_side(d, dialog_from_caller(d, f), &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	/* A proxy may have renumbered what it sends on: only the host's own requests count. */
	if ((*s.flags & CG_LEG_LOCAL) && !f->relayed && f->cseq_valid &&
	    (!(*s.flags & CG_LEG_CSEQ_VALID) || f->cseq > s.own->cseq)) {
		leg_raise(&s, f->cseq);
		o->event = CG_EV_REQUEST;
	}
	dialog_refresh_target(d, f, s.leg);
	move_sent_on(m, f);
}

#endif
