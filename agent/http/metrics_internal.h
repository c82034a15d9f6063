/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How a metric is written; shared by metrics.c and metrics_pair.c. */
#ifndef CG_HTTP_METRICS_INTERNAL_H
#define CG_HTTP_METRICS_INTERNAL_H

#include <stdio.h>

#include "pair/pair.h"

#define US 1e-6
#define NS 1e-9

static inline void put_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP cseqguard_%s %s\n# TYPE cseqguard_%s %s\n", name, help, name, type);
}

static inline void put_number(FILE *out, const char *name, __u64 value)
{
	fprintf(out, "cseqguard_%s %llu\n", name, (unsigned long long)value);
}

static inline void put_counter(FILE *out, const char *name, const char *help, __u64 value)
{
	put_family(out, name, "counter", help);
	put_number(out, name, value);
}

static inline void put_gauge(FILE *out, const char *name, const char *help, __u64 value)
{
	put_family(out, name, "gauge", help);
	put_number(out, name, value);
}

static inline void put_seconds(FILE *out, const char *name, const char *type, const char *help,
			       double value)
{
	put_family(out, name, type, help);
	fprintf(out, "cseqguard_%s %.6f\n", name, value > 0 ? value : 0.0);
}

/* Writes a sample with one label. */
static inline void put_labelled(FILE *out, const char *name, const char *label, const char *word,
				__u64 value)
{
	fprintf(out, "cseqguard_%s{%s=\"%s\"} %llu\n", name, label, word,
		(unsigned long long)value);
}

/* Writes the metrics of the pair. */
void cg_metrics_put_pair(FILE *out, const struct cg_pair *pair);

#endif
