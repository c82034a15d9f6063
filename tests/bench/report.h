/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the bench has found: printed as it comes, and kept for JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "measure.h"

struct report_unit { /* ns of what a row is a multiple of; floor 0: none measured */
	double pass, floor;
};

struct report_budget { /* at most so many times; 0: there is none */
	double pass, floor;
};

#define NO_BUDGET                                                                                  \
	{                                                                                          \
		0, 0                                                                               \
	}

void report_heading(const char *text);

/* A row of ns, and its multiples. */
void report_ns(const char *key, const char *text, double ns, const struct report_unit *unit,
	       const struct report_budget *budget);

/* Keeps ns for JSON under another key. */
void report_keep_ns(const char *key, double ns);

/* Any other figure; budget: the most, 0: it has none. */
void report_figure(const char *key, const char *text, const char *unit, double value,
		   double budget);

int report_write(const char *path); /* JSON; 0 or -errno */

#endif
