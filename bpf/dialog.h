/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One dialog as a state machine of two legs: order, sources and remote targets. Everything here runs
 * under the dialog's lock, so nothing calls a helper: what a rule needs to know beforehand stands in
 * struct facts.
 *
 * API: dialog_bye_is_low(), dialog_bye_in(), dialog_ack_in(), dialog_request_in(), dialog_request_out(), and for
 * evidence.h the parts below.
 */
#ifndef CG_DIALOG_H
#define CG_DIALOG_H

enum relation { SOURCE_OWN, SOURCE_OTHER, SOURCE_FOREIGN };

/* A dialog seen from the leg whose tag is in From. */
struct side {
	struct cg_leg *own;
	struct cg_leg *other;
	__u8 *flags;
	__u8 *other_flags;
	__u8 leg; /* enum cg_leg_id */
	__u8 own_if;
	__u8 other_if;
};

/* Where both tags are equal, the address tells. */
static __always_inline int dialog_from_caller(const struct cg_dialog *d, const struct facts *f)
{
	if (f->from == f->to)
		return f->direction == CG_IN ? addr_equal(f->peer, d->caller.addr)
					     : !addr_equal(f->peer, d->caller.addr);
	return f->from == d->caller_tag;
}

static __always_inline void dialog_side(struct cg_dialog *d, int caller, struct side *s)
{
	if (caller) {
		*s = (struct side){ &d->caller,	   &d->callee,	 &d->caller_flags, &d->callee_flags,
				    CG_LEG_CALLER, d->caller_if, d->callee_if };
	} else {
		*s = (struct side){ &d->callee,	   &d->caller,	 &d->callee_flags, &d->caller_flags,
				    CG_LEG_CALLEE, d->callee_if, d->caller_if };
	}
}

/*
 * Is the packet's far end this leg? A gateway leg may speak from any gateway address. With
 * --strict-interface only through the interface where it spoke first.
 */
static __always_inline int peer_is_leg(const struct facts *f, const struct cg_leg *leg, __u8 flags,
				       __u8 interface)
{
	if (f->interface && f->interface != interface)
		return 0;
	return addr_equal(f->peer, leg->addr) || ((flags & CG_LEG_GATEWAY) && f->peer_gateway);
}

static __always_inline int peer_is_own(const struct facts *f, const struct side *s)
{
	return peer_is_leg(f, s->own, *s->flags, s->own_if);
}

static __always_inline int peer_is_other(const struct facts *f, const struct side *s)
{
	return peer_is_leg(f, s->other, *s->other_flags, s->other_if);
}

/* A gateway may speak for any leg; where legs are bound to interfaces, its own only. */
static __always_inline int peer_is_trusted(const struct facts *f)
{
	return f->peer_gateway && !f->interface;
}

static __always_inline enum relation dialog_relation(const struct facts *f, const struct side *s)
{
	if (peer_is_own(f, s))
		return SOURCE_OWN;
	return addr_equal(f->peer, s->other->addr) ? SOURCE_OTHER : SOURCE_FOREIGN;
}

static __always_inline void leg_raise(const struct side *s, __u32 cseq)
{
	if (!(*s->flags & CG_LEG_COUNTED) || cseq > s->own->cseq)
		s->own->cseq = cseq;
	*s->flags |= CG_LEG_COUNTED;
}

/* --- remote target ---------------------------------------------------------------------------- */

/* The target that is kept is the one that a BYE to the witness must name. */
static __always_inline int leg_owns_target(const struct cg_dialog *d, __u8 leg)
{
	return (leg == CG_LEG_CALLEE) == !!(d->callee_flags & CG_LEG_WITNESS);
}

static __always_inline int method_refreshes_target(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE;
}

static __always_inline __u32 branch_short(__u64 branch)
{
	return branch ? (__u32)(branch >> 32) | 1 : 0;
}

