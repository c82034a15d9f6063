/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet may change at a dialog, and what verdict a BYE in it may have. A part of frame_fuzz.c,
 * included by invariants.h.
 */
#ifndef DIALOG_INVARIANTS_H
#define DIALOG_INVARIANTS_H

/* The identity of a dialog and its start never change. */
static void check_born(const struct cg_dialog *was, const struct cg_dialog *is)
{
	HOLD(is->who == was->who && is->clock == was->clock);
	HOLD(is->setup == was->setup && is->answer == was->answer);
	HOLD(is->sip_code == was->sip_code && is->tag_case_hash == was->tag_case_hash);
	HOLD(is->caller_ifindex == was->caller_ifindex);
	HOLD(is->callee_ifindex == was->callee_ifindex);
	HOLD(!memcmp(&is->call, &was->call, sizeof(is->call)));
	HOLD(!memcmp(is->to_tag, was->to_tag, sizeof(is->to_tag)));
}

#define END_FLAGS (CG_D_CONFIRMED_END | CG_D_SUSPECT)

static void check_end(const struct cg_dialog *was, const struct cg_dialog *is,
		      const struct passage *p)
{
	int proved = is->end_reason == CG_E_BYE || is->end_reason == CG_E_GONE;
	int believed = is->end_reason == CG_E_RELAYED_BYE && p->config->unseen == CG_UNSEEN_BELIEVE;

	HOLD((is->state == CG_S_ENDED) == (is->end != 0));
	HOLD((is->state == CG_S_ENDED) == (is->end_reason != CG_E_NONE));
	HOLD(!(was->flags & ~is->flags & CG_D_SUSPECT));
	if (is->state != CG_S_ENDED)
		return;
	HOLD(is->end >= is->answer && is->end <= native.now);
	HOLD(proved || is->end_reason == CG_E_RELAYED_BYE || is->end_reason == CG_E_MAPS_LOST);
	HOLD((is->ended_by == CG_LEG_NONE) == (is->end_reason == CG_E_MAPS_LOST));
	HOLD(is->ended_by <= CG_LEG_CALLEE);
	HOLD(proved || believed ? is->flags & CG_D_CONFIRMED_END : is->flags & CG_D_SUSPECT);
	if (was->state != CG_S_ENDED)
		return;
	HOLD(is->end == was->end && is->end_reason == was->end_reason);
	HOLD(is->ended_by == was->ended_by);
	HOLD((is->flags & END_FLAGS) == (was->flags & END_FLAGS));
}

/* A candidate end is on open dialogs only, and for what bpf/README.md calls one under Evidence. */
static void check_candidate(const struct cg_dialog *was, const struct cg_dialog *is,
			    const struct passage *p)
{
	const struct msg_info *info = p->info;
	int life = info->method == CG_M_INVITE || info->method == CG_M_UPDATE ||
		   info->method == CG_M_INFO;

	HOLD(!(is->flags & CG_D_CANDIDATE) || (is->state != CG_S_ENDED && is->candidate_ms));
	if ((is->flags & CG_D_CANDIDATE) && is->candidate_ms != was->candidate_ms) {
		HOLD(info->status >= 200 || info->method == CG_M_BYE);
		HOLD(info->method == CG_M_BYE || info->status == 481 || info->status == 408);
		HOLD(has_witness(is) || info->status); /* no other leg makes a candidate */
		if (p->in && !info->status)
			check_low_bye(is, p);
	}
	if ((was->flags & ~is->flags & CG_D_CANDIDATE) && is->state != CG_S_ENDED) {
		HOLD(life && (!info->status || info->status / 100 == 2));
		HOLD(has_witness(is));
	}
}

#define STATE_OF_BYE                                                                               \
	(CG_D_BYE_PROVED | CG_D_BYE_TO_CONTACT | CG_D_BYE_OF_WITNESS | CG_D_BYE_LOCAL |            \
	 CG_D_BYE_SAME_TAGS | CG_D_BYE_CALLEE | CG_D_BYE_WOULD_DROP | CG_D_BYE_RELAYED)

