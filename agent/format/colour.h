/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Colour, width and character set of standard output. Colour is used on a terminal only, and not if
 * NO_COLOR or TERM=dumb is set.
 */
#ifndef CG_FORMAT_COLOUR_H
#define CG_FORMAT_COLOUR_H

#include <stdbool.h>

/* X(NAME, word, code): parameter of ECMA-48 SGR */
#define CG_COLOUR_LIST(X)                                                                          \
	X(PLAIN, plain, "0")                                                                       \
	X(BOLD, bold, "1")                                                                         \
	X(DIM, dim, "2")                                                                           \
	X(RED, red, "31")                                                                          \
	X(GREEN, green, "32")                                                                      \
	X(YELLOW, yellow, "33")                                                                    \
	X(CYAN, cyan, "36")

#define CG_COLOUR_ENUM(NAME, word, code) CG_##NAME,
enum cg_colour { CG_COLOUR_LIST(CG_COLOUR_ENUM) CG_COLOURS };
#undef CG_COLOUR_ENUM

bool cg_colour_is_enabled(void); /* true if standard output is coloured */

/* Returns the escape sequence of the colour, or "" if output is not coloured. Static. */
const char *cg_colour_escape(enum cg_colour colour);

/* Returns the name for libsmartcols, or NULL for CG_PLAIN or if output is not coloured. */
const char *cg_colour_name(enum cg_colour colour);

/* Returns the width of the terminal in columns, or 0 if standard output is no terminal. */
unsigned int cg_stdout_columns(void);

/* Sets the character set: the locale's on a terminal, UTF-8 otherwise. */
void cg_stdout_set_locale(void);

#endif
