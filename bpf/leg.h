/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dialog seen from one leg: whose request it is, where that leg and the other one speak from, and
 * the leg's CSeq counter. Under the dialog's lock, as all that takes a dialog: it calls no helper.
 *
 * API: dialog_from_caller(), dialog_side(), dialog_relation(), peer_is_*(), leg_raise().
 */
#ifndef CG_LEG_H
#define CG_LEG_H

#include "scratch.h"

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
bpf_inline int dialog_from_caller(const struct cg_dialog *d, const struct facts *f)
{
	if (f->from == f->to)
		return f->direction == CG_IN ? addr_equal(f->peer, d->caller.addr)
					     : !addr_equal(f->peer, d->caller.addr);
	return f->from == d->caller_tag;
}

bpf_inline void dialog_side(struct cg_dialog *d, int caller, struct side *s)
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
bpf_inline int peer_is_leg(const struct facts *f, const struct cg_leg *leg, __u8 flags,
			   __u8 interface)
{
	if (f->interface && f->interface != interface)
		return 0;
	return addr_equal(f->peer, leg->addr) || ((flags & CG_LEG_GATEWAY) && f->peer_gateway);
}

bpf_inline int peer_is_own(const struct facts *f, const struct side *s)
{
	return peer_is_leg(f, s->own, *s->flags, s->own_if);
}

bpf_inline int peer_is_other(const struct facts *f, const struct side *s)
{
	return peer_is_leg(f, s->other, *s->other_flags, s->other_if);
}

/* A gateway may speak for any leg; where legs are bound to interfaces, its own only. */
bpf_inline int peer_is_trusted(const struct facts *f)
{
	return f->peer_gateway && !f->interface;
}

bpf_inline enum relation dialog_relation(const struct facts *f, const struct side *s)
{
	if (peer_is_own(f, s))
		return SOURCE_OWN;
	return addr_equal(f->peer, s->other->addr) ? SOURCE_OTHER : SOURCE_FOREIGN;
}

bpf_inline void leg_raise(const struct side *s, __u32 cseq)
{
	if (!(*s->flags & CG_LEG_CSEQ_VALID) || cseq > s->own->cseq)
		s->own->cseq = cseq;
	*s->flags |= CG_LEG_CSEQ_VALID;
}

#endif
