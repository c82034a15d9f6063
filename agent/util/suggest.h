/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The name that somebody who mistyped one most likely meant. */
#ifndef CG_UTIL_SUGGEST_H
#define CG_UTIL_SUGGEST_H

#define CG_SUGGEST_WORD_MAX 48 /* bytes of a word; longer ones are near to nothing */

struct cg_suggestion {
	const char *word; /* as it was typed */
	const char *name; /* the nearest so far; NULL: none is near */
	unsigned int distance; /* of that */
};

/*
 * Insertions, deletions, changes and swaps of neighbours that make one of the other; the length of
 * the longer, or more, where one has more than CG_SUGGEST_WORD_MAX bytes.
 */
unsigned int cg_suggest_distance(const char *a, const char *b);

/* Near is what a third of the word's letters make; the first of several has the word. */
void cg_suggest_compare(struct cg_suggestion *nearest, const char *name);

#define CG_SUGGEST_TEXT 80
/* " (did you mean NAME?)", or "". `before` stands before the name ("--"). Returns text. */
const char *cg_suggest_text(const struct cg_suggestion *nearest, const char *before,
			    char text[CG_SUGGEST_TEXT]);

#endif
