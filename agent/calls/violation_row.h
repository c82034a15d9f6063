/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rows of violations: those of the guard's events, and those that the daemon itself finds. No maps,
 * no database, no clock. Any input gives values within the bounds of the columns.
 */
#ifndef CG_CALLS_VIOLATION_ROW_H
#define CG_CALLS_VIOLATION_ROW_H

#include "calls/cdr.h"

/* Fills the row of an event. ifname: name of event->ifindex, "" if it has none. */
void cg_violation_fill_event(const struct cg_event *event, const struct cg_origin *origin,
			     const char *ifname, struct cg_violation_row *row);

/*
 * Fills the violation `unanswered` of the dialog's pending BYE. Time and seq derive from the BYE
 * alone, so that a repeated call gives the same row.
 */
void cg_violation_fill_unanswered(const struct cg_dialog_key *key, const struct cg_dialog *dialog,
				  const struct cg_limits *limits, const struct cg_origin *origin,
				  struct cg_violation_row *row);

/*
 * Fills the violation `alive_after_end` of a dialog whose row doubt had closed, and whose witness
 * has shown a sign of life, or proved another end, since. now: CLOCK_BOOTTIME, ns.
 */
void cg_violation_fill_alive(const struct cg_dialog_key *key, const struct cg_dialog *dialog,
			     __u64 now, const struct cg_origin *origin,
			     struct cg_violation_row *row);

/*
 * Fills the record of a fallback to observe mode, with reason `breaker` and without a call. now:
 * CLOCK_BOOTTIME, ns.
 */
void cg_violation_fill_breaker(__u64 now, __u8 clock, const struct cg_origin *origin,
			       struct cg_violation_row *row);

/*
 * Fills the sum of folded violations of one reason and action (violation_fold.h), with count 0 and
 * without a call. `first` is the first of them. It has no row of its own, so the sum takes its key.
 */
void cg_violation_fill_sum(const struct cg_violation_row *first, struct cg_violation_row *sum);

#endif
