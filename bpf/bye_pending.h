/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The end of a dialog, and the pending BYE: a BYE that passed, until there is evidence for or
 * against the end of the call. A dialog has at most one. Everything here but tag_case_hash() runs
 * under the dialog's lock.
 *
 * API: dialog_close(), tag_case_hash(), dialog_pend_bye(), bye_keep_pending(), bye_is_spiral(),
 * bye_age_within().
 */
#ifndef CG_BYE_PENDING_H
#define CG_BYE_PENDING_H

#include "msg_info.h"
#include "remote_target.h"
#include "verdict.h"

/* Ends the dialog at time `at`. Any reason but a witness' word makes the row suspect. */
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
 * Returns a hash of the letter case of both tags, 0 if it is unknown (a long tag). Some gateways
 * compare tags case-sensitively. A caller sends a BYE with the case of a tag changed; such a
 * gateway answers 481 and the call continues. A 481 therefore counts only if the case is unchanged.
 */
bpf_inline __u32 tag_case_hash(const struct cg_config *config, __u64 caller, __u64 callee)
{
	__u64 mix;

	if (caller == HASH_CASE_UNKNOWN || callee == HASH_CASE_UNKNOWN)
		return 0;
	mix = (caller ^ config->secret[0]) * (config->secret[1] | 1);
	mix = ((mix ^ mix >> 29) + callee) * (config->secret[0] | 1);
	return (__u32)(mix >> 32) | 1;
}

/* Makes a BYE the pending one. A copy under the same branch updates only the arrival time. */
bpf_inline void dialog_pend_bye(struct cg_dialog *d, const struct msg_info *info,
				const struct cg_config *config, __u8 leg, __u32 branch_in,
				struct verdict *v)
{
	int caller = leg == CG_LEG_CALLER;
	__u32 tag_case = tag_case_hash(config, caller ? info->from_case_mask : info->to_case_mask,
				       caller ? info->to_case_mask : info->from_case_mask);

	if (d->state == CG_S_CONFIRMED)
		v->event = CG_EV_BYE;
	if (d->state != CG_S_ENDING || !branch_in || d->bye_branch_in != branch_in) {
		d->flags &= ~BYE_FLAGS;
		d->bye_branch_in = branch_in;
		d->bye_branch_out = 0;
	}
	if (tag_case && tag_case == d->tag_case_hash)
		d->flags |= CG_D_BYE_SAME_TAGS;
	else
		d->flags &= ~CG_D_BYE_SAME_TAGS;
	if (!caller)
		d->flags |= CG_D_BYE_CALLEE;
	d->state = CG_S_ENDING;
	d->bye_at = info->now;
}

/* The witness has received the pending BYE, under its target. */
#define BYE_AT_WITNESS (CG_D_BYE_FORWARDED | CG_D_BYE_TO_WITNESS | CG_D_BYE_ON_TARGET)

bpf_inline int bye_age_within(const struct cg_dialog *d, const struct msg_info *info, __u64 ns)
{
	/* The age is negative if another CPU handles a later copy at the same time. */
	return (__s64)(info->now - d->bye_at) <= (__s64)ns;
}

/*
 * Returns whether the pending BYE stays although a new one passes. It stays if the new one comes
 * from a third party, if enforce mode would drop the new one (both: !in_order), or if the witness
 * has received the pending one and may still answer.
 */
bpf_inline int bye_keep_pending(const struct cg_dialog *d, const struct msg_info *info,
				int in_order)
{
	if (d->state != CG_S_ENDING || d->bye_branch_in == branch_hash32(info->branch_hash) ||
	    !bye_age_within(d, info, CG_BYE_TIMEOUT_NS))
		return 0;
	return !in_order || (d->flags & BYE_AT_WITNESS) == BYE_AT_WITNESS;
}

/*
 * Returns whether a BYE that the host forwarded comes back. The time of its first arrival counts.
 * If it was held for longer than CG_BYE_FRESH_NS it is not a spiral: the call continued in the
 * meantime.
 */
bpf_inline int bye_is_spiral(const struct cg_dialog *d, const struct msg_info *info)
{
	int was_forwarded = d->state == CG_S_ENDING && (d->flags & CG_D_BYE_FORWARDED);
	int has_own_branch =
		info->relayed && d->bye_branch_out == branch_hash32(info->branch2_hash);

	return was_forwarded && has_own_branch && bye_age_within(d, info, CG_BYE_FRESH_NS);
}

#endif
