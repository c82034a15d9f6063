// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The rows that the tracker writes. */
#include <string.h>

#include "calls/violation_row.h"
#include "ingest/dialog_tracker_internal.h"
#include "util/text.h"

__u64 cg_tracker_put_row(struct cg_tracker *tracker, const struct cg_dialog *dialog,
			 unsigned int due, const struct cg_twin *twin)
{
	struct cg_cdr_row row;

	cg_cdr_fill_row(dialog, tracker->limits, tracker->origin, due, &row);
	if (dialog->peer) {
		const char *owner = cg_pair_node(tracker->pair, dialog->peer);

		cg_text_escape(row.node, sizeof(row.node), owner, strlen(owner));
	}
	if (twin)
		cg_twin_fill_row(twin, &row);
	return cg_writer_put(tracker->violations->writer, CG_TABLE_CDR, &row);
}

/*
 * Records that a call continued although doubt had closed its row. The new row opens the call
 * again, or has another end.
 */
static void put_alive(struct cg_tracker *tracker, const struct cg_dialog_entry *entry,
		      const struct cg_dialog *dialog, unsigned int due, __u64 now)
{
	struct cg_violation_row row;

	if (!entry->closed_by_doubt || due & CG_DUE_DOUBT)
		return;
	cg_violation_fill_alive(&entry->key, dialog, now, tracker->origin, &row);
	cg_violations_put(tracker->violations, &row);
}

bool cg_tracker_update_row(struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			   const struct cg_dialog *dialog, unsigned int due,
			   const struct cg_twin *twin, __u64 now)
{
	__u64 fingerprint = cg_twin_add_fingerprint(twin, cg_cdr_fingerprint(dialog, due)), ticket;

	if (entry->fingerprint == fingerprint && entry->generation == tracker->generation)
		return false;
	ticket = cg_tracker_put_row(tracker, dialog, due, twin);
	if (!ticket)
		return true;
	put_alive(tracker, entry, dialog, due, now);
	entry->closed_by_doubt = due & CG_DUE_DOUBT;
	entry->fingerprint = fingerprint;
	entry->generation = tracker->generation;
	entry->ticket = ticket;
	return true;
}

void cg_tracker_put_unanswered(struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			       const struct cg_dialog *dialog)
{
	struct cg_violation_row row;

	if (entry->unanswered == dialog->bye_at)
		return;
	cg_violation_fill_unanswered(&entry->key, dialog, tracker->limits, tracker->origin, &row);
	if (cg_violations_put(tracker->violations, &row) != CG_VIOLATION_NO_SPACE)
		entry->unanswered = dialog->bye_at;
}
