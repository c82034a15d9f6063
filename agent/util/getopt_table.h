/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The tables of getopt_long(), made from a program's own table of options. */
#ifndef CG_UTIL_GETOPT_TABLE_H
#define CG_UTIL_GETOPT_TABLE_H

#include <getopt.h>
#include <stdbool.h>

#include "util/suggest.h"

#define CG_GETOPT_MAX 96 /* options */
#define CG_GETOPT_LONG 256 /* getopt_long() returns CG_GETOPT_LONG + i for long option i */

struct cg_getopt_table { /* zeroed by the caller */
	unsigned int n;
	struct option longs[CG_GETOPT_MAX + 1];
	char shorts[2 * CG_GETOPT_MAX +
		    2]; /* begins with ':', so that a missing value is told apart */
};

/* Adds option number table->n. letter: its short form, 0: none. The name must outlive the table. */
void cg_getopt_add(struct cg_getopt_table *table, const char *name, char letter, bool has_value);

/* Stores " (did you mean --NAME?)" for an unknown option as typed, or "". Returns `text`. */
const char *cg_getopt_suggest(const struct cg_getopt_table *table, const char *typed,
			      char text[CG_SUGGEST_TEXT]);

/*
 * Prints an option for --help: `left`, padded to `column`, then `text` and the default in
 * parentheses (NULL: none), in lines of at most 100 columns.
 */
void cg_help_print(const char *left, unsigned int column, const char *text, const char *def);

#endif
