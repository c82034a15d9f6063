// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/format/columns.c agent/util/text.c
#include "format/columns.h"

#include <locale.h>
#include <string.h>

#include "tap.h"
#include "util/text.h"

static bool fits(const char *text, unsigned int columns, bool pad, const char *wanted)
{
	char out[64] = "";

	cg_columns_append(out, sizeof(out), text, columns, pad);
	return !strcmp(out, wanted);
}

static void cut(void)
{
	char out[8] = "ab";

	ok(fits("abc", 5, false, "abc"), "columns: a text that fits is not changed");
	ok(fits("abc", 5, true, "abc  "), "columns: a text that fits is padded");
	ok(fits("abcdef", 3, true, "abc"), "columns: a text that does not fit is cut");
	ok(fits("", 2, true, "  "), "columns: an empty text is padded");
	ok(fits("abc", 0, true, ""), "columns: with no columns nothing is appended");
	cg_columns_append(out, sizeof(out), "cdefghijk", 20, true);
	ok(!strcmp(out, "abcdefg"), "columns: a text is cut at the end of the buffer");
}

static void utf8(void)
{
	ok(fits("h\xc3\xa4\xc3\x9flich", 3, false, "h\xc3\xa4\xc3\x9f"),
	   "columns: a character of two bytes takes one column");
	ok(fits("\xe6\x97\xa5\xe6\x9c\xac", 4, true, "\xe6\x97\xa5\xe6\x9c\xac"),
	   "columns: a wide character takes two columns");
	ok(fits("\xe6\x97\xa5\xe6\x9c\xac", 3, true, "\xe6\x97\xa5 "),
	   "columns: a wide character is not cut in half");
	ok(fits("e\xcc\x81x", 1, false, "e\xcc\x81"), "columns: a combining mark takes no column");
}

static void unsafe(void)
{
	char raw[] = "a\x1b[2Jb\r\xff\xe2\x80\xae", text[64];

	ok(fits("a\x1b[2J\n\x7f", 9, false, "a?[2J??"),
	   "columns: a control character becomes a question mark");
	ok(fits("\xff\xc3", 9, false, "??"),
	   "columns: a byte that is not UTF-8 becomes a question mark");
	cg_text_escape(text, sizeof(text), raw, sizeof(raw));
	ok(fits(text, 60, false, "a\\x1b[2Jb\\x0d\\xff\\xe2\\x80\\xae"),
	   "columns: what came from the wire is shown as it was escaped");
	setlocale(LC_CTYPE, "C");
	ok(fits("h\xc3\xa4!", 9, false, "h?\?!"),
	   "columns: in a locale without UTF-8 other characters become question marks");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	cut();
	utf8();
	unsafe();
	return tap_done();
}
