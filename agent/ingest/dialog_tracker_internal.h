/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The state of the tracker, shared by dialog_tracker.c (what is due) and dialog_rows.c (writes it). */
#ifndef CG_INGEST_DIALOG_TRACKER_INTERNAL_H
#define CG_INGEST_DIALOG_TRACKER_INTERNAL_H

#include "calls/twins.h"
#include "ingest/dialog_table.h"
#include "ingest/dialog_tracker.h"

struct cg_tracker {
	const struct cg_guard_maps *guard;
	struct cg_violations *violations; /* with the writer of all rows */
	const struct cg_limits *limits;
	const struct cg_origin *origin;
	struct cg_breaker *breaker;
	struct cg_recent *recent; /* may be NULL */
	struct cg_totals *totals;
	struct cg_living_calls *living; /* may be NULL */
	struct cg_pair *pair; /* may be NULL */
	struct cg_twins *twins; /* NULL: the host has not masked Call-IDs so far */
	__u32 twins_slot; /* of its expiry; 0: done */
	__u64 durable;
	__u16 generation;
	__u32 scan;
	unsigned int clocks; /* bit mask, of the last complete scan */
	unsigned int clocks_so_far;
	struct cg_dialog_table table;
};

/* Queues a dialog's row. Returns its ticket; 0: there was no room. */
__u64 cg_tracker_put_row(struct cg_tracker *tracker, const struct cg_dialog *dialog,
			 unsigned int due, const struct cg_twin *twin);

/* Writes the dialog's row, unless the last one says the same. Returns whether it was new. */
bool cg_tracker_update_row(struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			   const struct cg_dialog *dialog, unsigned int due,
			   const struct cg_twin *twin, __u64 now);

/* Records once that a BYE stayed unanswered. */
void cg_tracker_put_unanswered(struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			       const struct cg_dialog *dialog);

#endif
