/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The end of a dialog, the BYE that awaits the evidence for it, and the candidate: an end that is
 * not proved. Runs under the dialog's lock.
 *
 * API: dialog_close(), dialog_resume(), dialog_set_candidate(), dialog_clear_candidate(),
 * dialog_pend_bye(), bye_is_pending(), bye_sender(), bye_has_same_tags().
 */
#ifndef CG_BYE_PENDING_H
#define CG_BYE_PENDING_H

#include "leg.h"
#include "target.h"
#include "verdict.h"

#define BYE_FLAGS                                                                                  \
	(CG_D_BYE_PROVED | CG_D_BYE_TO_CONTACT | CG_D_BYE_OF_WITNESS | CG_D_BYE_LOCAL |            \
	 CG_D_BYE_SAME_TAGS | CG_D_BYE_CALLEE | CG_D_BYE_WOULD_DROP | CG_D_BYE_RELAYED)

bpf_inline void dialog_close(struct cg_dialog *d, __u8 why, __u8 by, __u64 at, struct verdict *v)
{
	/* a 481: the call was gone before, and nobody has accepted this BYE */
	if ((d->flags & CG_D_BYE_WOULD_DROP) && why != CG_E_GONE)
		v->would_drop = CG_EV_END;
	d->state = CG_S_ENDED;
	d->end = at;
	d->end_reason = why;
	d->ended_by = by;
	d->flags &= ~CG_D_CANDIDATE;
	if (why == CG_E_BYE || why == CG_E_GONE)
		d->flags |= CG_D_CONFIRMED_END;
	else
		d->flags |= CG_D_SUSPECT;
	dialog_raise_epoch(d, 1);
	v->event = CG_EV_END;
}

/* The pending BYE came to nothing: the call continues. */
bpf_inline void dialog_resume(struct cg_dialog *d, __u8 reason, struct verdict *v)
{
	v->reason = reason;
	if (d->state != CG_S_ENDING)
		return;
	if (d->flags & CG_D_BYE_WOULD_DROP)
		v->would_drop = CG_EV_RESUME;
	d->state = CG_S_CONFIRMED;
	d->bye_branch_in = 0;
	d->bye_branch_out = 0;
	d->bye_sent_to = 0;
	d->flags &= ~BYE_FLAGS;
	dialog_raise_epoch(d, 1);
	v->event = CG_EV_RESUME;
}

/*
 * Sets the candidate: the call may have ended at this time. The last candidate counts. A request
 * that was on its way before it is no sign of life any more.
 */
bpf_inline void dialog_set_candidate(struct cg_dialog *d, __u64 at)
{
	d->candidate_ms = (__s64)(at - d->answer) > 0 ? (at - d->answer) / 1000000 + 1 : 1;
	d->flags |= CG_D_CANDIDATE;
	d->refresh_branch = 0;
	dialog_raise_epoch(d, 1);
}

bpf_inline void dialog_clear_candidate(struct cg_dialog *d)
{
	dialog_raise_epoch(d, d->flags & CG_D_CANDIDATE);
	d->flags &= ~CG_D_CANDIDATE;
	d->candidate_ms = 0;
}

/*
 * Returns whether the tags have the letter case of the dialog's. A gateway that compares it answers
 * 481 to a flipped tag, and the call continues.
 */
bpf_inline int bye_has_same_tags(const struct cg_dialog *d, const struct msg_info *info)
{
	return d->tag_case_hash && info->tag_case_hash == d->tag_case_hash;
}

bpf_inline int bye_is_pending(const struct cg_dialog *d, __u32 flag)
{
	return d->state == CG_S_ENDING && (d->flags & flag);
}

bpf_inline __u8 bye_sender(const struct cg_dialog *d)
{
	return d->flags & CG_D_BYE_CALLEE ? CG_LEG_CALLEE : CG_LEG_CALLER;
}

/* Returns whether the pending BYE may still be answered (RFC 3261 17.1.2.2, Timer F). */
bpf_inline int bye_is_fresh(const struct cg_dialog *d, const struct msg_info *info)
{
	return (__s64)(info->now - d->bye_at) <= (__s64)CG_BYE_TIMEOUT_NS;
}

/* BYEs that can end the call: a BYE that cannot does not displace them. */
#define BYE_STRONG (CG_D_BYE_PROVED | CG_D_BYE_OF_WITNESS | CG_D_BYE_RELAYED)

/*
 * Makes this BYE the pending one, which awaits evidence. how: what is known of it (CG_D_BYE_...). A
 * dialog has one pending BYE. Returns 0 if a better one is pending.
 */
bpf_inline int dialog_pend_bye(struct cg_dialog *d, const struct msg_info *info, __u8 leg,
			       __u32 how, struct verdict *v)
{
	if (bye_is_pending(d, BYE_STRONG) && !(how & BYE_STRONG) && bye_is_fresh(d, info))
		return 0;
	if (d->state == CG_S_CONFIRMED)
		v->event = CG_EV_BYE;
	d->state = CG_S_ENDING;
	d->flags = (d->flags & ~BYE_FLAGS) | how;
	if (leg == CG_LEG_CALLEE)
		d->flags |= CG_D_BYE_CALLEE;
	if (!info->lax_match && bye_has_same_tags(d, info))
		d->flags |= CG_D_BYE_SAME_TAGS;
	d->bye_branch_in = 0;
	d->bye_branch_out = 0;
	d->bye_sent_to = 0;
	d->bye_at = info->now;
	dialog_raise_epoch(d, 1);
	return 1;
}

#endif
