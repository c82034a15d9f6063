/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Thresholds as the Monitoring Plugins' guidelines write them: 80 (alert outside 0 to 80), 10:
 * (below 10), ~:10 (above 10), 10:20 (outside), @10:20 (inside). Pure.
 */
#ifndef CG_UTIL_RANGE_H
#define CG_UTIL_RANGE_H

#include <stdbool.h>

struct cg_range {
	const char *text; /* as it was given; NULL: no range, which never alerts */
	double from, to; /* infinite where open */
	bool inside;
};

/* 0, or -EINVAL with range untouched; text must outlive it. */
int cg_range_parse(struct cg_range *range, const char *text);

bool cg_range_alerts(const struct cg_range *range, double value);

#endif
