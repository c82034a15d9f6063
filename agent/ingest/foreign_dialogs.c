// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/foreign_dialogs.h"

#include "util/clock.h"

#define OVERDUE_NS (3600 * CG_SECOND) /* after max_call: Redis has forgotten the dialog as well */

/*
 * The owner has not closed an expired call, or nobody has heard of it. Only a host that was cut off for
 * long has such dialogs.
 */
static bool is_overdue(const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now)
{
	return cg_time_is_older(dialog->answer, limits->max_call + OVERDUE_NS, now);
}

struct cg_duty cg_dialog_duty(const struct cg_dialog *dialog, const struct cg_limits *limits,
			      bool owner_is_gone, unsigned int due, __u64 now)
{
	struct cg_duty duty = { .due = due, .is_counted = cg_dialog_is_counted(dialog) };
	bool speaks = dialog->flags & CG_D_SPEAKS_HERE;

	if (!dialog->peer) {
		duty.has_row = true;
		return duty;
	}
	if (dialog->state == CG_S_ENDED) { /* an owner that is gone may not have written it */
		duty.has_row = speaks || owner_is_gone;
	} else if (owner_is_gone && (speaks || due & CG_DUE_RETIRE)) {
		duty.has_row = true;
	} else {
		duty.has_row = speaks && is_overdue(dialog, limits, now);
		duty.due = is_overdue(dialog, limits, now) ? due : 0;
	}
	return duty;
}
