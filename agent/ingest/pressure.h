/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Makes room in map `dialogs`. Above three quarters of the map, the calls that have most probably
 * ended are closed by their candidate end and removed: those of the oldest candidates first, and so
 * the ones that doubt has closed already before all others.
 */
#ifndef CG_INGEST_PRESSURE_H
#define CG_INGEST_PRESSURE_H

#include "calls/candidate_list.h"
#include "ingest/dialog_tracker.h"

#define CG_PRESSURE_BATCH 256 /* calls in one turn of the loop */

struct cg_pressure {
	unsigned int next; /* candidate to close */
	unsigned int due; /* number to close in this scan */
	struct cg_candidate_list candidates;
};

void cg_pressure_start(struct cg_pressure *pressure); /* a scan begins */

/* Notes a dialog that is still in the map. */
void cg_pressure_add(struct cg_pressure *pressure, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog, const struct cg_limits *limits, __u64 now);

/* All dialogs were added: decides how many to close. used, max: entries of the map. */
void cg_pressure_decide(struct cg_pressure *pressure, __u32 used, __u32 max);

/* Closes a batch, the oldest candidates first. Returns 1 when all that were due are closed. */
int cg_pressure_run(struct cg_pressure *pressure, struct cg_tracker *tracker, __u64 now);

#endif
