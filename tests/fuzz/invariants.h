/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Invariants of every packet, checked on the maps before and after it. A part of frame_fuzz.c,
 * included behind guard.bpf.c. They restate the rules of bpf/README.md by what must not happen,
 * without the functions of bpf/ that decide.
 *
 * API: invariants_start(), invariants_before(), invariants_after(), invariants_record(),
 * invariants_reuse().
 */
#ifndef INVARIANTS_H
#define INVARIANTS_H

#define HELD_MAP(type, key_type)                                                                   \
	struct {                                                                                   \
		__u8 used[NATIVE_ENTRIES];                                                         \
		key_type keys[NATIVE_ENTRIES];                                                     \
		type values[NATIVE_ENTRIES];                                                       \
	}

struct held { /* a copy of the maps */
	HELD_MAP(struct cg_dialog, struct cg_dialog_key) dialogs;
	HELD_MAP(struct cg_dialog, struct cg_dialog_key) overflow;
	HELD_MAP(struct cg_invite, struct cg_txn_key) pending;
	HELD_MAP(struct cg_branch, struct cg_txn_key) branches;
	HELD_MAP(struct cg_early, struct cg_dialog_key) early;
	HELD_MAP(struct cg_addr_change, struct cg_dialog_key) addr_changes;
	HELD_MAP(struct cg_host_name, __u64) hosts;
	struct cg_host_state host_state;
};

static struct {
	struct cg_counters counters;
	struct held held;
	int events[CG_EVENTS]; /* of this packet */
	int spiraled; /* an INVITE of this input came back to the host */
	int answered; /* this packet became an answer */
	struct cg_dialog *reused; /* another CPU has given the element out again; NULL: none */
} before;

/* One packet: what it is, and what became of it. */
struct passage {
	int in;
	int dropped;
	int reason; /* enum cg_reason */
	int action; /* enum cg_action */
	const struct msg_info *info; /* zero where there is no message */
	const struct msg_route *route;
	const struct cg_config *config;
};

static struct cg_counters *counters_now(void)
{
	return bpf_map_lookup_elem(&counters, &(__u32){ 0 });
}

static void hold_map(struct native_map *m, __u8 *used, void *keys, void *values, size_t value_size)
{
	memcpy(used, m->used, NATIVE_ENTRIES);
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		memcpy((__u8 *)keys + i * m->key_size, m->keys + i * m->key_size, m->key_size);
		memcpy((__u8 *)values + i * value_size, native_value(m, i), value_size);
	}
}

#define HOLD_MAP(held, map)                                                                        \
	hold_map(NATIVE_MAP(&map), (held)->map.used, (held)->map.keys, (held)->map.values,         \
		 sizeof(*(held)->map.values))

static void hold_maps(struct held *held)
{
	HOLD_MAP(held, dialogs);
	HOLD_MAP(held, overflow);
	HOLD_MAP(held, pending);
	HOLD_MAP(held, branches);
	HOLD_MAP(held, early);
	HOLD_MAP(held, addr_changes);
	HOLD_MAP(held, hosts);
	held->host_state = *(struct cg_host_state *)bpf_map_lookup_elem(&host_state, &(__u32){ 0 });
}

/* Returns whether entry i of a map is that of before the packet: not deleted, not evicted. */
#define IS_KEPT(is, map, i)                                                                        \
	((is)->map.used[i] && before.held.map.used[i] &&                                           \
	 !memcmp(&(is)->map.keys[i], &before.held.map.keys[i], sizeof(*(is)->map.keys)))

static void invariants_start(void)
{
	before.spiraled = 0;
}

static void invariants_before(void)
{
	struct scratch *s = scratch_get();

	memset(&s->info, 0, sizeof(s->info));
	memset(&s->route, 0, sizeof(s->route));
	before.counters = *counters_now();
	before.reused = NULL;
	before.answered = 0;
	memset(before.events, 0, sizeof(before.events));
	hold_maps(&before.held);
}

#define ANOTHER_CALL 0x5a5a5a5a5a5a5a5aULL

/* The daemon deletes the dialog, and another CPU gives its element to another call. */
static void invariants_reuse(void *lock)
{
	struct cg_dialog *d = (void *)((__u8 *)lock - __builtin_offsetof(struct cg_dialog, lock));
	struct native_map *m = NATIVE_MAP(&dialogs);

	if ((__u8 *)lock < m->values || (__u8 *)lock >= (__u8 *)native_value(m, NATIVE_ENTRIES)) {
		native.before_lock = invariants_reuse; /* the lock of a bucket */
		return;
	}
	d->who ^= ANOTHER_CALL;
	before.reused = d;
}

