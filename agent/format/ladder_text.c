// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/ladder_text.h"

#include <stdarg.h>
#include <string.h>

#include "calls/cdr.h"
#include "format/colour.h"
#include "util/enum_names.h"
#include "util/text.h"

#define WIDTH_MAX 120
#define TIME 9 /* 12345.678 */
#define SIDE 4 /* minimum width of a counter: that of its heading */
#define LABEL 64
#define NOTE 256

/* The row has bars in the columns 0, mid and last, and arrows between them. */
struct canvas {
	FILE *out;
	int left, right; /* width of the counters at the sides */
	int mid, last;
	char row[WIDTH_MAX + 1];
};

/* --- one row ---------------------------------------------------------------------------------- */

static void draw_bars(struct canvas *c)
{
	memset(c->row, ' ', c->last + 1);
	c->row[0] = c->row[c->mid] = c->row[c->last] = '|';
	c->row[c->last + 1] = '\0';
}

/* Cuts a text that does not fit. */
static void put_text(struct canvas *c, int at, const char *text)
{
	if (at < 0)
		at = 0;
	for (; *text && at <= c->last; text++)
		c->row[at++] = *text;
}

static int place_column(const struct canvas *c, unsigned int place)
{
	return place == CG_PLACE_CALLER ? 0 : place == CG_PLACE_CALLEE ? c->last : c->mid;
}

/* Puts the label into the half in which the arrow begins. */
static void draw_arrow(struct canvas *c, int from, int to, const char *label)
{
	int low = from < to ? from : to, high = from < to ? to : from, len = strlen(label), half;

	for (int i = low + 1; i < high; i++)
		c->row[i] = i == c->mid ? '+' : '-';
	if (from < to)
		c->row[high - 1] = '>';
	else
		c->row[low + 1] = '<';
	half = c->mid < high && c->mid > low ? c->mid : to;
	low = from < half ? from : half;
	high = from < half ? half : from;
	low += (high - low + 1 - len) / 2;
	put_text(c, low > 2 ? low : 2, label);
}

static void print_counter(FILE *out, const struct cg_ladder_counter *counter, int width)
{
	if (counter->known)
		fprintf(out, "%*u", width, counter->cseq);
	else
		fprintf(out, "%*s", width, "-");
}

static void print_row(struct canvas *c, const struct cg_ladder *ladder,
		      const struct cg_ladder_step *step, const char *colour)
{
	fprintf(c->out, "%*.3f ", TIME, (step->at - ladder->steps[0].at) / 1e9);
	print_counter(c->out, &step->caller, c->left);
	fprintf(c->out, " %s%s%s ", colour, c->row, *colour ? cg_colour_escape(CG_PLAIN) : "");
	print_counter(c->out, &step->callee, c->right);
	fputc('\n', c->out);
}

/* Returns the end of the last part within `room`; NULL if all of the note fits, or no part. */
static char *part_end(char *note, int room)
{
	char *end = NULL;

	if ((int)strlen(note) <= room)
		return NULL;
	for (char *at = note; (at = strstr(at, ", ")) && at + 1 - note <= room; at += 2)
		end = at + 1;
	return end;
}

/* Prints a note below a row, in as many lines as it needs. */
static void print_note(struct canvas *c, char *note, const char *colour)
{
	for (char *next; note; note = next) {
		next = part_end(note, c->last - 3);
		if (next)
			*next++ = '\0';
		draw_bars(c);
		put_text(c, 2, note);
		fprintf(c->out, "%*s %*s %s%s%s\n", TIME, "", c->left, "", colour, c->row,
			*colour ? cg_colour_escape(CG_PLAIN) : "");
	}
}

/* --- one step --------------------------------------------------------------------------------- */

static void format_label(const struct cg_ladder_step *step, int room, char out[LABEL])
{
	const char *method = cg_method_name(step->method);
	char cseq[16] = "";

	if (step->cseq_valid)
		snprintf(cseq, sizeof(cseq), " %u", step->cseq);
	if (step->status)
		snprintf(out, LABEL, " %u (%s%s) ", step->status, method, cseq);
	else
		snprintf(out, LABEL, " %s%s ", method, cseq);
	if (step->status && (int)strlen(out) > room)
		snprintf(out, LABEL, " %u (%s) ", step->status, method);
}

