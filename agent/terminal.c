// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "terminal.h"

#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report.h"

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	SCREEN *screen;
	int held; /* what is written to stderr meanwhile; -1: nothing is held back */
	int stderr_fd;
	bool colours;
	sigset_t outside; /* the signals that were blocked before */
} terminal = { .held = -1, .stderr_fd = -1 };
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

/* A line on stderr would stand across the screen. */
static void hold_stderr(void)
{
	fflush(stderr);
	terminal.held = memfd_create("stderr", MFD_CLOEXEC);
	terminal.stderr_fd = dup(STDERR_FILENO);
	if (terminal.held >= 0 && terminal.stderr_fd >= 0)
		dup2(terminal.held, STDERR_FILENO);
}

static void give_stderr_back(void)
{
	char text[4096];
	ssize_t size;

	fflush(stderr);
	if (terminal.stderr_fd >= 0) {
		dup2(terminal.stderr_fd, STDERR_FILENO);
		close(terminal.stderr_fd);
	}
	if (terminal.held < 0)
		return;
	size = pread(terminal.held, text, sizeof(text), 0);
	if (size > 0)
		fwrite(text, 1, size, stderr);
	close(terminal.held);
}

static void use_colours(void)
{
	const char *no_colour = getenv("NO_COLOR"); /* no-color.org */

	if ((no_colour && *no_colour) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(CG_TERMINAL_ALARM, COLOR_RED, -1);
	terminal.colours = true;
}

int cg_terminal_open(void)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cg_fail("top: no terminal to draw on; for a pipe or a file: cseqguard top "
			       "-b, or -j");
	if (!name || !*name)
		return cg_fail("top: TERM is not set; say what terminal this is, as TERM=xterm, or "
			       "use: cseqguard top -b");
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen)
		return cg_fail("top: TERM '%.40s': no such terminal is known; say another, as "
			       "TERM=xterm, or use: cseqguard top -b",
			       name);
	catch_signals();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	use_colours();
	hold_stderr();
	return CG_DONE;
}

void cg_terminal_close(void)
{
	endwin();
	delscreen(terminal.screen);
	give_stderr_back();
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
