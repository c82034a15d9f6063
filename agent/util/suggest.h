/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* "Did you mean" suggestions for mistyped names. */
#ifndef CG_UTIL_SUGGEST_H
#define CG_UTIL_SUGGEST_H

#define CG_SUGGEST_WORD_MAX 48 /* bytes; longer words get no suggestion */

struct cg_suggestion {
	const char *word; /* as typed */
	const char *name; /* most similar name so far; NULL: none is similar */
	unsigned int distance; /* of `name` */
};

/*
 * Returns the number of insertions, deletions, substitutions and swaps of neighbours that turn `a`
 * into `b`. If one of them is longer than CG_SUGGEST_WORD_MAX, returns the longer length.
 */
unsigned int cg_suggest_distance(const char *a, const char *b);

/*
 * Compares `name` with the word. A name is similar if its distance is at most a third of the word's
 * length. Among names of equal distance the first one is kept.
 */
void cg_suggest_compare(struct cg_suggestion *suggestion, const char *name);

#define CG_SUGGEST_TEXT 80
/* Stores " (did you mean PREFIXNAME?)", or "" if no name is similar. Returns `text`. */
const char *cg_suggest_text(const struct cg_suggestion *suggestion, const char *prefix,
			    char text[CG_SUGGEST_TEXT]);

#endif