/*
 * The branch that joins what comes in to what goes out: a request's own is below the host's, a
 * response's second is on top.
 */
static __always_inline __u32 branch_of_caller(const struct facts *f)
{
	int in = f->direction == CG_IN, request = !f->status;

	return branch_short(in == request ? f->branch : f->branch2);
}

static __always_inline void dialog_set_target_in(struct cg_dialog *d, const struct facts *f)
{
	d->target_in = f->contact;
	d->target_out = branch_of_caller(f);
	d->flags |= CG_D_TARGET_KNOWN | CG_D_TARGET_LEAVING;
}

/*
 * `leg` gave a Contact: in its INVITE, its UPDATE, or its 2xx to one (RFC 3261 12.2). What goes out
 * counts once, for the branch of what came in from that leg: others' words go out as well.
 */
static __always_inline void dialog_refresh_target(struct cg_dialog *d, const struct facts *f,
						  __u8 leg)
{
	if (!f->contact || !method_refreshes_target(f->method) || !leg_owns_target(d, leg))
		return;
	if (f->direction == CG_IN) {
		if (!(d->flags & CG_D_TARGET_KNOWN) || d->target_in != f->contact)
			dialog_set_target_in(d, f);
	} else if ((d->flags & CG_D_TARGET_LEAVING) && d->target_out &&
		   d->target_out == branch_of_caller(f)) {
		d->target_out = f->contact;
		d->flags &= ~CG_D_TARGET_LEAVING;
	}
}

/* Proxies rewrite a Contact (NAT) or hide it (topology): what came in and what went out both count. */
static __always_inline int dialog_on_target(const struct cg_dialog *d, const struct facts *f)
{
	return !(d->flags & CG_D_TARGET_KNOWN) || f->request_uri == d->target_in ||
	       (!(d->flags & CG_D_TARGET_LEAVING) && d->target_out &&
		f->request_uri == d->target_out);
}

#include "moving.h"

/* --- ends ------------------------------------------------------------------------------------- */

static __always_inline void dialog_close(struct cg_dialog *d, __u8 why, __u8 by, __u64 at,
					 struct outcome *o)
{
	d->state = CG_S_ENDED;
	d->end = at;
	d->end_reason = why;
	d->ended_by = by;
	if (why == CG_E_BYE || why == CG_E_GONE)
		d->flags |= CG_D_CONFIRMED_END;
	else
		d->flags |= CG_D_SUSPECT;
	o->event = CG_EV_END;
}

#define DIALOG_BYE_FLAGS                                                                           \
	(CG_D_BYE_SENT_ON | CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET | CG_D_BYE_ANSWERED |         \
	 CG_D_BYE_UNSEEN | CG_D_BYE_SAME_TAGS | CG_D_BYE_CALLEE | CG_D_BYE_WOULD_DROP)

/*
 * Which letters of the tags are upper case: 0 where a tag is too long to tell. A gateway that
 * compares case answers 481 to a flipped tag, and the call lives on.
 */
static __always_inline __u32 tag_case(const struct cg_config *config, __u64 caller, __u64 callee)
{
	__u64 mix;

	if (caller == ~0ULL || callee == ~0ULL)
		return 0;
	mix = (caller ^ config->secret[0]) * (config->secret[1] | 1);
	mix = ((mix ^ mix >> 29) + callee) * (config->secret[0] | 1);
	return (__u32)(mix >> 32) | 1;
}

