/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Colour, width and characters of standard output: colour of a terminal alone, and not where
 * NO_COLOR or TERM=dumb is set.
 */
#ifndef CG_FORMAT_COLOUR_H
#define CG_FORMAT_COLOUR_H

#include <stdbool.h>

/* X(NAME, word, code): of ECMA-48 SGR */
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

bool cg_colour_is_enabled(void); /* is standard output? */

/* The escape sequence that turns it on, "" where output is not coloured. Static. */
const char *cg_colour_escape(enum cg_colour colour);

/* Its name, for those who colour by name: libsmartcols. NULL: plain, or not coloured. */
const char *cg_colour_name(enum cg_colour colour);

/* Columns of the terminal that standard output is; 0: it is none. */
unsigned int cg_stdout_columns(void);

/* Characters beyond ASCII: as the terminal has them; a pipe gets UTF-8 whatever the locale is. */
void cg_stdout_set_locale(void);

#endif
