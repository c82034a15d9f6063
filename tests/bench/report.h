/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the bench has found: printed as it comes, and kept for JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "measure.h"

void report_heading(const char *text);

/* A row of ns, and of PASS; budget: times PASS, 0: it has none. */
void report_ns(const char *key, const char *text, double ns, double pass, double budget);

/* Any other figure; budget: the most, 0: it has none. */
void report_figure(const char *key, const char *text, const char *unit, double value,
		   double budget);

int report_write(const char *path); /* JSON; 0 or -errno */

#endif
