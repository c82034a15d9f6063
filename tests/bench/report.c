// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "report.h"

#include <errno.h>
#include <stdio.h>

#define FIGURES_MAX 96

static struct figure {
	char key[48];
	double value;
} figures[FIGURES_MAX];
static int n_figures;

static void keep(const char *key, const char *suffix, double value)
{
	struct figure *f = &figures[n_figures];

	if (n_figures == FIGURES_MAX)
		return;
	n_figures++;
	snprintf(f->key, sizeof(f->key), "%s%s", key, suffix);
	f->value = value;
}

void report_heading(const char *text)
{
	printf("\n%-52s %9s %8s %8s %12s\n", text, "ns", "x PASS", "x floor", "budget");
}

static void print_budget(const char *format, double value, double budget)
{
	if (budget) {
		printf(format, budget);
		if (value > budget)
			printf("  over");
	}
	printf("\n");
	fflush(stdout);
}

void report_keep_ns(const char *key, double ns)
{
	keep(key, "_ns", ns);
}

void report_ns(const char *key, const char *text, double ns, const struct report_unit *unit,
	       const struct report_budget *budget)
{
	printf("%-52s %9.1f %8.1f", text, ns, ns / unit->pass);
	if (unit->floor)
		printf(" %8.2f", ns / unit->floor);
	else
		printf(" %8s", "");
	if (budget->pass)
		print_budget(" %5.1f PASS ", ns / unit->pass, budget->pass);
	else
		print_budget(" %5.1f floor", ns / unit->floor, budget->floor);
	report_keep_ns(key, ns);
}

void report_figure(const char *key, const char *text, const char *unit, double value, double budget)
{
	printf("%-52s %9.*f %-8s", text, value < 10 ? 2 : 0, value, unit);
	print_budget(" %8.0f", value, budget);
	keep(key, "", value);
}

int report_write(const char *path)
{
	FILE *file = fopen(path, "w");
	int err;

	if (!file)
		return -errno;
	for (int i = 0; i < n_figures; i++)
		fprintf(file, "%s\"%s\": %.*f", i ? ", " : "{", figures[i].key,
			figures[i].value < 1000 ? 2 : 0, figures[i].value);
	fprintf(file, "}\n");
	err = ferror(file) ? -EIO : 0;
	return fclose(file) ? -errno : err;
}
