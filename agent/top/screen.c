// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#define _XOPEN_SOURCE_EXTENDED
#include "top/screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/open_error.h"
#include "format/columns.h"
#include "top/pane.h"
#include "top/terminal.h"
#include "top/text.h"
#include "util/cli_output.h"
#include "util/clock.h"

#define ROWS_MIN 4
#define COLUMNS_MIN 20
#define SCAN_SHARE 5 /* scanning the maps takes at most 1/5 of a core */

struct screen {
	struct cg_top *top;
	unsigned int selected, first; /* of the calls */
	char call_id[CG_CALL_ID_MAX], to_tag[CG_TAG_MAX]; /* of the selected call; "": none yet */
	struct cg_pane pane;
	bool quit;
	bool dirty;
};

#define KEYS "q quit  ? help  Enter: call  r reverse  sort: "
#define FOOT KEYS "a b c e s" /* leaves room for the position in 80 columns */
#define FOOT_WIDE KEYS "a age b blocked c caller e callee s source"

static int style_attributes(enum cg_line_style style)
{
	switch (style) {
	case CG_STYLE_TITLE:
		return A_REVERSE;
	case CG_STYLE_HEAD:
		return A_BOLD;
	case CG_STYLE_ALARM:
		return A_BOLD | (cg_terminal_has_colours() ? COLOR_PAIR(CG_TERMINAL_ALARM) : 0);
	default:
		return A_NORMAL;
	}
}

/* Cuts the line: a pane may be wider than the screen since a resize. */
static void draw_line(int row, const struct cg_line *line, attr_t more)
{
	attr_t attributes = style_attributes(line->style) | more;
	char text[CG_LINE_MAX] = "";

	cg_columns_append(text, sizeof(text), line->text, COLS, attributes & A_REVERSE);
	attrset(attributes);
	mvaddstr(row, 0, text);
	attrset(A_NORMAL);
}

static unsigned int count_rows(unsigned int head)
{
	return LINES > (int)head + 2 ? LINES - head - 2 : 0;
}

/* Selects the same call as before, at its new position, and scrolls to it. */
static void follow_selected(struct screen *s, unsigned int rows)
{
	const struct cg_call_list *calls = s->top->calls;

	for (unsigned int i = 0; *s->call_id && i < calls->n; i++)
		if (!strncmp(calls->list[i].call.call_id, s->call_id, CG_CALL_ID_MAX) &&
		    !strncmp(calls->list[i].to_tag, s->to_tag, CG_TAG_MAX)) {
			s->selected = i;
			break;
		}
	if (s->selected >= calls->n)
		s->selected = calls->n ? calls->n - 1 : 0;
	if (s->selected < s->first)
		s->first = s->selected;
	if (rows && s->selected >= s->first + rows)
		s->first = s->selected - rows + 1;
}

static void select_call(struct screen *s, long to)
{
	const struct cg_call_list *calls = s->top->calls;

	if (!calls->n)
		return;
	s->selected = to < 0 ? 0 : to >= (long)calls->n ? calls->n - 1 : to;
	memcpy(s->call_id, calls->list[s->selected].call.call_id, sizeof(s->call_id));
	memcpy(s->to_tag, calls->list[s->selected].to_tag, sizeof(s->to_tag));
}

static void draw_foot(const char *keys, unsigned int from, unsigned int to, unsigned int of)
{
	char position[40];

	snprintf(position, sizeof(position), " %u-%u of %u", from, to, of);
	mvaddnstr(LINES - 1, 0, keys, COLS - 1);
	if (of && (int)strlen(position) < COLS - 20)
		mvaddstr(LINES - 1, COLS - 1 - strlen(position), position);
}

static void draw_calls(struct screen *s, struct cg_line *lines)
{
	unsigned int head = cg_top_format_head(s->top, COLS, lines), rows;
	const struct cg_call_list *calls = s->top->calls;
	struct cg_line line;

	if ((int)head > LINES - 3) /* leave two lines for calls */
		head = LINES - 3;
	rows = count_rows(head + 1) + 1;
	follow_selected(s, rows);
	for (unsigned int i = 0; i < head; i++)
		draw_line(i, &lines[i], 0);
	cg_top_format_calls_head(s->top, COLS, &line);
	draw_line(head, &line, 0);
	for (unsigned int i = 0; i < rows && s->first + i < calls->n; i++) {
		cg_top_format_call(s->top, &calls->list[s->first + i], COLS, &line);
		draw_line(head + 1 + i, &line, s->first + i == s->selected ? A_REVERSE : 0);
	}
	draw_foot(COLS < 110 ? FOOT : FOOT_WIDE, calls->n ? s->first + 1 : 0,
		  s->first + rows < calls->n ? s->first + rows : calls->n, calls->live);
}

static void draw_pane(struct screen *s)
{
	struct cg_pane *pane = &s->pane;
	unsigned int rows = LINES - 1, i;

	cg_pane_limit_scroll(pane, rows);
	for (i = 0; i < rows && pane->first + i < pane->n; i++)
		draw_line(i, &pane->lines[pane->first + i], 0);
	draw_foot("q back  arrows, PgUp, PgDn", pane->first + 1, pane->first + i, pane->n);
}

