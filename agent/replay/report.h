/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The report of a replay on standard output: a table of the calls, a table of what would have been
 * refused, and the summary; or one JSON object of the three. Calls are written as they come,
 * violations wait in a temporary file: memory does not depend on their number.
 */
#ifndef CG_REPLAY_REPORT_H
#define CG_REPLAY_REPORT_H

#include "replay/summary.h"

struct cg_report;

struct cg_report *cg_report_new(bool json); /* NULL: no memory, or no temporary file; reported */
void cg_report_free(struct cg_report *report);

/* Return 0 or -errno. */
int cg_report_call(struct cg_report *report, const struct cg_replay_call *call);
int cg_report_violation(struct cg_report *report, const struct cg_violation_row *row);
int cg_report_finish(struct cg_report *report, const struct cg_replay_summary *summary);

/* The summary alone. cg_summary_json() returns NULL without memory. */
void cg_summary_print(const struct cg_replay_summary *summary);
struct json_t *cg_summary_json(const struct cg_replay_summary *summary);

#endif
