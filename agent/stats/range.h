/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Thresholds in the notation of the Monitoring Plugins guidelines: 80 (alert outside 0 to 80), 10:
 * (below 10), ~:10 (above 10), 10:20 (outside), @10:20 (inside). No I/O.
 */
#ifndef CG_STATS_RANGE_H
#define CG_STATS_RANGE_H

#include <stdbool.h>

struct cg_range {
	const char *text; /* the argument; NULL: no range, never alerts */
	double from, to; /* an open end is infinite */
	bool inside; /* alert inside the range instead of outside */
};

/* Parses `text`, which must outlive the range. Returns 0, or -EINVAL with *range untouched. */
int cg_range_parse(struct cg_range *range, const char *text);

/* True if `value` raises an alert. */
bool cg_range_alerts(const struct cg_range *range, double value);

#endif