/* Checks a record of either ring. */
static void invariants_record(const void *ring, const void *record)
{
	const struct cg_event *e = record;

	HOLD(e->layout == CG_LAYOUT && e->size == sizeof(*e));
	HOLD(e->type < CG_EVENTS && e->reason < CG_REASONS && e->leg <= CG_LEG_CALLEE);
	HOLD((e->type == CG_EV_VIOLATION || e->type == CG_EV_REQUEST) ==
	     (ring == (const void *)&alerts));
	HOLD(memchr(e->call_id, 0, sizeof(e->call_id)) && memchr(e->from_tag, 0, CG_TAG_MAX) &&
	     memchr(e->to_tag, 0, CG_TAG_MAX));
	HOLD(e->method < CG_METHODS && e->direction <= CG_OUT && e->cseq_valid <= 1);
	HOLD(!e->cseq_valid || e->cseq < 0x80000000);
	before.events[e->type]++;
}

/* --- counters: one reason for each packet ----------------------------------------------------- */

static int reason_counted(const struct cg_reason_counters *was, const struct cg_reason_counters *is,
			  int *reason)
{
	const __u64 *a = (const __u64 *)was, *b = (const __u64 *)is;
	int moved = 0;

	for (int i = 0; i < CG_REASONS; i++) {
		HOLD(b[i] == a[i] || b[i] == a[i] + 1);
		if (b[i] != a[i])
			*reason = i, moved++;
	}
	return moved;
}

static int check_counters(int in, int dropped)
{
	const struct cg_counters *was = &before.counters, *is = counters_now();
	int reason = 0, moved_in, moved_out;

	moved_in = reason_counted(&was->in, &is->in, &reason);
	moved_out = reason_counted(&was->out, &is->out, &reason);
	HOLD(moved_in + moved_out == 1 && moved_in == in);
	HOLD(is->dropped == was->dropped + dropped);
	HOLD(is->answered == was->answered + before.answered && before.answered <= dropped);
	HOLD(is->would_drop - was->would_drop <= 1);
	HOLD(!dropped || is->would_drop == was->would_drop);
	HOLD(is->events_lost - was->events_lost <= 1 && is->alerts_lost - was->alerts_lost <= 1);
	HOLD(native.ring_full || is->alerts_lost == was->alerts_lost);
	return reason;
}

/* --- the legs of a dialog --------------------------------------------------------------------- */

struct leg_copy {
	const struct cg_leg *leg;
	__u8 flags;
	__u16 port;
	__u32 passed;
};

static struct leg_copy caller_of(const struct cg_dialog *d)
{
	return (struct leg_copy){ &d->caller, d->caller_flags, d->caller_port, d->caller_passed };
}

static struct leg_copy callee_of(const struct cg_dialog *d)
{
	return (struct leg_copy){ &d->callee, d->callee_flags, d->callee_port, d->callee_passed };
}

static int is_from_leg(const struct leg_copy *leg, const struct msg_info *info)
{
	return addr_equal(info->remote, leg->leg->addr) ||
	       ((leg->flags & CG_LEG_GATEWAY) && info->remote_is_gateway);
}

#include "answer_invariants.h"
#include "evidence_invariants.h"

/*
 * A counter rises only, by a request of the leg: from its own address and port, or the host's own.
 */
static void check_raise(const struct leg_copy *was, const struct leg_copy *is,
			const struct passage *p)
{
	const struct msg_info *info = p->info;
	int own_port = (was->flags & CG_LEG_GATEWAY) || info->remote_port == was->port;

	HOLD(!info->status && info->cseq_valid && is->leg->cseq == info->cseq);
	HOLD(is->flags & CG_LEG_CSEQ_VALID && is->leg->cseq < 0x80000000);
	HOLD(!(was->flags & CG_LEG_CSEQ_VALID) || is->leg->cseq > was->leg->cseq);
	HOLD(info->method != CG_M_ACK && info->method != CG_M_CANCEL);
	if (p->in)
		HOLD(is_from_leg(was, info) && own_port && !info->came_back && !p->dropped);
	else
		HOLD(was->flags & CG_LEG_LOCAL);
}