/* A BYE awaits evidence. A copy under the same branch moves its arrival only. */
static __always_inline void dialog_pend_bye(struct cg_dialog *d, const struct facts *f,
					    const struct cg_config *config, __u8 leg,
					    __u32 branch_in, struct outcome *o)
{
	int caller = leg == CG_LEG_CALLER;
	__u32 letters = tag_case(config, caller ? f->from_case : f->to_case,
				 caller ? f->to_case : f->from_case);

	if (d->state == CG_S_CONFIRMED)
		o->event = CG_EV_BYE;
	if (d->state != CG_S_ENDING || !branch_in || d->bye_branch_in != branch_in) {
		d->flags &= ~DIALOG_BYE_FLAGS;
		d->bye_branch_in = branch_in;
		d->bye_branch_out = 0;
	}
	if (letters && letters == d->tag_case)
		d->flags |= CG_D_BYE_SAME_TAGS;
	else
		d->flags &= ~CG_D_BYE_SAME_TAGS;
	if (!caller)
		d->flags |= CG_D_BYE_CALLEE;
	d->state = CG_S_ENDING;
	d->bye_at = f->now;
}

#define DIALOG_BYE_GOOD (CG_D_BYE_SENT_ON | CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET)

static __always_inline int dialog_bye_within(const struct cg_dialog *d, const struct facts *f,
					     __u64 ns)
{
	return (__s64)(f->now - d->bye_at) <= (__s64)ns; /* < 0: another CPU's copy came since */
}

/*
 * The pending BYE is not pushed aside by a third party's, by one that enforce would have dropped, or,
 * while the witness has it and may still answer, by one of its own leg under another number.
 */
static __always_inline int dialog_bye_stands(const struct cg_dialog *d, const struct facts *f,
					     int own)
{
	if (d->state != CG_S_ENDING || d->bye_branch_in == branch_short(f->branch) ||
	    !dialog_bye_within(d, f, CG_BYE_TIMEOUT_NS))
		return 0;
	return !own || (d->flags & DIALOG_BYE_GOOD) == DIALOG_BYE_GOOD;
}

/*
 * A spiral: the host sent it out, and here it comes once more. Its first arrival counts, unless who
 * sends it back has kept it: the call has run on meanwhile.
 */
static __always_inline int dialog_bye_returns(const struct cg_dialog *d, const struct facts *f)
{
	return d->state == CG_S_ENDING && (d->flags & CG_D_BYE_SENT_ON) && f->relayed &&
	       d->bye_branch_out == branch_short(f->branch2) &&
	       dialog_bye_within(d, f, CG_BYE_FRESH_NS);
}

/* --- requests that come in -------------------------------------------------------------------- */

static __always_inline __u8 bye_reason(const struct facts *f, const struct side *s,
				       enum relation relation)
{
	int counted = *s->flags & CG_LEG_COUNTED;

