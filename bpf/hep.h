/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Messages that a proxy reports by HEP, because they are in TLS or WebSocket. The daemon runs
 * cseqguard_hep for each (BPF_PROG_RUN): the object loaded once more, with `reads_hep` set. It shares
 * every map but `scratch`.
 *
 * Anybody who can send to the daemon's port can make up a report. So a report may open calls, and may
 * change only legs, INVITEs and branches that reports alone have made (CG_LEG_HEP, CG_I_HEP, CG_B_HEP).
 * It changes nothing that the kernel has read from packets. Attack: a forged 2xx to a BYE would end a
 * call that continues.
 *
 * The program runs in a process, and XDP may interrupt it. Numbers that both raise are raised
 * atomically here.
 *
 * API: hep_may_touch_note(), hep_may_touch_branch(), hep_may_speak(), hep_left_out(),
 * hep_adopt_caller().
 */
#ifndef CG_HEP_H
#define CG_HEP_H

#include "leg.h"
#include "reads_hep.h"

bpf_inline int hep_may_touch_note(const struct cg_invite *note)
{
	return !from_hep() || note->flags & CG_I_HEP;
}

bpf_inline int hep_may_touch_branch(const struct cg_branch *branch)
{
	return !from_hep() || branch->flags & CG_B_HEP;
}

bpf_inline __u8 hep_far_flags(const struct msg_info *info, const struct leg_view *view)
{
	return info->direction == CG_IN ? *view->self_flags : *view->peer_flags;
}

/* Returns whether the leg at the far end of the message is known by reports. */
bpf_inline int hep_may_speak(const struct msg_info *info, const struct leg_view *view)
{
	if (!from_hep())
		return 1;
	return hep_far_flags(info, view) & CG_LEG_HEP;
}

/*
 * Returns the reason of a report that hep_may_speak() refuses. If the leg is unseen, nobody tried to
 * forge anything.
 */
bpf_inline __u8 hep_left_out(const struct msg_info *info, const struct leg_view *view)
{
	return hep_far_flags(info, view) & CG_LEG_UNSEEN ? CG_R_IN_DIALOG : CG_R_HEP_OF_WIRE;
}

/*
 * Gives an unseen caller the side `hep` by a request from the address that the host stamped. He is
 * unseen if his INVITE was reported after the host had forwarded it over UDP. His ACK has the CSeq of
 * the INVITE. A gateway stays unseen: it would be a witness, and its Contact and Routes are not known.
 */
bpf_inline void hep_adopt_caller(struct cg_dialog *d, const struct msg_info *info,
				 struct leg_view *view)
{
	if (!from_hep() || info->direction != CG_IN || info->remote_is_gateway ||
	    view->leg != CG_LEG_CALLER || !leg_has(view, CG_LEG_UNSEEN) ||
	    !addr_equal(info->remote, view->self->addr))
		return;
	*view->self_flags = (*view->self_flags & ~CG_LEG_UNSEEN) | CG_LEG_HEP;
	d->caller_port = view->self_port = info->remote_port;
	dialog_raise_epoch(d, 1);
	if (info->method == CG_M_ACK && info->cseq_valid)
		leg_raise_cseq(view, info->cseq);
}

#endif
