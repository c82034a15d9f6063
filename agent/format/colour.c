// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/colour.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 80 /* of a terminal that does not report its width */

#define CODE(NAME, word, code) "\033[" code "m",
#define WORD(NAME, word, code) #word,
static const char *const codes[] = { CG_COLOUR_LIST(CODE) };
static const char *const words[] = { CG_COLOUR_LIST(WORD) };

bool cg_colour_is_enabled(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && *term && strcmp(term, "dumb");
}

const char *cg_colour_escape(enum cg_colour colour)
{
	return cg_colour_is_enabled() ? codes[colour] : "";
}

const char *cg_colour_name(enum cg_colour colour)
{
	return colour != CG_PLAIN && cg_colour_is_enabled() ? words[colour] : NULL;
}

unsigned int cg_stdout_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS;
	return size.ws_col;
}

void cg_stdout_set_locale(void)
{
	setlocale(LC_CTYPE, isatty(STDOUT_FILENO) ? "" : "C.UTF-8");
}
