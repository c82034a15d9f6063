/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A dialog seen from one leg: whose request it is, where that leg and the other one speak from, and
 * the leg's CSeq counter. Under the dialog's lock, as all that takes a dialog: it calls no helper.
 *
 * API: msg_is_from_caller(), leg_view_init(), leg_match_source(), peer_is_*(), leg_raise_cseq().
 */
#ifndef CG_LEG_H
#define CG_LEG_H

#include "addr.h"
#include "msg_info.h"

enum source_match { SRC_SELF, SRC_PEER, SRC_OTHER };

/* A dialog seen from the leg whose tag is in From. */
struct leg_view {
	struct cg_leg *self;
	struct cg_leg *peer;
	__u8 *self_flags;
	__u8 *peer_flags;
	__u8 leg; /* enum cg_leg_id */
	__u8 self_if;
	__u8 peer_if;
};

/* Where both tags are equal, the address tells. */
bpf_inline int msg_is_from_caller(const struct cg_dialog *d, const struct msg_info *info)
{
	if (info->from_hash == info->to_hash)
		return info->direction == CG_IN ? addr_equal(info->remote, d->caller.addr)
						: !addr_equal(info->remote, d->caller.addr);
	return info->from_hash == d->caller_tag;
}

bpf_inline void leg_view_init(struct cg_dialog *d, int caller, struct leg_view *view)
{
	if (caller) {
		*view = (struct leg_view){ &d->caller,	     &d->callee,    &d->caller_flags,
					   &d->callee_flags, CG_LEG_CALLER, d->caller_if,
					   d->callee_if };
	} else {
		*view = (struct leg_view){ &d->callee,	     &d->caller,    &d->callee_flags,
					   &d->caller_flags, CG_LEG_CALLEE, d->callee_if,
					   d->caller_if };
	}
}

/*
 * Is the packet's far end this leg? A gateway leg may speak from any gateway address. With
 * --strict-interface only through the interface where it spoke first.
 */
bpf_inline int remote_is_leg(const struct msg_info *info, const struct cg_leg *leg, __u8 flags,
			     __u8 interface)
{
	if (info->ifindex_hash && info->ifindex_hash != interface)
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

/* A gateway may speak for any leg; where legs are bound to interfaces, its own only. */
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

bpf_inline void leg_raise_cseq(const struct leg_view *view, __u32 cseq)
{
	if (!(*view->self_flags & CG_LEG_CSEQ_VALID) || cseq > view->self->cseq)
		view->self->cseq = cseq;
	*view->self_flags |= CG_LEG_CSEQ_VALID;
}

#endif
