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

#include "held_maps.h"
#include "leg_invariants.h"

#include "answer_invariants.h"
#include "evidence_invariants.h"

#include "dialog_invariants.h"
#include "waiting_invariants.h"

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
