// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "stats/totals.h"

#include "util/clock.h"

/* Returns a time in milliseconds, modulo 2^64 as it is. */
static __u64 to_ms(__u64 ns)
{
	return (__s64)ns / 1000000;
}

static void add_blocked(struct cg_totals *totals, struct cg_totals_part *part,
			const struct cg_dialog *dialog, __u64 now)
{
	__u32 more = dialog->blocked_byes - part->blocked;

	if (dialog->blocked_byes <= part->blocked)
		return;
	/* BYEs blocked before the daemon started go to the minute of the first one. */
	cg_timeline_add(&totals->timeline,
			part->state == CG_S_EARLY && dialog->first_blocked_ms
				? cg_dialog_first_blocked_ns(dialog)
				: now,
			now, more);
	part->blocked = dialog->blocked_byes;
	totals->all.blocked += more;
	if (part->protected_ms || part->end || !dialog->first_blocked_ms)
		return;
	part->protected_ms = to_ms(cg_dialog_first_blocked_ns(dialog));
	totals->attacked++;
	totals->attacked_since_ms += part->protected_ms;
}

static void close_part(struct cg_totals *totals, struct cg_totals_part *part, unsigned int reason,
		       __u64 end)
{
	part->end = reason > CG_E_NONE && reason < CG_ENDS ? reason : CG_E_MAPS_LOST;
	totals->all.closed[part->end]++;
	if (!part->protected_ms)
		return;
	totals->attacked--;
	totals->attacked_since_ms -= part->protected_ms;
	part->protected_ms = cg_time_is_after(to_ms(end), part->protected_ms)
				     ? to_ms(end) - part->protected_ms
				     : 0;
	totals->all.protected_ms += part->protected_ms;
}

static void enter_state(struct cg_totals *totals, struct cg_totals_part *part, __u8 state)
{
	if (part->state != CG_S_EARLY)
		totals->states[part->state]--;
	part->state = state;
	if (state != CG_S_EARLY)
		totals->states[state]++;
}

static void set_transport(struct cg_totals *totals, struct cg_totals_part *part, __u32 flags)
{
	bool tcp = flags & (CG_D_CALLER_TCP | CG_D_CALLEE_TCP);

	totals->tcp += tcp - part->tcp;
	part->tcp = tcp;
}

void cg_totals_update(struct cg_totals *totals, struct cg_totals_part *part,
		      const struct cg_dialog *dialog, const struct cg_limits *limits,
		      unsigned int due, __u64 now)
{
	bool suspect =
		dialog->flags & (CG_D_SUSPECT | CG_D_ALIVE_AFTER_END) || due & CG_DUE_CLOSING;

	add_blocked(totals, part, dialog, now);
	if (!part->end && dialog->state == CG_S_ENDED)
		close_part(totals, part, dialog->end_reason, dialog->end);
	else if (!part->end && due & CG_DUE_LOST)
		close_part(totals, part, limits->was_detached ? CG_E_DETACHED : CG_E_MAPS_LOST,
			   limits->lost_at);
	else if (!part->end && due & CG_DUE_EXPIRED)
		close_part(totals, part, CG_E_TIMEOUT, dialog->answer + limits->max_call);
	else if (!part->end && due & CG_DUE_SILENT)
		close_part(totals, part, CG_E_BYE, dialog->bye_at);
	else if (!part->end && due & CG_DUE_DOUBT)
		close_part(totals, part, CG_E_UNPROVEN_BYE, cg_dialog_final_candidate_ns(dialog));
	if (suspect && !part->suspect) {
		part->suspect = true;
		totals->all.suspect++;
	}
	if (dialog->state < CG_STATES && dialog->state != part->state)
		enter_state(totals, part, dialog->state);
	set_transport(totals, part, dialog->flags);
}

void cg_totals_remove(struct cg_totals *totals, struct cg_totals_part *part)
{
	totals->gone.blocked += part->blocked;
	totals->gone.suspect += part->suspect;
	if (part->end) {
		totals->gone.closed[part->end]++;
		totals->gone.protected_ms += part->protected_ms;
	} else if (part->protected_ms) { /* another process deleted it from the map */
		totals->attacked--;
		totals->attacked_since_ms -= part->protected_ms;
	}
	enter_state(totals, part, CG_S_EARLY);
	set_transport(totals, part, 0);
	*part = (struct cg_totals_part){};
}

__u64 cg_totals_protected_ms(struct cg_totals *totals, __u64 now)
{
	__u64 open = totals->attacked * to_ms(now) - totals->attacked_since_ms;
	__u64 all = totals->all.protected_ms + open;

	/* An end that is read late reduces the sum; the value shown must not fall. */
	if (all > totals->shown_ms)
		totals->shown_ms = all;
	return totals->shown_ms;
}
