// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/suggest.h"

#include <stdio.h>
#include <string.h>

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance; three rows of its table are kept. */
unsigned int cg_suggest_distance(const char *a, const char *b)
{
	unsigned int rows[3][CG_SUGGEST_WORD_MAX + 1];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > CG_SUGGEST_WORD_MAX || len_b > CG_SUGGEST_WORD_MAX)
		return len_a > len_b ? len_a : len_b;
	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned int *now = rows[i % 3], *above = rows[(i + 2) % 3];
		unsigned int *two_above = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			now[j] = min(above[j - 1] + (a[i - 1] != b[j - 1]),
				     min(above[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = min(now[j], two_above[j - 2] + 1);
		}
	}
	return rows[len_a % 3][len_b];
}

void cg_suggest_compare(struct cg_suggestion *suggestion, const char *name)
{
	size_t len = strlen(suggestion->word);
	unsigned int distance = cg_suggest_distance(suggestion->word, name);

	if (distance > len / 3 || distance >= strlen(name) ||
	    (suggestion->name && distance >= suggestion->distance))
		return;
	suggestion->name = name;
	suggestion->distance = distance;
}

const char *cg_suggest_text(const struct cg_suggestion *suggestion, const char *prefix,
			    char text[CG_SUGGEST_TEXT])
{
	text[0] = '\0';
	if (suggestion->name)
		snprintf(text, CG_SUGGEST_TEXT, " (did you mean %.8s%s?)", prefix,
			 suggestion->name);
	return text;
}
