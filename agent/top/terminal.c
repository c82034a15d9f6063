// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "top/terminal.h"

#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/colour.h"
#include "util/cli_output.h"

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	SCREEN *screen;
	struct cg_capture report; /* a report would be printed across the screen */
	bool colours;
	sigset_t outside; /* the signals that were blocked before */
} terminal;
static volatile sig_atomic_t over;

static void end(int signal)
{
	over = signal;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = end };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaction(ends[i], &action, NULL);
		sigaddset(&set, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &set, &terminal.outside);
}

static void use_colours(void)
{
	if (!cg_colour_is_enabled() || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(CG_TERMINAL_ALARM, COLOR_RED, -1);
	terminal.colours = true;
}

static int cannot(const char *name, const char *why)
{
	return cg_fail(
		"top: TERM '%.40s': %s; say another, as TERM=xterm, or use: cseqguard top -b", name,
		why);
}

int cg_terminal_open(void)
{
	const char *move;
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cg_fail("top: no terminal to draw on; for a pipe or a file: cseqguard top "
			       "-b, or -j");
	if (!name || !*name)
		return cg_fail("top: TERM is not set; say what terminal this is, as TERM=xterm, or "
			       "use: cseqguard top -b");
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen)
		return cannot(name, "no such terminal is known");
	move = tigetstr("cup"); /* NULL or -1: it has no such thing */
	if (!move || move == (char *)-1) {
		endwin();
		delscreen(terminal.screen);
		return cannot(name, "its cursor cannot be moved");
	}
	catch_signals();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	use_colours();
	cg_output_capture(&terminal.report);
	return CG_DONE;
}

void cg_terminal_close(void)
{
	endwin();
	delscreen(terminal.screen);
	cg_output_release(&terminal.report);
	if (*terminal.report.text)
		cg_notice("%s", terminal.report.text);
	sigprocmask(SIG_SETMASK, &terminal.outside, NULL);
}

bool cg_terminal_colours(void)
{
	return terminal.colours;
}

bool cg_terminal_over(void)
{
	return over;
}

int cg_terminal_wait(struct pollfd *fds, nfds_t n, const struct timespec *timeout)
{
	return ppoll(fds, n, timeout, &terminal.outside);
}