static void check_leg(const struct leg_copy *was, const struct leg_copy *is,
		      const struct passage *p)
{
	const __u8 kept = ~(CG_LEG_CSEQ_VALID | CG_LEG_BYE_CSEQ_VALID | CG_LEG_SEEN_AFTER_END);

	HOLD(!(was->flags & ~is->flags) && (was->flags & kept) == (is->flags & kept));
	HOLD(!memcmp(was->leg->addr, is->leg->addr, 16) && was->port == is->port);
	if (was->leg->cseq != is->leg->cseq || (was->flags ^ is->flags) & CG_LEG_CSEQ_VALID)
		check_raise(was, is, p);
	if (was->leg->bye_cseq != is->leg->bye_cseq)
		HOLD(p->info->method == CG_M_BYE && !p->info->status && p->info->cseq_valid &&
		     is->leg->bye_cseq == p->info->cseq && !p->dropped);
	if (was->passed != is->passed)
		HOLD(is->passed > was->passed && is->passed == p->info->cseq &&
		     p->info->cseq_valid && !p->info->status && !p->dropped);
}

/* A leg that is not seen is no witness. Without one the callee is unseen. */
static void check_witness(const struct cg_dialog *d)
{
	__u8 flags[] = { d->caller_flags, d->callee_flags };

	for (int i = 0; i < 2; i++) {
		HOLD(!(flags[i] & CG_LEG_WITNESS) || !(flags[i] & CG_LEG_UNSEEN));
		HOLD(!(flags[i] & CG_LEG_GATEWAY) || flags[i] & CG_LEG_WITNESS);
	}
	if (!((flags[0] | flags[1]) & CG_LEG_WITNESS))
		HOLD(flags[1] & CG_LEG_UNSEEN && !((flags[0] | flags[1]) & CG_LEG_LOCAL));
}

static int has_witness(const struct cg_dialog *d)
{
	return (d->caller_flags | d->callee_flags) & CG_LEG_WITNESS;
}

/* --- a dialog --------------------------------------------------------------------------------- */

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

/* --- what waits for a 2xx --------------------------------------------------------------------- */

/*
 * The first INVITE under a live branch stays, once the host has sent it on. If `branches` had no
 * room, no response finds the note, and a copy of the INVITE writes it again: the reason is
 * pending_full, or with a To tag that of an in-dialog request.
 */
static void check_note(const struct cg_invite *was, const struct cg_invite *is,
		       const struct passage *p)
{
	HOLD(is->setup == was->setup || was->done || !(was->flags & CG_I_FORWARDED) ||
	     p->reason == CG_R_PENDING_FULL || (is->flags & CG_I_HAS_TO_TAG));
	if (is->setup != was->setup)
		return;
	HOLD(is->forks - was->forks <= 1 && is->renewed >= was->renewed);
	HOLD(is->done >= was->done);
	HOLD(is->cseq == was->cseq && is->caller_port == was->caller_port);
	HOLD(!memcmp(is->caller_addr, was->caller_addr, 16));
	HOLD(is->contact == was->contact && is->record_routes == was->record_routes);
	HOLD(!(was->flags & ~is->flags & (CG_I_SUSPECT | CG_I_FORGED_2XX | CG_I_FORWARDED)));
	if (was->flags & CG_I_FORWARDED)
		HOLD(!memcmp(&is->call, &was->call, sizeof(is->call)));
}

static void check_branch(const struct cg_branch *was, const struct cg_branch *is)
{
	HOLD(is->note == was->note && is->sent_port == was->sent_port);
	HOLD(!memcmp(is->sent_to, was->sent_to, 16) && is->invite_uri == was->invite_uri);
	HOLD(is->record_routes == was->record_routes && is->renewed >= was->renewed);
	HOLD(!memcmp(is->request_uri, was->request_uri, sizeof(is->request_uri)));
	HOLD(!was->done || is->done);
}

static void check_early_leg(__u32 was, __u32 is, const __u8 addr[16], __u16 port,
			    const struct passage *p)
{
	const struct packet *packet = &scratch_get()->packet;

	HOLD(is >= was);
	if (is == was)
		return;
	HOLD(p->info->cseq_valid && is == p->info->cseq && !p->info->status && !p->dropped);
	HOLD((addr_equal(packet->source, addr) && packet->source_port == port) ||
	     (p->in && p->info->remote_is_gateway));
}

static void check_early(const struct cg_early *was, const struct cg_early *is,
			const struct passage *p)
{
	HOLD(is->caller_tag == was->caller_tag && (is->note == was->note || !is->note));
	HOLD(!memcmp(is->caller_addr, was->caller_addr, 16));
	HOLD(!memcmp(is->callee_addr, was->callee_addr, 16));
	HOLD(!(was->flags & ~is->flags) && is->first_seen == was->first_seen);
	check_early_leg(was->caller_cseq, is->caller_cseq, is->caller_addr, is->caller_port, p);
	check_early_leg(was->callee_cseq, is->callee_cseq, is->callee_addr, is->callee_port, p);
}

