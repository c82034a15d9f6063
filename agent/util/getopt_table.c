// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/getopt_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "util/cli_output.h"

void cg_getopt_add(struct cg_getopt_table *table, const char *name, char letter, bool has_value)
{
	char *end;

	assert(table->n < CG_GETOPT_MAX);
	table->longs[table->n] =
		(struct option){ .name = name,
				 .has_arg = has_value ? required_argument : no_argument,
				 .val = CG_GETOPT_LONG + table->n };
	table->n++;
	table->shorts[0] = ':';
	if (!letter)
		return;
	end = table->shorts + strlen(table->shorts);
	*end++ = letter;
	if (has_value)
		*end = ':';
}

const char *cg_getopt_suggest(const struct cg_getopt_table *table, const char *typed,
			      char text[CG_SUGGEST_TEXT])
{
	char name[CG_SUGGEST_WORD_MAX + 1] = "";
	struct cg_suggestion suggestion = { .word = name };
	size_t len = strcspn(typed, "=");

	if (!strncmp(typed, "--", 2) && len - 2 <= CG_SUGGEST_WORD_MAX)
		strncat(name, typed + 2, len - 2);
	for (unsigned int i = 0; i < table->n; i++)
		cg_suggest_compare(&suggestion, table->longs[i].name);
	return cg_suggest_text(&suggestion, "--", text);
}

#define HELP_COLUMNS 100

void cg_help_print(const char *left, unsigned int column, const char *text, const char *def)
{
	char words[512];

	snprintf(words, sizeof(words), "%s%s%s%s", text, def ? " (default: " : "", def ? def : "",
		 def ? ")" : "");
	printf("%-*s ", (int)column - 1, left);
	cg_stdout_print_wrapped(HELP_COLUMNS, column, words);
}
