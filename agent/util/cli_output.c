// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/cli_output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/progress.h"
#include "util/text.h"

static bool as_json;
static struct cg_capture *innermost; /* NULL: reports go to stderr */

void cg_output_set_json(bool json)
{
	as_json = json;
}

void cg_output_capture(struct cg_capture *capture)
{
	*capture = (struct cg_capture){ .outer = innermost };
	innermost = capture;
}

void cg_output_release(struct cg_capture *capture)
{
	innermost = capture->outer;
}

static void print_report(const char *kind, const char *format, va_list args)
{
	char raw[1024], text[1024];
	json_t *line;

	cg_progress_clear();
	vsnprintf(raw, sizeof(raw), format, args);
	cg_text_make_printable(text, sizeof(text), raw); /* an argument may have any bytes */
	if (innermost) {
		snprintf(innermost->text, sizeof(innermost->text), "%s", text);
		return;
	}
	line = as_json ? json_pack("{ss}", kind, text) : NULL;
	if (line) {
		json_dumpf(line, stderr, JSON_COMPACT);
		fputc('\n', stderr);
	} else {
		fprintf(stderr, "cseqguard: %s\n", text);
	}
	json_decref(line);
}

int cg_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_report("error", format, args);
	va_end(args);
	return CG_FAILED;
}

int cg_fail_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_report("error", format, args);
	va_end(args);
	return CG_USAGE;
}

void cg_notice(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_report("notice", format, args);
	va_end(args);
}

int cg_stdout_write_json(json_t *json)
{
	int err = json ? json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) : -1;

	json_decref(json);
	if (err || putchar('\n') == EOF)
		return cg_fail("standard output: cannot write: %s",
			       json ? strerror(errno) : "out of memory");
	return cg_stdout_flush();
}

int cg_stdout_flush(void)
{
	if (fflush(stdout) || ferror(stdout))
		return cg_fail("standard output: cannot write: %s", strerror(errno));
	return CG_DONE;
}

void cg_stdout_print_wrapped(unsigned int width, unsigned int column, const char *text)
{
	unsigned int at = column, words = 0;

	while (*text) {
		unsigned int len = strcspn(text, " ");

		if (width && words && at + 1 + len > width) {
			printf("\n%*s", (int)column, "");
			at = column;
			words = 0;
		}
		at += printf("%s%.*s", words++ ? " " : "", (int)len, text);
		text += len + (text[len] == ' ');
	}
	putchar('\n');
}
