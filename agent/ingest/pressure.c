// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/pressure.h"

#include "util/log.h"

void cg_pressure_start(struct cg_pressure *pressure)
{
	pressure->next = pressure->due = pressure->candidates.count = 0;
}

void cg_pressure_add(struct cg_pressure *pressure, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now)
{
	__u64 at = cg_dialog_candidate_ns(dialog, limits, now);

	if (dialog->state == CG_S_ENDED || dialog->peer)
		return; /* the tracker removes it after the grace; its owner closes it */
	if (!at && cg_cdr_due(dialog, limits, now) & CG_DUE_SILENT)
		at = dialog->bye_at;
	if (at)
		cg_candidate_list_add(&pressure->candidates, key, at);
}

void cg_pressure_decide(struct cg_pressure *pressure, __u32 used, __u32 max)
{
	__u32 limit = cg_dialogs_unreserved(max);

	if (used <= limit)
		return;
	pressure->due = used - limit;
	if (pressure->due > pressure->candidates.count)
		pressure->due = pressure->candidates.count;
	cg_candidate_list_sort(&pressure->candidates);
	if (pressure->due)
		cg_log_notice("map dialogs holds %u calls of %u: closes %u with a candidate end, "
			      "the oldest first (unproven_bye, suspect)",
			      used, max, pressure->due);
}

int cg_pressure_run(struct cg_pressure *pressure, struct cg_tracker *tracker, __u64 now)
{
	unsigned int end = pressure->next + CG_PRESSURE_BATCH;

	for (; pressure->next < end && pressure->next < pressure->due; pressure->next++)
		cg_tracker_close_doubtful(tracker, &pressure->candidates.items[pressure->next].key,
					  now);
	return pressure->next >= pressure->due;
}
