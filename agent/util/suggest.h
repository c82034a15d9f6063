/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The name that somebody who mistyped one most likely meant. */
#ifndef CG_UTIL_SUGGEST_H
#define CG_UTIL_SUGGEST_H

#define CG_NEAREST_MAX 48 /* bytes of a word; longer ones are near to nothing */

struct cg_nearest {
	const char *word; /* as it was typed */
	const char *name; /* the nearest so far; NULL: none is near */
	unsigned int distance; /* of that */
};

/*
 * Insertions, deletions, changes and swaps of neighbours that make one of the other; the length of
 * the longer, or more, where one has more than CG_NEAREST_MAX bytes.
 */
unsigned int cg_distance(const char *a, const char *b);

/* Near is what a third of the word's letters make; the first of several has the word. */
void cg_nearest_try(struct cg_nearest *nearest, const char *name);

#define CG_NEAREST_HINT 80
/* " (did you mean NAME?)", or "". `before` stands before the name ("--"). Returns text. */
const char *cg_nearest_hint(const struct cg_nearest *nearest, const char *before,
			    char text[CG_NEAREST_HINT]);

#endif
