// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "stats/breaker.h"

#include <string.h>

#include "calls/cdr.h"

static __u64 slot_number(const struct cg_breaker *breaker, __u64 at)
{
	return at / (breaker->window / CG_BREAKER_SLOTS + 1);
}

/* Returns NULL if `at` is older than the window, or later than `now` (a corrupt map value). */
static struct cg_breaker_slot *find_slot(struct cg_breaker *breaker, __u64 at, __u64 now)
{
	__u64 number = slot_number(breaker, at);
	struct cg_breaker_slot *slot = &breaker->slots[number % CG_BREAKER_SLOTS];

	if (at < breaker->since || at > now ||
	    slot_number(breaker, now) - number >= CG_BREAKER_SLOTS)
		return NULL;
	if (slot->number != number)
		*slot = (struct cg_breaker_slot){ .number = number };
	return slot;
}

/* Returns the time at which a BYE passed, or 0 if none did. */
static __u64 bye_passed_at(const struct cg_dialog *dialog)
{
	if (dialog->state == CG_S_ENDED)
		return dialog->end;
	return dialog->bye_at;
}

bool cg_breaker_update(struct cg_breaker *breaker, const struct cg_dialog *dialog, __u64 now)
{
	__u64 blocked = cg_dialog_first_blocked_ns(dialog),
	      at = blocked ? blocked : bye_passed_at(dialog);
	struct cg_breaker_slot *slot;

	if (!breaker->percent || !at)
		return false;
	slot = find_slot(breaker, at, now);
	if (slot) {
		slot->judged++;
		slot->blocked += blocked != 0;
	}
	return true;
}

bool cg_breaker_should_trip(const struct cg_breaker *breaker, __u64 now,
			    struct cg_breaker_count *count)
{
	*count = (struct cg_breaker_count){};
	for (int i = 0; i < CG_BREAKER_SLOTS; i++) {
		const struct cg_breaker_slot *slot = &breaker->slots[i];

		if (slot_number(breaker, now) - slot->number >= CG_BREAKER_SLOTS)
			continue;
		count->judged += slot->judged;
		count->blocked += slot->blocked;
	}
	return breaker->percent && count->judged >= breaker->dialogs &&
	       count->blocked * 100 > count->judged * breaker->percent;
}

void cg_breaker_reset(struct cg_breaker *breaker, __u64 now)
{
	breaker->since = now;
	memset(breaker->slots, 0, sizeof(breaker->slots));
}