/* The pending BYE: for what is claimed of it the legs must be. */
static void check_pending_bye(const struct cg_dialog *was, const struct cg_dialog *is,
			      const struct passage *p)
{
	int by_callee = (is->flags & CG_D_BYE_CALLEE) != 0, starts;
	struct leg_copy caller = caller_of(is), callee = callee_of(is);
	__u8 sender = by_callee ? is->callee_flags : is->caller_flags;
	__u8 target = by_callee ? is->caller_flags : is->callee_flags;

	HOLD(is->state != CG_S_CONFIRMED || !(is->flags & STATE_OF_BYE));
	HOLD(is->state != CG_S_CONFIRMED || (!is->bye_branch_in && !is->bye_branch_out));
	if (is->state != CG_S_ENDING)
		return;
	HOLD(is->bye_at && is->bye_at <= native.now);
	if (is->flags & CG_D_BYE_OF_WITNESS)
		HOLD(sender & CG_LEG_WITNESS && !(sender & CG_LEG_LOCAL));
	if (is->flags & CG_D_BYE_LOCAL)
		HOLD(sender & CG_LEG_WITNESS && sender & CG_LEG_LOCAL);
	else if (is->flags & CG_D_BYE_PROVED)
		HOLD(target & CG_LEG_WITNESS);
	if (is->flags & CG_D_BYE_RELAYED)
		HOLD(!has_witness(is));
	starts = was->state != CG_S_ENDING || was->bye_at != is->bye_at;
	if (!starts)
		return;
	if (is->flags & CG_D_BYE_PROVED)
		check_proof(is, by_callee ? &caller : &callee, p);
	if (is->flags & CG_D_BYE_OF_WITNESS)
		check_witness_bye(by_callee ? &callee : &caller, p);
	HOLD(p->info->method == CG_M_BYE && !p->info->status && !p->dropped);
	/* what came in for a witness on the wire pends nothing */
	if (p->in)
		HOLD(is->flags & CG_D_BYE_OF_WITNESS || target & CG_LEG_LOCAL || !has_witness(is));
}

/* The evidence of a 2xx or 481 to the pending BYE, from where the host sent that. Rules 2 to 4. */
static void check_answer_in(const struct cg_dialog *was, const struct cg_dialog *is,
			    const struct passage *p)
{
	const struct msg_info *info = p->info;
	int from_there =
		was->bye_sent_to ? was->bye_sent_to == info->remote_hash : info->remote_is_gateway;

	HOLD(was->state == CG_S_ENDING && was->bye_branch_out);
	HOLD(was->bye_branch_out == branch_hash32(info->branch_hash) && from_there);
	HOLD(was->flags & CG_D_BYE_PROVED && is->end == was->bye_at);
	HOLD(native.now - was->bye_at <= CG_BYE_TIMEOUT_NS);
	HOLD(info->status / 100 == 2 || info->status == 481);
	if (is->end_reason == CG_E_GONE)
		HOLD(info->status == 481 && was->flags & CG_D_BYE_TO_CONTACT &&
		     was->flags & CG_D_BYE_SAME_TAGS);
	else
		HOLD(info->status != 481 || was->flags & CG_D_BYE_LOCAL);
}

/* The host answers: it is the witness itself, or it has taken the witness' BYE. */
static void check_answer_out(const struct cg_dialog *was, const struct passage *p)
{
	__u32 branch = branch_hash32(p->info->branch_hash);
	int taken = was->flags & CG_D_SEEN_OF_WITNESS && was->seen_branch == branch;

	if (taken)
		return;
	HOLD(was->state == CG_S_ENDING && was->flags & CG_D_BYE_PROVED);
	HOLD(was->bye_branch_in == branch);
	HOLD(native.now - was->bye_at <= CG_BYE_TIMEOUT_NS);
	HOLD((was->flags & CG_D_BYE_CALLEE ? was->caller_flags : was->callee_flags) & CG_LEG_LOCAL);
}

static void check_evidence(const struct cg_dialog *was, const struct cg_dialog *is,
			   const struct passage *p)
{
	const struct msg_info *info = p->info;

	if (was->state == CG_S_ENDED || is->state != CG_S_ENDED)
		return;
	if (is->end_reason == CG_E_MAPS_LOST) { /* an ACK had opened it, and there was no call */
		HOLD(info->method == CG_M_INVITE && info->status >= 300 && !was->sip_code);
		return;
	}
	HOLD(info->method == CG_M_BYE);
	if (is->end_reason == CG_E_RELAYED_BYE) {
		HOLD(!has_witness(was) && was->flags & CG_D_BYE_RELAYED);
		HOLD(info->status / 100 == 2 && is->end == was->bye_at);
		return;
	}
	HOLD(has_witness(was));
	HOLD(native.now - is->end <= 2 * CG_BYE_TIMEOUT_NS);
	if (!info->status) /* rule 1: it came in from the witness, in order, and now goes out */
		HOLD(!p->in && was->flags & (CG_D_SEEN_OF_WITNESS | CG_D_BYE_OF_WITNESS) &&
		     (is->ended_by == CG_LEG_CALLER ? was->caller_flags : was->callee_flags) &
			     CG_LEG_WITNESS);
	else if (p->in)
		check_answer_in(was, is, p);
	else
		check_answer_out(was, p);
}

/* A dropped BYE changes nothing but the count of blocked BYEs. */
static void check_blocked(const struct cg_dialog *was, const struct cg_dialog *is, int dropped)
{
	struct cg_dialog unmarked = *is;

	HOLD(is->blocked_byes - was->blocked_byes <= 1);
	HOLD(was->first_blocked_ms ? is->first_blocked_ms == was->first_blocked_ms
				   : !is->first_blocked_ms == !is->blocked_byes);
	if (!dropped)
		return;
	unmarked.blocked_byes = was->blocked_byes;
	unmarked.first_blocked_ms = was->first_blocked_ms;
	HOLD(!memcmp(&unmarked, was, sizeof(unmarked)));
}

