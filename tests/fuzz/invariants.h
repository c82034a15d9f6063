/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Invariants of every packet, checked on the maps before and after it. A part of frame_fuzz.c,
 * included behind guard.bpf.c.
 *
 * API: invariants_before(), invariants_after(), invariants_record().
 */
#ifndef INVARIANTS_H
#define INVARIANTS_H

struct held { /* a copy of the map `dialogs` */
	int count;
	__u8 used[NATIVE_ENTRIES];
	struct cg_dialog_key keys[NATIVE_ENTRIES];
	struct cg_dialog dialogs[NATIVE_ENTRIES];
};

static struct {
	struct cg_counters counters;
	struct held held;
	int events[CG_EVENTS]; /* of this packet */
	struct cg_event last; /* the last event of the ring `events` */
} before;

#define HOLD(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			native_refuse("does not hold: " #condition);                               \
	} while (0)

static struct cg_counters *counters_now(void)
{
	return bpf_map_lookup_elem(&counters, &(__u32){ 0 });
}

static void hold_dialogs(struct held *held)
{
	struct native_map *m = NATIVE_MAP(&dialogs);

	held->count = 0;
	memcpy(held->used, m->used, sizeof(held->used));
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		if (!m->used[i])
			continue;
		memcpy(&held->keys[i], m->keys + i * sizeof(struct cg_dialog_key),
		       sizeof(struct cg_dialog_key));
		memcpy(&held->dialogs[i], native_value(m, i), sizeof(struct cg_dialog));
		held->count++;
	}
}

static void invariants_before(void)
{
	before.counters = *counters_now();
	memset(before.events, 0, sizeof(before.events));
	hold_dialogs(&before.held);
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
	if (ring != (const void *)&alerts)
		before.last = *e;
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
	HOLD(is->would_drop - was->would_drop <= 1);
	HOLD(!dropped || is->would_drop == was->would_drop);
	HOLD(is->events_lost - was->events_lost <= 1 && is->alerts_lost - was->alerts_lost <= 1);
	HOLD(native.ring_full || is->alerts_lost == was->alerts_lost);
	return reason;
}

/* --- a dialog --------------------------------------------------------------------------------- */

static void check_leg(const struct cg_leg *was, const struct cg_leg *is, __u8 flags_was, __u8 flags)
{
	HOLD(!(flags_was & ~flags &
	       ~CG_LEG_BYE_CSEQ_VALID)); /* another request may take that BYE's number */
	HOLD((flags & (CG_LEG_GATEWAY | CG_LEG_LOCAL | CG_LEG_WITNESS)) ==
	     (flags_was & (CG_LEG_GATEWAY | CG_LEG_LOCAL | CG_LEG_WITNESS)));
	if (flags_was & CG_LEG_CSEQ_VALID)
		HOLD(is->cseq >= was->cseq);
	HOLD(!(flags & CG_LEG_CSEQ_VALID) || is->cseq < 0x80000000);
	HOLD(!(flags & CG_LEG_BYE_CSEQ_VALID) || is->bye_cseq <= is->cseq);
	if (flags & CG_LEG_BYE_CSEQ_VALID && flags_was & CG_LEG_BYE_CSEQ_VALID)
		HOLD(is->bye_cseq >= was->bye_cseq);
}

/* The identity of a dialog and its start never change. */
static void check_born(const struct cg_dialog *was, const struct cg_dialog *is)
{
	HOLD(is->caller_tag == was->caller_tag && is->clock == was->clock);
	HOLD(is->setup == was->setup && is->answer == was->answer);
	HOLD(is->sip_code == was->sip_code && is->tag_case_hash == was->tag_case_hash);
	HOLD(!memcmp(&is->call, &was->call, sizeof(is->call)));
	HOLD(!memcmp(is->to_tag, was->to_tag, sizeof(is->to_tag)));
	HOLD(!memcmp(is->callee.addr, was->callee.addr, 16));
}

static void check_end(const struct cg_dialog *was, const struct cg_dialog *is)
{
	HOLD((is->state == CG_S_ENDED) == (is->end != 0));
	HOLD((is->state == CG_S_ENDED) == (is->end_reason != CG_E_NONE));
	HOLD(is->state != CG_S_ENDED || is->ended_by == CG_LEG_CALLER ||
	     is->ended_by == CG_LEG_CALLEE || is->end_reason == CG_E_LOST);
	HOLD(is->state != CG_S_ENDED || is->flags & (CG_D_CONFIRMED_END | CG_D_SUSPECT));
	if (was->state != CG_S_ENDED)
		return;
	HOLD(is->state == CG_S_ENDED); /* it never reopens, and keeps its end */
	HOLD(is->end == was->end && is->end_reason == was->end_reason);
	HOLD(is->ended_by == was->ended_by);
	HOLD(is->flags & CG_D_SUSPECT || !(was->flags & CG_D_SUSPECT));
}

/* An end that is not suspect came from a witness, or was sent by one. Checks addresses only. */
static void check_evidence(const struct cg_dialog *was, const struct cg_dialog *is,
			   const struct msg_info *info)
{
	int caller =
		addr_equal(info->remote, was->caller.addr) && (was->caller_flags & CG_LEG_WITNESS);
	int callee =
		addr_equal(info->remote, was->callee.addr) && (was->callee_flags & CG_LEG_WITNESS);
	int host = (was->caller_flags | was->callee_flags) & CG_LEG_LOCAL;

	if (was->state == CG_S_ENDED || is->state != CG_S_ENDED || (is->flags & CG_D_SUSPECT))
		return;
	HOLD(info->method == CG_M_BYE);
	HOLD(info->status < 300 || info->status == 481);
	HOLD(info->direction == CG_OUT ? host : caller || callee || info->remote_is_gateway);
	HOLD(is->end_reason != CG_E_GONE || info->status == 481);
	HOLD(is->end <= native.now);
}