static void append_note(char *note, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append_note(char *note, const char *format, ...)
{
	size_t len = strlen(note);
	va_list args;

	va_start(args, format);
	vsnprintf(note + len, NOTE - len, format, args);
	va_end(args);
}

/* Stores the reason of a mark, and the CSeq that would have passed. */
static void format_reason(const struct cg_ladder *ladder, const struct cg_ladder_step *step,
			  char note[NOTE])
{
	char addr[INET6_ADDRSTRLEN];

	*note = '\0';
	if (step->mark == CG_MARK_WOULD_REFUSE)
		append_note(note, "would refuse: ");
	if (step->mark != CG_MARK_NONE)
		append_note(note, "%s", cg_reason_name(step->reason));
	if (step->mark != CG_MARK_NONE && step->expected_valid)
		append_note(note, ", expected %u", step->expected);
	if (step->count > 1)
		append_note(note, "%s%u times until %.3f", *note ? ", " : "", step->count,
			    (step->last - ladder->steps[0].at) / 1e9);
	if (step->from == CG_PLACE_ELSEWHERE) {
		cg_addr_format(step->source, addr);
		append_note(note, "%sfrom %s:%u", *note ? ", " : "", addr, step->source_port);
	}
}

static const char *step_colour(const struct cg_ladder_step *step)
{
	static const enum cg_colour colours[CG_MARKS] = { [CG_MARK_REFUSED] = CG_RED,
							  [CG_MARK_WOULD_REFUSE] = CG_YELLOW,
							  [CG_MARK_NOTED] = CG_YELLOW };

	return step->mark == CG_MARK_NONE ? "" : cg_colour_escape(colours[step->mark]);
}

/* An arrow from elsewhere begins on the side of the leg that the packet claims to be. */
static int from_column(const struct canvas *c, const struct cg_ladder_step *step)
{
	bool callee = (step->leg == CG_LEG_CALLEE) != (step->status != 0);

	if (step->from != CG_PLACE_ELSEWHERE)
		return place_column(c, step->from);
	return callee ? c->last : 0;
}

static void draw_step(struct canvas *c, const struct cg_ladder *ladder,
		      const struct cg_ladder_step *step)
{
	int from = from_column(c, step), to = place_column(c, step->to), room = c->mid - 3, len;
	const char *colour = step_colour(step);
	char label[LABEL], note[NOTE];

	draw_bars(c);
	format_label(step, room, label);
	format_reason(ladder, step, note);
	len = strlen(note);
	if (from == to)
		put_text(c, c->mid,
			 cg_end_name(ladder->dialog.end_reason)); /* ended without a message */
	else
		draw_arrow(c, from, to, label);
	if (step->mark == CG_MARK_REFUSED)
		c->row[c->mid] = 'X';
	if (len && len <= room && step->mark == CG_MARK_REFUSED) { /* beside the X */
		put_text(c, from < c->mid ? c->mid + 2 : c->mid - 1 - len, note);
		*note = '\0';
	}
	print_row(c, ladder, step, colour);
	if (*note)
		print_note(c, note, colour);
}

/* --- the head --------------------------------------------------------------------------------- */

static void print_text(FILE *out, const char *name, const char *bytes, size_t max)
{
	char text[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	cg_text_escape(text, sizeof(text), bytes, max);
	fprintf(out, "%-9s %s\n", name, text);
}

static void print_state(FILE *out, const struct cg_dialog *d, const __s64 *clock_offset)
{
	__u64 candidate = cg_dialog_recorded_candidate_ns(d);
	char at[CG_TIME_TEXT];

	cg_boottime_format(clock_offset, d->clock, d->answer, at);
	fprintf(out, "%-9s %s, answered %s\n", "state", cg_state_name(d->state), at);
	fprintf(out, "%-9s caller_side %s, callee_side %s, witness %d\n", "sides",
		cg_side_name(cg_leg_side(d->caller_flags)),
		cg_side_name(cg_leg_side(d->callee_flags)), cg_dialog_witness_rank(d));
	if (d->flags & (CG_D_CALLER_TCP | CG_D_CALLEE_TCP))
		fprintf(out, "%-9s caller_transport %s, callee_transport %s\n", "over",
			cg_dialog_transport_text(d, CG_LEG_CALLER),
			cg_dialog_transport_text(d, CG_LEG_CALLEE));
	if (candidate)
		fprintf(out, "%-9s candidate_end after %.3f s, unproven\n", "doubt",
			(candidate - d->answer) / 1e9);
	if (d->end)
		fprintf(out, "%-9s %s by %s after %.3f s%s\n", "end", cg_end_name(d->end_reason),
			cg_leg_name(d->ended_by), (d->end - d->answer) / 1e9,
			d->flags & CG_D_SUSPECT ? ", suspect" : "");
	if (d->blocked_byes)
		fprintf(out, "%-9s %s%u%s\n", "blocked", cg_colour_escape(CG_RED), d->blocked_byes,
			cg_colour_escape(CG_PLAIN));
}

static void format_party(const struct cg_ladder *ladder, const struct cg_leg *leg, __u16 port,
			 __u8 flags, const char *word, char out[LABEL])
{
	char addr[INET6_ADDRSTRLEN];

	cg_addr_format(leg->addr, addr);
	if (!ladder->has_dialog)
		snprintf(out, LABEL, "%s", word);
	else
		snprintf(out, LABEL, "%s%s%s:%u%s", strchr(addr, ':') ? "[" : "", addr,
			 strchr(addr, ':') ? "]" : "", port, flags & CG_LEG_LOCAL ? " (host)" : "");
}

static void print_heading(struct canvas *c, const char *time, const char *cseq)
{
	fprintf(c->out, "%*s %*s %s %*s\n", TIME, time, c->left, cseq, c->row, c->right, cseq);
}

/* Two long addresses do not fit into one line. */
static void draw_heading(struct canvas *c, const struct cg_ladder *ladder)
{
	const struct cg_dialog *d = &ladder->dialog;
	char caller[LABEL], callee[LABEL];
	int guard = c->mid - 2;

	format_party(ladder, &d->caller, d->caller_port, d->caller_flags, "caller", caller);
	format_party(ladder, &d->callee, d->callee_port, d->callee_flags, "callee", callee);
	memset(c->row, ' ', c->last + 1);
	c->row[c->last + 1] = '\0';
	put_text(c, 0, caller);
	if ((int)strlen(caller) > guard - 2 || (int)strlen(callee) > c->last - guard - 6) {
		print_heading(c, "", "");
		memset(c->row, ' ', c->last + 1);
	} else {
		put_text(c, guard, "guard");
	}
	put_text(c, c->last + 1 - (int)strlen(callee), callee);
	print_heading(c, "seconds", "CSeq");
}

static int count_digits(const struct cg_ladder_counter *counter)
{
	char text[16];

	return counter->known ? snprintf(text, sizeof(text), "%u", counter->cseq) : 1;
}

static void set_widths(struct canvas *c, const struct cg_ladder *ladder, int width)
{
	c->left = c->right = SIDE;
	for (unsigned int i = 0; i < ladder->n; i++) {
		int left = count_digits(&ladder->steps[i].caller),
		    right = count_digits(&ladder->steps[i].callee);

		c->left = left > c->left ? left : c->left;
		c->right = right > c->right ? right : c->right;
	}
	width = width < CG_LADDER_WIDTH ? CG_LADDER_WIDTH : width > WIDTH_MAX ? WIDTH_MAX : width;
	c->last = width - TIME - c->left - c->right - 4;
	c->mid = c->last / 2;
}

void cg_ladder_draw(FILE *out, const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS],
		    unsigned int width)
{
	const struct cg_dialog *d = &ladder->dialog;
	struct canvas c = { .out = out };

	set_widths(&c, ladder, width);
	print_text(out, "call-id", d->call.call_id, CG_CALL_ID_MAX);
	print_text(out, "from-tag", d->call.from_tag, CG_TAG_MAX);
	print_text(out, "to-tag", d->to_tag, CG_TAG_MAX);
	if (ladder->has_dialog)
		print_state(out, d, clock_offset);
	fputc('\n', out);
	draw_heading(&c, ladder);
	for (unsigned int i = 0; i < ladder->n; i++)
		draw_step(&c, ladder, &ladder->steps[i]);
	if (ladder->left_out)
		fprintf(out, "%*s ... %u more steps in between were not kept\n", TIME, "",
			ladder->left_out);
}
