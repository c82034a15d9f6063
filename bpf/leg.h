/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dialog seen from one of its legs: `self` is the leg whose message this is, `peer` the other
 * one. Every function that takes a dialog or a view runs under the dialog's lock and calls no
 * helper.
 *
 * API: msg_is_from_caller(), leg_view_init(), leg_view_init_uas(), leg_match_source(),
 * remote_is_*(), leg_has(), peer_has(), leg_counter_is_above(), leg_counter_is_below(),
 * leg_raise_cseq().
 */
#ifndef CG_LEG_H
#define CG_LEG_H

#include "addr.h"
#include "msg_info.h"

/* Which leg the source address of a message belongs to. */
enum source_match { SRC_SELF, SRC_PEER, SRC_OTHER };

struct leg_view {
	struct cg_leg *self;
	struct cg_leg *peer;
	__u8 *self_flags; /* CG_LEG_... */
	__u8 *peer_flags;
	__u8 leg; /* enum cg_leg_id of `self` */
	__u8 peer_leg;
	__u8 self_if; /* cg_ifindex_hash8() */
	__u8 peer_if;
};

/* Returns whether the From tag is the caller's. If both tags are equal, the address decides. */
bpf_inline int msg_is_from_caller(const struct cg_dialog *d, const struct msg_info *info)
{
	if (info->from_hash == info->to_hash)
		return info->direction == CG_IN ? addr_equal(info->remote, d->caller.addr)
						: !addr_equal(info->remote, d->caller.addr);
	return info->from_hash == d->caller_tag;
}

bpf_inline void leg_view_init(struct cg_dialog *d, int self_is_caller, struct leg_view *view)
{
	if (self_is_caller)
		*view = (struct leg_view){ .self = &d->caller,
					   .peer = &d->callee,
					   .self_flags = &d->caller_flags,
					   .peer_flags = &d->callee_flags,
					   .leg = CG_LEG_CALLER,
					   .peer_leg = CG_LEG_CALLEE,
					   .self_if = d->caller_if,
					   .peer_if = d->callee_if };
	else
		*view = (struct leg_view){ .self = &d->callee,
					   .peer = &d->caller,
					   .self_flags = &d->callee_flags,
					   .peer_flags = &d->caller_flags,
					   .leg = CG_LEG_CALLEE,
					   .peer_leg = CG_LEG_CALLER,
					   .self_if = d->callee_if,
					   .peer_if = d->caller_if };
}

/* Views the dialog from the leg that sends this response: the one whose tag is in To. */
bpf_inline void leg_view_init_uas(struct cg_dialog *d, const struct msg_info *info,
				  struct leg_view *view)
{
	int from_caller = info->from_hash == d->caller_tag;

	/*
	 * With equal tags a response comes in from the leg that sends it, or leaves for the other.
	 */
	if (info->from_hash == info->to_hash)
		from_caller = info->direction == CG_IN ? !addr_equal(info->remote, d->caller.addr)
						       : addr_equal(info->remote, d->caller.addr);
	leg_view_init(d, !from_caller, view);
}

bpf_inline int leg_has(const struct leg_view *view, __u8 flag)
{
	return *view->self_flags & flag;
}

bpf_inline int peer_has(const struct leg_view *view, __u8 flag)
{
	return *view->peer_flags & flag;
}

/*
 * Returns whether the far end of the packet is this leg. A gateway leg may use any gateway address.
 * With --strict-interface a leg is bound to the interface on which it was seen first.
 */
bpf_inline int remote_is_leg(const struct msg_info *info, const struct cg_leg *leg, __u8 flags,
			     __u8 ifindex_hash)
{
	if (info->ifindex_hash && info->ifindex_hash != ifindex_hash)
		return 0;
	return addr_equal(info->remote, leg->addr) ||
	       ((flags & CG_LEG_GATEWAY) && info->remote_is_gateway);
}

bpf_inline int remote_is_self(const struct msg_info *info, const struct leg_view *view)
{
	return remote_is_leg(info, view->self, *view->self_flags, view->self_if);
}

bpf_inline int remote_is_peer(const struct msg_info *info, const struct leg_view *view)
{
	return remote_is_leg(info, view->peer, *view->peer_flags, view->peer_if);
}

/* A gateway may speak for either leg, except with --strict-interface. */
bpf_inline int remote_is_trusted(const struct msg_info *info)
{
	return info->remote_is_gateway && !info->ifindex_hash;
}

bpf_inline enum source_match leg_match_source(const struct msg_info *info,
					      const struct leg_view *view)
{
	if (remote_is_self(info, view))
		return SRC_SELF;
	return addr_equal(info->remote, view->peer->addr) ? SRC_PEER : SRC_OTHER;
}

/* Returns whether the leg has a counter that is above `cseq`. */
bpf_inline int leg_counter_is_above(const struct leg_view *view, __u32 cseq)
{
	return leg_has(view, CG_LEG_CSEQ_VALID) && cseq < view->self->cseq;
}

/* Returns whether `cseq` would raise the leg's counter. Any number does if there is none yet. */
bpf_inline int leg_counter_is_below(const struct leg_view *view, __u32 cseq)
{
	return !leg_has(view, CG_LEG_CSEQ_VALID) || cseq > view->self->cseq;
}

bpf_inline void leg_raise_cseq(const struct leg_view *view, __u32 cseq)
{
	if (leg_counter_is_below(view, cseq))
		view->self->cseq = cseq;
	*view->self_flags |= CG_LEG_CSEQ_VALID;
}

#endif
