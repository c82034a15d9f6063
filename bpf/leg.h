/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dialog seen from one of its legs: `self` is the leg whose message this is, `peer` the other
 * one. Every function that takes a dialog or a view runs under the dialog's lock and calls no
 * helper.
 *
 * API: dialog_is_of(), msg_is_from_caller(), leg_view_init(), leg_view_init_uas(),
 * leg_match_source(), remote_is_*(), leg_has(), peer_has(), leg_may_raise(), leg_raise_cseq(),
 * leg_note_passed(), dialog_raise_epoch().
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
	__u32 *self_passed; /* highest CSeq that passed under this leg's tag */
	__u8 leg; /* enum cg_leg_id of `self` */
	__u8 peer_leg;
	__u16 self_port;
	__u16 peer_port;
	__u32 self_ifindex;
	__u32 peer_ifindex;
};

/*
 * A deleted element of `dialogs` is given out again at once, and a program that holds its pointer
 * would write into another call. `who` says whose the element is now: check it first under the
 * lock.
 */
bpf_inline int dialog_is_of(const struct cg_dialog *d, const struct msg_info *info)
{
	return (info->from_hash ^ info->key.call) == d->who ||
	       (info->to_hash ^ info->key.call) == d->who;
}

/*
 * Raises the epoch, up to its highest value, if `changed`. Of two versions of a dialog that two hosts
 * have, the one with the higher epoch has the newer state (peer.h). Without a branch, for the
 * verifier's sake.
 */
bpf_inline void dialog_raise_epoch(struct cg_dialog *d, int changed)
{
	__u32 next = d->epoch + !!changed;

	d->epoch = next - (next >> 16);
}

/* Returns whether the From tag is the caller's. If both tags are equal, the address decides. */
bpf_inline int msg_is_from_caller(const struct cg_dialog *d, const struct msg_info *info)
{
	if (info->from_hash == info->to_hash)
		return info->direction == CG_IN ? addr_equal(info->remote, d->caller.addr)
						: !addr_equal(info->remote, d->caller.addr);
	return (info->from_hash ^ info->key.call) == d->who;
}

bpf_inline void leg_view_init(struct cg_dialog *d, int self_is_caller, struct leg_view *view)
{
	if (self_is_caller)
		*view = (struct leg_view){ .self = &d->caller,
					   .peer = &d->callee,
					   .self_flags = &d->caller_flags,
					   .peer_flags = &d->callee_flags,
					   .self_passed = &d->caller_passed,
					   .leg = CG_LEG_CALLER,
					   .peer_leg = CG_LEG_CALLEE,
					   .self_port = d->caller_port,
					   .peer_port = d->callee_port,
					   .self_ifindex = d->caller_ifindex,
					   .peer_ifindex = d->callee_ifindex };
	else
		*view = (struct leg_view){ .self = &d->callee,
					   .peer = &d->caller,
					   .self_flags = &d->callee_flags,
					   .peer_flags = &d->caller_flags,
					   .self_passed = &d->callee_passed,
					   .leg = CG_LEG_CALLEE,
					   .peer_leg = CG_LEG_CALLER,
					   .self_port = d->callee_port,
					   .peer_port = d->caller_port,
					   .self_ifindex = d->callee_ifindex,
					   .peer_ifindex = d->caller_ifindex };
}

