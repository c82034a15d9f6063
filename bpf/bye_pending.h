/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The end of a dialog, and the BYE that awaits the evidence for it.
 *
 * API: dialog_close(), tag_case_hash(), dialog_pend_bye(), bye_keep_pending(), bye_is_spiral(),
 * bye_age_within().
 */
#ifndef CG_BYE_PENDING_H
#define CG_BYE_PENDING_H

#include "msg_info.h"
#include "remote_target.h"
#include "verdict.h"

bpf_inline void dialog_close(struct cg_dialog *d, __u8 why, __u8 by, __u64 at, struct verdict *v)
{
	d->state = CG_S_ENDED;
	d->end = at;
	d->end_reason = why;
	d->ended_by = by;
	if (why == CG_E_BYE || why == CG_E_GONE)
		d->flags |= CG_D_CONFIRMED_END;
	else
		d->flags |= CG_D_SUSPECT;
	v->event = CG_EV_END;
}

#define BYE_FLAGS                                                                                  \
	(CG_D_BYE_FORWARDED | CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET | CG_D_BYE_ANSWERED |       \
	 CG_D_BYE_UNSEEN | CG_D_BYE_SAME_TAGS | CG_D_BYE_CALLEE | CG_D_BYE_WOULD_DROP)

/*
 * Which letters of the tags are upper case: 0 where a tag is too long to tell. A gateway that
 * compares case answers 481 to a flipped tag, and the call lives on.
 */
bpf_inline __u32 tag_case_hash(const struct cg_config *config, __u64 caller, __u64 callee)
{
	__u64 mix;

	if (caller == ~0ULL || callee == ~0ULL)
		return 0;
	mix = (caller ^ config->secret[0]) * (config->secret[1] | 1);
	mix = ((mix ^ mix >> 29) + callee) * (config->secret[0] | 1);
	return (__u32)(mix >> 32) | 1;
}

/* A BYE awaits evidence. A copy under the same branch moves its arrival only. */
bpf_inline void dialog_pend_bye(struct cg_dialog *d, const struct msg_info *info,
				const struct cg_config *config, __u8 leg, __u32 branch_in,
				struct verdict *v)
{
	int caller = leg == CG_LEG_CALLER;
	__u32 letters = tag_case_hash(config, caller ? info->from_case_mask : info->to_case_mask,
				      caller ? info->to_case_mask : info->from_case_mask);

	if (d->state == CG_S_CONFIRMED)
		v->event = CG_EV_BYE;
	if (d->state != CG_S_ENDING || !branch_in || d->bye_branch_in != branch_in) {
		d->flags &= ~BYE_FLAGS;
		d->bye_branch_in = branch_in;
		d->bye_branch_out = 0;
	}
	if (letters && letters == d->tag_case_hash)
		d->flags |= CG_D_BYE_SAME_TAGS;
	else
		d->flags &= ~CG_D_BYE_SAME_TAGS;
	if (!caller)
		d->flags |= CG_D_BYE_CALLEE;
	d->state = CG_S_ENDING;
	d->bye_at = info->now;
}

#define BYE_AT_WITNESS (CG_D_BYE_FORWARDED | CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET)

bpf_inline int bye_age_within(const struct cg_dialog *d, const struct msg_info *info, __u64 ns)
{
	return (__s64)(info->now - d->bye_at) <= (__s64)ns; /* < 0: another CPU's copy came since */
}

/*
 * The pending BYE is not pushed aside by a third party's, by one that enforce would have dropped,
 * or, while the witness has it and may still answer, by one of its own leg under another number.
 */
bpf_inline int bye_keep_pending(const struct cg_dialog *d, const struct msg_info *info, int own)
{
	if (d->state != CG_S_ENDING || d->bye_branch_in == branch_hash32(info->branch_hash) ||
	    !bye_age_within(d, info, CG_BYE_TIMEOUT_NS))
		return 0;
	return !own || (d->flags & BYE_AT_WITNESS) == BYE_AT_WITNESS;
}

/*
 * A spiral: the host sent it out, and here it comes once more. Its first arrival counts, unless who
 * sends it back has kept it: the call has run on meanwhile.
 */
bpf_inline int bye_is_spiral(const struct cg_dialog *d, const struct msg_info *info)
{
	return d->state == CG_S_ENDING && (d->flags & CG_D_BYE_FORWARDED) && info->relayed &&
	       d->bye_branch_out == branch_hash32(info->branch2_hash) &&
	       bye_age_within(d, info, CG_BYE_FRESH_NS);
}

#endif
