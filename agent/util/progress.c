// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_NS 500000000ULL
#define PERIOD_NS 200000000ULL
#define WIDTH 79

static struct {
	const char *text;
	__u64 of;
	__u64 next; /* CLOCK_MONOTONIC, ns: not before that */
	bool shown;
	bool off; /* no terminal */
} now;

static __u64 clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* The cursor waits at its beginning: what others write there goes over it. */
static void show(const char *line)
{
	fprintf(stderr, "%.*s\033[K\r", WIDTH, line);
	now.shown = true;
}

static bool is_off(void)
{
	const char *term = getenv("TERM");

	return !isatty(STDERR_FILENO) || !term || !strcmp(term, "dumb");
}

void cg_progress_start(const char *text, __u64 of)
{
	cg_progress_end();
	now.text = text;
	now.of = of;
	now.off = is_off();
	now.next = now.off ? 0 : clock_ns() + FIRST_NS;
}

void cg_progress_update(__u64 done)
{
	char line[WIDTH + 1];
	__u64 at;

	if (now.off || !now.text)
		return;
	at = clock_ns();
	if (at < now.next)
		return;
	now.next = at + PERIOD_NS;
	if (now.of)
		snprintf(line, sizeof(line), "%s: %llu of %llu, %llu %%", now.text, done, now.of,
			 done < now.of ? done * 100 / now.of : 100);
	else
		snprintf(line, sizeof(line), "%s: %llu", now.text, done);
	show(line);
}

void cg_progress_show(const char *format, ...)
{
	char line[WIDTH + 1];
	va_list args;

	if (is_off())
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	show(line);
}

void cg_progress_clear(void)
{
	if (now.shown)
		fputs("\r\033[K", stderr);
	now.shown = false;
}

void cg_progress_end(void)
{
	cg_progress_clear();
	now.text = NULL;
}