static void draw_screen(struct screen *s)
{
	struct cg_line lines[CG_TOP_HEAD_LINES];

	s->dirty = false;
	erase();
	if (LINES < ROWS_MIN || COLS < COLUMNS_MIN)
		mvaddnstr(0, 0, "too small", COLS);
	else if (s->pane.lines)
		draw_pane(s);
	else
		draw_calls(s, lines);
	refresh();
}

static void set_order(struct screen *s, enum cg_order order, bool reverse)
{
	cg_top_set_order(s->top, order, reverse);
	s->first = s->selected = 0;
	*s->call_id = '\0';
}

static void handle_pane_key(struct screen *s, int key)
{
	int page = LINES > 2 ? LINES - 2 : 1;

	switch (key) {
	case 'q':
	case 27:
	case KEY_ENTER:
	case '\n':
	case '\r':
		cg_pane_close(&s->pane);
		break;
	case KEY_UP:
	case 'k':
		cg_pane_scroll(&s->pane, -1);
		break;
	case KEY_DOWN:
	case 'j':
		cg_pane_scroll(&s->pane, 1);
		break;
	case KEY_PPAGE:
		cg_pane_scroll(&s->pane, -page);
		break;
	case KEY_NPAGE:
	case ' ':
		cg_pane_scroll(&s->pane, page);
		break;
	}
}

static void move_selection(struct screen *s, int key)
{
	long page = LINES > 16 ? LINES - 14 : 1;

	switch (key) {
	case KEY_UP:
	case 'k':
		select_call(s, (long)s->selected - 1);
		break;
	case KEY_DOWN:
	case 'j':
		select_call(s, (long)s->selected + 1);
		break;
	case KEY_PPAGE:
		select_call(s, (long)s->selected - page);
		break;
	case KEY_NPAGE:
		select_call(s, (long)s->selected + page);
		break;
	case KEY_HOME:
		select_call(s, 0);
		break;
	case KEY_END:
		select_call(s, s->top->calls->n);
		break;
	}
}

static void handle_calls_key(struct screen *s, int key)
{
	const struct cg_call_list *calls = s->top->calls;

	switch (key) {
	case 'q':
		s->quit = true;
		break;
	case '?':
	case 'h':
		cg_pane_open_help(&s->pane);
		break;
	case KEY_ENTER:
	case '\n':
	case '\r':
		if (s->selected < calls->n)
			cg_pane_open_call(&s->pane, s->top->instance, &calls->list[s->selected]);
		break;
	case 'r':
		set_order(s, s->top->order, !s->top->reverse);
		break;
#define ORDER_KEY(NAME, word, key)                                                                 \
	case key:                                                                                  \
		set_order(s, CG_ORDER_##NAME, false);                                              \
		break;
		CG_ORDER_LIST(ORDER_KEY)
#undef ORDER_KEY
	default:
		move_selection(s, key);
		break;
	}
}

static void handle_keys(struct screen *s)
{
	int key;

	while ((key = getch()) != ERR && !s->quit) {
		if (s->pane.lines)
			handle_pane_key(s, key);
		else
			handle_calls_key(s, key);
		s->dirty = true; /* also for KEY_RESIZE */
	}
}

/* Waits up to `timeout` ns for a key, a signal or the daemon. */
static void wait_for_input(struct screen *s, __u64 timeout)
{
	struct timespec time = { timeout / CG_SECOND, timeout % CG_SECOND };
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = s->top->daemon_fd, .events = POLLIN } };

	if (cg_terminal_poll(fds, 2, &time) < 0 && errno != EINTR)
		s->quit = true;
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) /* the terminal is closed */
		s->quit = true;
	if (fds[1].revents)
		cg_top_poll_daemon(s->top);
	handle_keys(s);
}

/* Runs until the next refresh: scans the maps in slices and handles keys in between. */
static int run_period(struct screen *s, __u64 delay)
{
	__u64 begin = cg_boottime(), now = begin, scanned = 0, before;
	bool more = true;
	int end = 0;

	while (!s->quit && !cg_terminal_is_interrupted() && now - begin < delay) {
		before = now;
		if (more)
			end = cg_top_run(s->top);
		if (end < 0)
			return end;
		now = cg_boottime();
		scanned += now - before;
		s->dirty |= more && end;
		more = !end && scanned < delay / SCAN_SHARE;
		if (s->dirty)
			draw_screen(s);
		wait_for_input(s, more || now - begin > delay ? 0 : delay - (now - begin));
		now = cg_boottime();
	}
	return 0;
}

int cg_top_run_screen(struct cg_top *top, unsigned int delay_ms, unsigned int count)
{
	struct screen s = { .top = top };
	unsigned int n = 0;
	int err;

	err = cg_terminal_open();
	if (err)
		return err;
	do {
		draw_screen(&s);
		err = run_period(&s, delay_ms * 1000000ULL);
		if (!err && count && ++n >= count)
			break;
		if (!err && !s.quit)
			err = cg_top_refresh(top);
	} while (!err && !s.quit && !cg_terminal_is_interrupted());
	cg_pane_close(&s.pane);
	cg_terminal_close();
	return err ? cg_fail_open(top->instance, err) : CG_DONE;
}
