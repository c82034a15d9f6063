// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

bool cg_log_verbose;

/* One write a line: lines of several daemons in one file stay whole. */
static void line(const char *format, va_list args)
{
	char text[1024];
	int len;

	len = vsnprintf(text, sizeof(text) - 1, format, args);
	if (len < 0)
		return;
	if (len > (int)sizeof(text) - 2)
		len = sizeof(text) - 2;
	text[len] = '\n';
	text[len + 1] = '\0';
	fprintf(stderr, "cseqguardd: %s", text);
}

void cg_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line(format, args);
	va_end(args);
}

void cg_log_detail(const char *format, ...)
{
	va_list args;

	if (!cg_log_verbose)
		return;
	va_start(args, format);
	line(format, args);
	va_end(args);
}
