// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/log.h"

#define FIRST_NS 500000000ULL
#define PERIOD_NS 200000000ULL
#define WIDTH 79

static struct {
	const char *text;
	__u64 total; /* steps; 0: not known */
	__u64 next; /* earliest time of the next update; CLOCK_MONOTONIC, ns */
	bool shown;
	bool disabled; /* stderr is no terminal */
} state;

static __u64 read_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Leaves the cursor in column 0, so that other output overwrites the line. */
static void draw_line(const char *line)
{
	char text[WIDTH + 8];
	int len = snprintf(text, sizeof(text), "%.*s\033[K\r", WIDTH, line);

	state.shown |= cg_log_write_stderr(text, len) > 0;
}

static bool terminal_is_missing(void)
{
	const char *term = getenv("TERM");

	return !isatty(STDERR_FILENO) || !term || !strcmp(term, "dumb");
}

void cg_progress_start(const char *text, __u64 total)
{
	cg_progress_end();
	state.text = text;
	state.total = total;
	state.disabled = terminal_is_missing();
	state.next = state.disabled ? 0 : read_clock_ns() + FIRST_NS;
}

void cg_progress_update(__u64 done)
{
	char line[WIDTH + 1];
	__u64 at;

	if (state.disabled || !state.text)
		return;
	at = read_clock_ns();
	if (at < state.next)
		return;
	state.next = at + PERIOD_NS;
	if (state.total)
		snprintf(line, sizeof(line), "%s: %llu of %llu, %llu %%", state.text, done,
			 state.total, done < state.total ? done * 100 / state.total : 100);
	else
		snprintf(line, sizeof(line), "%s: %llu", state.text, done);
	draw_line(line);
}

void cg_progress_show(const char *format, ...)
{
	char line[WIDTH + 1];
	va_list args;

	if (terminal_is_missing())
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	draw_line(line);
}

void cg_progress_clear(void)
{
	static const char clear[] = "\r\033[K";

	if (state.shown)
		cg_log_write_stderr(clear, sizeof(clear) - 1);
	state.shown = false;
}

void cg_progress_end(void)
{
	cg_progress_clear();
	state.text = NULL;
}