/* An address moves by a 2xx alone. */
static void check_addr_change(const struct cg_addr_change *was, const struct cg_addr_change *is,
			      const struct passage *p)
{
	if (!memcmp(was->addr, is->addr, 16))
		return;
	if (is->leg != was->leg && addr_is_zero(is->addr))
		return; /* of the other leg: it starts again */
	HOLD(p->info->status / 100 == 2);
	HOLD(p->info->method == CG_M_INVITE || p->info->method == CG_M_UPDATE);
	HOLD(branch_hash32(p->info->branch_hash) == (p->in ? was->branch_out : was->branch_in));
	HOLD(!memcmp(is->addr, was->next_addr, 16));
}

static void check_waiting(const struct held *is, const struct passage *p)
{
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		if (IS_KEPT(is, pending, i))
			check_note(&before.held.pending.values[i], &is->pending.values[i], p);
		if (IS_KEPT(is, branches, i))
			check_branch(&before.held.branches.values[i], &is->branches.values[i]);
		if (IS_KEPT(is, early, i))
			check_early(&before.held.early.values[i], &is->early.values[i], p);
		if (IS_KEPT(is, addr_changes, i))
			check_addr_change(&before.held.addr_changes.values[i],
					  &is->addr_changes.values[i], p);
	}
}

/* The host learns its names, and that it hides topology, from what leaves it. */
static void check_host(const struct held *is, const struct passage *p)
{
	int own_socket = !p->in && scratch_get()->packet.own_socket;

	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		HOLD(!before.held.hosts.used[i] || IS_KEPT(is, hosts, i));
		if (is->hosts.used[i] && !before.held.hosts.used[i])
			HOLD(own_socket && is->hosts.values[i].origin == CG_NAME_LEARNED);
	}
	HOLD(is->host_state.hides_topology >= before.held.host_state.hides_topology);
	if (is->host_state.hides_topology != before.held.host_state.hides_topology)
		HOLD(!p->in && p->info->method == CG_M_INVITE && !p->info->status);
}

/* --- a packet --------------------------------------------------------------------------------- */

static int names_a_dialog(int reason)
{
	return reason == CG_R_OUT_OF_ORDER || reason == CG_R_EQUAL_CSEQ ||
	       reason == CG_R_BAD_CSEQ || reason == CG_R_WRONG_LEG || reason == CG_R_FOREIGN_SOURCE;
}

/* Every element that is written belongs to the message's dialog. */
static void check_owner(const struct cg_dialog_key *key, const struct cg_dialog *is,
			const struct passage *p)
{
	const struct msg_info *info = p->info;

	HOLD(!memcmp(key, &info->key, sizeof(*key)));
	HOLD((info->from_hash ^ info->key.call) == is->who ||
	     (info->to_hash ^ info->key.call) == is->who);
}

/* Another call has the element: it is written by nobody. Gives it back. */
static void check_reused(void)
{
	struct native_map *m = NATIVE_MAP(&dialogs);
	int i;

	if (!before.reused)
		return;
	i = ((__u8 *)before.reused - m->values) / m->value_size;
	HOLD(i >= 0 && i < NATIVE_ENTRIES && before.held.dialogs.used[i]);
	before.reused->who ^= ANOTHER_CALL;
	HOLD(!memcmp(before.reused, &before.held.dialogs.values[i], sizeof(*before.reused)));
}

static int count_used(const __u8 *used)
{
	int n = 0;

	for (int i = 0; i < NATIVE_ENTRIES; i++)
		n += used[i];
	return n;
}

/* Each start, bye, resume and end event matches one change of a dialog, and the other way round. */
static void check_events(const struct held *is)
{
	int added = count_used(is->dialogs.used) - count_used(before.held.dialogs.used) +
		    count_used(is->overflow.used) - count_used(before.held.overflow.used);
	int opened = added, ended = 0, pended = 0, resumed = 0;

	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		const struct cg_dialog *a = &before.held.dialogs.values[i];
		const struct cg_dialog *b = &is->dialogs.values[i];

		if (!before.held.dialogs.used[i])
			continue;
		if (is_taken_over(a, b)) { /* the old one has another key now, if there was room */
			opened += !added;
			continue;
		}
		ended += a->state != CG_S_ENDED && b->state == CG_S_ENDED;
		pended += a->state == CG_S_CONFIRMED && b->state == CG_S_ENDING;
		resumed += a->state == CG_S_ENDING && b->state == CG_S_CONFIRMED;
	}
	HOLD(opened == 0 || opened == 1);
	HOLD(opened + ended + pended + resumed <= 1);
	if (native.ring_full)
		return;
	HOLD(before.events[CG_EV_START] == opened && before.events[CG_EV_END] == ended);
	HOLD(before.events[CG_EV_BYE] == pended && before.events[CG_EV_RESUME] == resumed);
}