/* Returns whether the dialog was replaced by a better 2xx. */
static int is_taken_over(const struct cg_dialog *was, const struct cg_dialog *is)
{
	return is->setup != was->setup;
}

static void check_take_over(const struct cg_dialog *was, const struct cg_dialog *is,
			    const struct passage *p)
{
	const struct msg_info *info = p->info;
	int customers = !(was->callee_flags & (CG_LEG_LOCAL | CG_LEG_GATEWAY));

	HOLD(p->reason == CG_R_OPENED || p->reason == CG_R_UNSEEN_START);
	HOLD(info->method == CG_M_INVITE && info->status / 100 == 2);
	HOLD(is->state == CG_S_CONFIRMED && is->sip_code == info->status);
	HOLD(was->state == CG_S_ENDED || !was->sip_code ||
	     (info->remote_is_gateway && p->in && customers &&
	      !addr_equal(was->callee.addr, info->remote)));
	HOLD(was->state != CG_S_ENDED || !was->sip_code || is->setup > was->end || customers);
}

static void check_dialog(const struct cg_dialog *was, const struct cg_dialog *is,
			 const struct passage *p)
{
	struct leg_copy a = caller_of(was), b = caller_of(is);

	check_leg(&a, &b, p);
	a = callee_of(was);
	b = callee_of(is);
	check_leg(&a, &b, p);
	check_born(was, is);
	check_target(was, is, p);
	check_candidate(was, is, p);
	check_evidence(was, is, p);
	check_blocked(was, is, p->dropped);
}

/* Holds of a dialog at any time; `was` is the dialog itself when it has just opened. */
static void check_state(const struct cg_dialog *was, const struct cg_dialog *is,
			const struct passage *p)
{
	HOLD(is->state >= CG_S_CONFIRMED && is->state <= CG_S_ENDED);
	HOLD(!is->lock.val);
	HOLD(!(is->caller_flags & CG_LEG_CSEQ_VALID) || is->caller.cseq < 0x80000000);
	HOLD(!(is->callee_flags & CG_LEG_CSEQ_VALID) || is->callee.cseq < 0x80000000);
	check_witness(is);
	check_end(was, is, p);
	check_pending_bye(was, is, p);
}

/* --- the verdict on a BYE --------------------------------------------------------------------- */

static const struct cg_dialog *dialog_before(const struct cg_dialog_key *key)
{
	for (int i = 0; i < NATIVE_ENTRIES; i++)
		if (before.held.dialogs.used[i] &&
		    !memcmp(&before.held.dialogs.keys[i], key, sizeof(*key)))
			return &before.held.dialogs.values[i];
	return NULL;
}

/* A low BYE does not pass; and what is called low, equal, or of the wrong leg is so. */
static void check_order(const struct passage *p)
{
	const struct msg_info *info = p->info;
	const struct cg_dialog *d = dialog_before(&info->key);
	struct leg_copy self, peer;
	int from_caller, is_low, is_repeat, known;

	if (!p->in || !d || before.reused || info->method != CG_M_BYE || info->status ||
	    info->from_hash == info->to_hash || p->reason == CG_R_AMBIGUOUS)
		return;
	from_caller = (info->from_hash ^ info->key.call) == d->who;
	self = from_caller ? caller_of(d) : callee_of(d);
	peer = from_caller ? callee_of(d) : caller_of(d);
	known = self.flags & CG_LEG_CSEQ_VALID;
	is_low = info->cseq_valid && known && info->cseq < self.leg->cseq;
	is_repeat = self.flags & CG_LEG_BYE_CSEQ_VALID && info->cseq == self.leg->bye_cseq;
	if (is_low && !is_repeat)
		HOLD(p->action != CG_PASS || p->reason == CG_R_FOREIGN_SOURCE);
	HOLD(info->cseq_valid || p->reason == CG_R_BAD_CSEQ);
	HOLD(p->reason != CG_R_OUT_OF_ORDER || is_low);
	HOLD(p->reason != CG_R_EQUAL_CSEQ || (known && info->cseq == self.leg->cseq));
	HOLD(p->reason != CG_R_BYE_REPEAT || is_repeat);
	check_late_repeat(d, &self, p);
	HOLD(p->reason != CG_R_BYE || !known || info->cseq > self.leg->cseq);
	HOLD(p->reason != CG_R_WRONG_LEG || (addr_equal(info->remote, peer.leg->addr) &&
					     !addr_equal(info->remote, self.leg->addr)));
	HOLD(p->reason != CG_R_FOREIGN_SOURCE || p->config->strict_interface ||
	     !is_from_leg(&self, info));
}

#endif
