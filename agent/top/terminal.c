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

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	SCREEN *screen;
	struct cg_capture report; /* a report would be printed across the screen */
	bool colours;
	sigset_t outside; /* the signal mask before the open */
} terminal;
static volatile sig_atomic_t interrupted;

static void handle_signal(int signal)
{
	interrupted = signal;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = handle_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	for (size_t i = 0; i < sizeof(end_signals) / sizeof(*end_signals); i++) {
		sigaction(end_signals[i], &action, NULL);
		sigaddset(&set, end_signals[i]);
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

static int fail_terminal(const char *name, const char *why)
{
	return cg_fail("top: cannot use TERM '%.40s': %s; set another, such as TERM=xterm, or use: "
		       "cseqguard top -b",
		       name, why);
}

int cg_terminal_open(void)
{
	const char *move;
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cg_fail(
			"top: cannot draw: stdin and stdout must be a terminal; for a pipe or a "
			"file use: cseqguard top -b, or -j");
	if (!name || !*name)
		return cg_fail(
			"top: cannot draw: TERM is not set; set it, such as TERM=xterm, or use: "
			"cseqguard top -b");
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen)
		return fail_terminal(name, "unknown terminal type");
	move = tigetstr("cup"); /* NULL or -1: not supported */
	if (!move || move == (char *)-1) {
		endwin();
		delscreen(terminal.screen);
		return fail_terminal(name, "it cannot move the cursor");
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

bool cg_terminal_has_colours(void)
{
	return terminal.colours;
}

bool cg_terminal_is_interrupted(void)
{
	return interrupted;
}

int cg_terminal_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout)
{
	return ppoll(fds, n, timeout, &terminal.outside);
}