/* A dropped BYE changes nothing but the count of blocked BYEs. */
static void check_blocked(const struct cg_dialog *was, const struct cg_dialog *is, int dropped)
{
	struct cg_dialog unmarked = *is;

	HOLD(is->blocked_byes - was->blocked_byes <= 1);
	HOLD(was->first_blocked_ms ? is->first_blocked_ms == was->first_blocked_ms
				   : !is->first_blocked_ms == !is->blocked_byes);
	if (!dropped || is->blocked_byes == was->blocked_byes)
		return;
	unmarked.blocked_byes = was->blocked_byes;
	unmarked.first_blocked_ms = was->first_blocked_ms;
	HOLD(!memcmp(&unmarked, was, sizeof(unmarked)));
}

/* Returns whether the dialog was replaced, by a gateway's 2xx or by the 2xx after an early ACK. */
static int is_taken_over(const struct cg_dialog *was, const struct cg_dialog *is)
{
	return is->setup != was->setup;
}

static void check_take_over(const struct cg_dialog *was, const struct cg_dialog *is, int reason,
			    const struct msg_info *info)
{
	HOLD(reason == CG_R_OPENED || reason == CG_R_UNSEEN_START);
	HOLD(info->method == CG_M_INVITE && info->status >= 200 && info->status < 300);
	HOLD(is->state == CG_S_CONFIRMED && is->sip_code == info->status);
	if (info->direction == CG_OUT) {
		HOLD(!was->sip_code && is->callee_flags & CG_LEG_LOCAL);
		return;
	}
	HOLD(addr_equal(is->callee.addr, info->remote));
	HOLD(info->remote_is_gateway ||
	     (!was->sip_code && addr_equal(was->callee.addr, info->remote)));
	HOLD(!was->sip_code || !(was->callee_flags & (CG_LEG_LOCAL | CG_LEG_GATEWAY)));
	HOLD(!was->sip_code || !addr_equal(was->callee.addr, info->remote));
}

static void check_dialog(const struct cg_dialog *was, const struct cg_dialog *is, int dropped,
			 const struct msg_info *info)
{
	HOLD(is->state >= CG_S_CONFIRMED && is->state <= CG_S_ENDED);
	HOLD((is->caller_flags | is->callee_flags) & CG_LEG_WITNESS);
	HOLD(!is->lock.val);
	check_leg(&was->caller, &is->caller, was->caller_flags, is->caller_flags);
	check_leg(&was->callee, &is->callee, was->callee_flags, is->callee_flags);
	check_born(was, is);
	check_end(was, is);
	check_evidence(was, is, info);
	check_blocked(was, is, dropped);
}

/* --- a packet --------------------------------------------------------------------------------- */

static int names_a_dialog(int reason)
{
	return reason == CG_R_OUT_OF_ORDER || reason == CG_R_EQUAL_CSEQ ||
	       reason == CG_R_BAD_CSEQ || reason == CG_R_WRONG_LEG || reason == CG_R_FOREIGN_SOURCE;
}

/* Each start, bye, resume and end event matches one change of a dialog, and the other way round. */
static void check_steps(const struct held *is)
{
	int opened = is->count - before.held.count, ended = 0, pended = 0, resumed = 0;

	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		const struct cg_dialog *a = &before.held.dialogs[i], *b = &is->dialogs[i];

		if (!before.held.used[i])
			continue;
		if (is_taken_over(a, b)) { /* the old one has another key now */
			opened += is->count == before.held.count;
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

static void invariants_after(int in, int dropped)
{
	static struct held is;
	const struct scratch *s = scratch_get();
	const struct cg_config *settings = config_get();
	int reason = check_counters(in, dropped);
	int action = in ? reason_action(settings, reason) : CG_PASS;
	int blocked = 0;

	HOLD(!native.locked && !native.ring);
	HOLD(dropped == (action == CG_DROP));
	HOLD(!dropped || settings->mode == CG_ENFORCE);
	hold_dialogs(&is);
	for (int i = 0; i < NATIVE_ENTRIES; i++) {
		const struct cg_dialog *was =
			before.held.used[i] ? &before.held.dialogs[i] : &is.dialogs[i];

		if (!is.used[i])
			continue;
		if (is_taken_over(was, &is.dialogs[i])) {
			check_take_over(was, &is.dialogs[i], reason, &s->info);
			continue;
		}
		check_dialog(was, &is.dialogs[i], dropped, &s->info);
		blocked += is.dialogs[i].blocked_byes - was->blocked_byes;
	}
	HOLD(blocked ==
	     (names_a_dialog(reason) && s->info.method == CG_M_BYE && action != CG_PASS));
	/* Other messages than BYE are dropped for these reasons only. */
	HOLD(!dropped || s->info.method == CG_M_BYE || reason == CG_R_FOREIGN_ACK ||
	     reason == CG_R_FRAGMENTED || reason == CG_R_AMBIGUOUS || reason == CG_R_BAD_CSEQ);
	check_steps(&is);
}

#endif