	if (f->cseq_valid && (*s->flags & CG_LEG_BYE) && f->cseq == s->own->bye_cseq &&
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
static __always_inline void dialog_count_blocked(struct cg_dialog *d, __u64 now)
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
static __always_inline int dialog_bye_is_low(struct cg_dialog *d, struct facts *f,
					     const struct cg_config *config, struct outcome *o)
{
	int caller = f->from == d->caller_tag;
	const struct cg_leg *own = caller ? &d->caller : &d->callee;
	const struct cg_leg *other = caller ? &d->callee : &d->caller;
	__u8 flags = *(volatile __u8 *)(caller ? &d->caller_flags : &d->callee_flags);
	__u32 cseq = *(volatile __u32 *)&own->cseq;

	if (config->mode != CG_ENFORCE || !f->cseq_valid || !(flags & CG_LEG_COUNTED) ||
	    f->cseq >= cseq || f->from == f->to || addr_equal(f->peer, other->addr))
		return 0;
	o->leg = caller ? CG_LEG_CALLER : CG_LEG_CALLEE;
	o->clock = d->clock;
	o->reason = CG_R_OUT_OF_ORDER;
	o->expected_cseq = cseq + (config->equal == CG_EQUAL_DROP);
	dialog_count_blocked(d, d->first_blocked_ms ? 0 : bpf_ktime_get_boot_ns());
	return 1;
}

static __always_inline void dialog_bye_in(struct cg_dialog *d, const struct facts *f,
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
		*s.flags & CG_LEG_COUNTED ? s.own->cseq + (config->equal == CG_EQUAL_DROP) : 0;
	repeat = o->reason == CG_R_BYE_REPEAT;
	action = reason_action(config, o->reason);
	if (action != CG_PASS)
		dialog_count_blocked(d, f->now);
	if (action == CG_DROP)
		return;
	if (action == CG_PASS && relation == SOURCE_OWN && !repeat) {
		leg_raise(&s, f->cseq);
		s.own->bye_cseq = f->cseq;
		*s.flags |= CG_LEG_BYE;
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
static __always_inline void dialog_ack_in(struct cg_dialog *d, const struct facts *f,
					  struct outcome *o)
{
	struct side s;

	dialog_side(d, dialog_from_caller(d, f), &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	if (!f->cseq_valid || peer_is_trusted(f) || dialog_relation(f, &s) == SOURCE_OWN)
		return;
	/* a callee without a number has sent no INVITE; a caller's may not have been seen */
	if (*s.flags & CG_LEG_COUNTED ? f->cseq > s.own->cseq : s.leg == CG_LEG_CALLEE) {
		o->reason = CG_R_FOREIGN_ACK;
		o->expected_cseq = s.own->cseq;
	}
}

/* A subscription outlives the call (RFC 5057), and anybody answers OPTIONS. */
static __always_inline int method_shows_life(__u8 method)
{
	return method == CG_M_INVITE || method == CG_M_UPDATE || method == CG_M_INFO;
}

/* Both legs have spoken since the end: it was none. */
static __always_inline void dialog_after_end(struct cg_dialog *d, const struct side *s,
					     struct outcome *o)
{
	*s->flags |= CG_LEG_AFTER_END;
	if (!(*s->other_flags & CG_LEG_AFTER_END) || (d->flags & CG_D_ALIVE_AFTER_END))
		return;
	d->flags |= CG_D_ALIVE_AFTER_END;
	o->reason = CG_R_ALIVE_AFTER_END;
	o->event = CG_EV_ALIVE;
}

/* Any other in-dialog request but BYE, ACK and CANCEL. */
static __always_inline void dialog_request_in(struct cg_dialog *d, const struct facts *f,
					      struct outcome *o)
{
	enum relation relation;
	struct side s;
	int fresh;

	dialog_side(d, dialog_from_caller(d, f), &s);
	relation = dialog_relation(f, &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	if (f->cseq_valid && (*s.flags & CG_LEG_COUNTED) && f->cseq < s.own->cseq) {
		o->reason = CG_R_LATE_REQUEST;
		return;
	}
	o->moves = dialog_moves(f, &s, relation);
	if (relation != SOURCE_OWN && !peer_is_trusted(f))
		return;
	fresh = f->cseq_valid && (!(*s.flags & CG_LEG_COUNTED) || f->cseq > s.own->cseq);
	if (f->cseq_valid)
		leg_raise(&s, f->cseq);
	if (fresh)
		o->event = CG_EV_REQUEST;
	if (f->cseq_valid && f->cseq == s.own->bye_cseq)
		*s.flags &= ~CG_LEG_BYE; /* the number is another request's now */
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

static __always_inline void dialog_request_out(struct cg_dialog *d, const struct facts *f,
					       struct cg_move *m, struct outcome *o)
{
	struct side s;

	dialog_side(d, dialog_from_caller(d, f), &s);
	o->leg = s.leg;
	o->clock = d->clock;
	o->reason = CG_R_IN_DIALOG;
	/* A proxy may have renumbered what it sends on: only the host's own requests count. */
	if ((*s.flags & CG_LEG_HOST) && !f->relayed && f->cseq_valid &&
	    (!(*s.flags & CG_LEG_COUNTED) || f->cseq > s.own->cseq)) {
		leg_raise(&s, f->cseq);
		o->event = CG_EV_REQUEST;
	}
	dialog_refresh_target(d, f, s.leg);
	move_sent_on(m, f);
}

#endif
