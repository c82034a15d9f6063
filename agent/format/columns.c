// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "format/columns.h"

#include <string.h>
#include <wchar.h>

/* Returns the bytes of the character and stores its columns; 0: it cannot be displayed. */
static size_t measure_character(const char *text, unsigned int *columns)
{
	mbstate_t state = {};
	wchar_t wide;
	size_t len = mbrtowc(&wide, text, strlen(text), &state);
	int width = len && len < (size_t)-2 ? wcwidth(wide) : -1;

	*columns = width < 0 ? 1 : width;
	return width < 0 ? 0 : len;
}

void cg_columns_append(char *out, size_t size, const char *text, unsigned int columns, bool pad)
{
	size_t at = strlen(out);
	unsigned int takes;

	for (; *text; columns -= takes) {
		size_t len = measure_character(text, &takes), bytes = len ? len : 1;

		if (takes > columns || at + bytes >= size)
			break;
		if (len)
			memcpy(out + at, text, len);
		else
			out[at] = '?';
		at += bytes;
		text += bytes;
	}
	while (pad && columns-- && at + 1 < size)
		out[at++] = ' ';
	out[at] = '\0';
}