/* Views the dialog from the leg that sends this response: the one whose tag is in To. */
bpf_inline void leg_view_init_uas(struct cg_dialog *d, const struct msg_info *info,
				  struct leg_view *view)
{
	int from_caller = (info->from_hash ^ info->key.call) == d->who;

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

/* With --strict-interface a packet counts only on the interface of the leg's first message. */
bpf_inline int interface_is(const struct msg_info *info, __u32 ifindex)
{
	return !info->ifindex || !ifindex || info->ifindex == ifindex;
}

/*
 * Returns whether the packet's far end is this leg. A gateway leg may use any gateway address. With
 * --strict-interface only the interface of its first message counts.
 */
bpf_inline int remote_is_leg(const struct msg_info *info, const struct cg_leg *leg, __u8 flags,
			     __u32 ifindex)
{
	if (!interface_is(info, ifindex))
		return 0;
	return addr_equal(info->remote, leg->addr) ||
	       ((flags & CG_LEG_GATEWAY) && info->remote_is_gateway);
}

bpf_inline int remote_is_self(const struct msg_info *info, const struct leg_view *view)
{
	return remote_is_leg(info, view->self, *view->self_flags, view->self_ifindex);
}

bpf_inline int remote_is_peer(const struct msg_info *info, const struct leg_view *view)
{
	return remote_is_leg(info, view->peer, *view->peer_flags, view->peer_ifindex);
}

/*
 * uas: the leg that answers. Returns whether that leg itself sends the response: it comes from the
 * leg's address, or it leaves the host for a leg that is local or unseen.
 */
bpf_inline int leg_sends_response(const struct msg_info *info, const struct leg_view *uas)
{
	return info->direction == CG_OUT ? *uas->self_flags & (CG_LEG_LOCAL | CG_LEG_UNSEEN)
					 : remote_is_self(info, uas);
}

/* An address to which the leg has moved is its own as well. A relay may speak for either leg. */
bpf_inline enum source_match leg_match_source(const struct msg_info *info,
					      const struct leg_view *view)
{
	if (remote_is_self(info, view) || info->moved_leg == view->leg)
		return SRC_SELF;
	if (addr_equal(info->remote, view->peer->addr) && info->remote_class != CG_ADDR_RELAY)
		return SRC_PEER;
	return SRC_OTHER;
}

/*
 * Returns whether the port is the leg's, if both legs have one address, behind one NAT. A gateway
 * may use any port.
 */
bpf_inline int remote_is_self_port(const struct msg_info *info, const struct leg_view *view)
{
	return leg_has(view, CG_LEG_GATEWAY) || !addr_equal(view->self->addr, view->peer->addr) ||
	       info->remote_port == view->self_port;
}

/*
 * Returns whether a request may raise the leg's counter. It must come from the very address and
 * port that the leg spoke from at the opening; a gateway's may come from any gateway. A request
 * that a gateway returns with the host's own Via raises nothing: a caller can send a request with
 * the other leg's tags to a carrier that loose-routes, and the carrier returns it. Nor does one
 * with the host's own address: the host's leg raises its counter as it sends, and a packet from
 * outside with that address is dropped behind XDP.
 */
bpf_inline int leg_may_raise(const struct msg_info *info, const struct leg_view *view)
{
	if (!info->cseq_valid || info->came_back || leg_has(view, CG_LEG_LOCAL) ||
	    !remote_is_self(info, view))
		return 0;
	return leg_has(view, CG_LEG_GATEWAY) || info->remote_port == view->self_port;
}

bpf_inline int leg_counter_is_above(const struct leg_view *view, __u32 cseq)
{
	return leg_has(view, CG_LEG_CSEQ_VALID) && view->self->cseq > cseq;
}

bpf_inline int leg_counter_is_below(const struct leg_view *view, __u32 cseq)
{
	return !leg_has(view, CG_LEG_CSEQ_VALID) || view->self->cseq < cseq;
}

bpf_inline void leg_raise_cseq(const struct leg_view *view, __u32 cseq)
{
	if (leg_counter_is_below(view, cseq))
		view->self->cseq = cseq;
	*view->self_flags |= CG_LEG_CSEQ_VALID;
}

/*
 * Notes the CSeq of a request that passes under the leg's tag, from any address: the far end's
 * counter may follow it.
 */
bpf_inline void leg_note_passed(const struct msg_info *info, const struct leg_view *view)
{
	if (info->cseq_valid && info->cseq > *view->self_passed)
		*view->self_passed = info->cseq;
}

#endif