/* One INVITE opens two dialogs where a customer answers. Of a spiral there are two INVITEs. */
static void check_forks(const struct held *is, const struct passage *p)
{
	const __u8 others = CG_LEG_GATEWAY | CG_LEG_LOCAL | CG_LEG_UNSEEN;

	if (p->info->method == CG_M_INVITE && p->route->came_back)
		before.spiraled = 1;
	if (before.spiraled)
		return;
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		const struct cg_dialog *a = &is->dialogs.values[i];
		int n = 0;

		for (int j = 0; j < NATIVE_ENTRIES && is->dialogs.used[i]; j++) {
			const struct cg_dialog *b = &is->dialogs.values[j];

			n += is->dialogs.used[j] && b->setup == a->setup && b->who == a->who &&
			     !(b->callee_flags & others) && !(b->flags & CG_D_REPLACED);
		}
		HOLD(n <= CG_FORKS_CUSTOMER);
	}
}

/* Returns how many blocked BYEs the dialogs have counted. */
static int check_dialogs(const struct held *is, const struct passage *p)
{
	int blocked = 0;

	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		const struct cg_dialog *now = &is->dialogs.values[i];
		const struct cg_dialog *was = &before.held.dialogs.values[i];

		HOLD(!before.held.dialogs.used[i] || is->dialogs.used[i]);
		if (!is->dialogs.used[i])
			continue;
		if (!before.held.dialogs.used[i]) {
			check_opening(now, p);
			check_state(now, now, p);
			continue;
		}
		if (memcmp(was, now, sizeof(*now)))
			check_owner(&is->dialogs.keys[i], now, p);
		if (is_taken_over(was, now)) {
			check_take_over(was, now, p);
			check_state(now, now, p);
			continue;
		}
		check_dialog(was, now, p);
		check_state(was, now, p);
		blocked += now->blocked_byes - was->blocked_byes;
	}
	return blocked;
}

/* A fragment that was not judged, or refused unread. */
static int is_unread(const struct passage *p)
{
	return p->reason == CG_R_FRAGMENT || p->reason == CG_R_FRAGMENT_UNLIKE ||
	       p->reason == CG_R_TCP_UNFRAMED ||
	       (p->reason == CG_R_FRAGMENTED && !scratch_get()->packet.gathered);
}

/* Returns the enum cg_reason of the packet. */
static int invariants_after(int in, int dropped)
{
	static struct held is;
	const struct scratch *s = scratch_get();
	struct passage p = { .in = in,
			     .dropped = dropped,
			     .reason = check_counters(in, dropped),
			     .info = &s->info,
			     .route = &s->route,
			     .config = config_get() };
	int blocked, enforced, is_bye = s->info.method == CG_M_BYE && !s->info.status;

	enforced = p.config->mode == CG_ENFORCE &&
		   (p.reason != CG_R_TCP_UNFRAMED || p.config->tcp == CG_TCP_ENFORCE);
	p.action = in ? reason_action(p.config, p.reason, enforced) : CG_PASS;
	HOLD(!native.locked && !native.ring);
	HOLD(dropped == (p.action == CG_DROP));
	HOLD(!dropped || p.config->mode == CG_ENFORCE);
	HOLD(!before.answered || (p.config->refuse == CG_REFUSE_ANSWER && is_bye &&
				  (p.reason == CG_R_OUT_OF_ORDER || p.reason == CG_R_EQUAL_CSEQ)));
	check_reused();
	hold_maps(&is);
	if (is_unread(&p)) {
		HOLD(!memcmp(&is, &before.held, sizeof(is)));
		return p.reason;
	}
	blocked = check_dialogs(&is, &p);
	HOLD(blocked == (names_a_dialog(p.reason) && is_bye && p.action != CG_PASS));
	HOLD(!memcmp(&is.overflow.used, &before.held.overflow.used, sizeof(is.overflow.used)) ||
	     s->info.method == CG_M_INVITE || s->info.method == CG_M_ACK);
	/* Other messages than BYE are dropped for these reasons only. */
	HOLD(!dropped || is_bye || p.reason == CG_R_FOREIGN_ACK || p.reason == CG_R_FRAGMENTED ||
	     p.reason == CG_R_AMBIGUOUS || p.reason == CG_R_BAD_CSEQ);
	check_order(&p);
	check_waiting(&is, &p);
	check_host(&is, &p);
	check_forks(&is, &p);
	check_events(&is);
	return p.reason;
}

#endif
