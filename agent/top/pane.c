// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ladder_show.h"
#include "format/columns.h"
#include "util/cli_output.h"
#include "util/text.h"

#define LINES_MAX 512

static const char *const help[] = {
	"cseqguard top: live view of the guard",
	"",
	"  q             exit                ?  this help",
	"  a b c e s     sort the calls by age, blocked BYEs, caller, callee, source",
	"  r             reverse the order",
	"  up, down, PgUp, PgDn, Home, End   select a call",
	"  Enter         open the call: its ladder and its details",
	"",
	"calls       live: answered, not ended. ended: still in the map, for a while.",
	"BYEs        passed: in order. dropped, rewritten (over TCP), would drop",
	"            (observe mode): refused packets. Not all are BYEs with the reasons",
	"            foreign_ack, ambiguous, fragmented, fragment_unlike, tcp_unlike,",
	"            tcp_unframed. Totals since the attach.",
	"lost        events, alerts: lost because a ring was full. No CDR is lost.",
	"            limited: alerts above the rate limit, counted only.",
	"            unguarded: calls that did not fit in the full map.",
	"spool       rows in the spool: with PostgreSQL those that wait for it, else",
	"            the CDRs. -: the spool cannot be read.",
	"offenders   sources of refused BYEs since top started, from the daemon.",
	"            AT MOST: the table of sources was full, so this source sent",
	"            between REFUSED and AT MOST of them.",
};

static bool open_pane(struct cg_pane *pane)
{
	cg_pane_close(pane);
	pane->lines = calloc(LINES_MAX, sizeof(*pane->lines));
	return pane->lines;
}

static void add_line(struct cg_pane *pane, const char *text)
{
	struct cg_line *line;

	if (pane->n == LINES_MAX)
		return;
	line = &pane->lines[pane->n++];
	cg_columns_append(line->text, sizeof(line->text), text, CG_TOP_WIDE, false);
}

void cg_pane_open_help(struct cg_pane *pane)
{
	if (!open_pane(pane))
		return;
	for (size_t i = 0; i < sizeof(help) / sizeof(*help); i++)
		add_line(pane, help[i]);
	pane->lines[0].style = CG_STYLE_HEAD;
}

static void add_lines(struct cg_pane *pane, char *text)
{
	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		add_line(pane, text);
	}
}

static void add_ladder(struct cg_pane *pane, const char *instance, const char *call_id)
{
	struct cg_capture report;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	cg_output_capture(&report);
	if (file) {
		cg_ladder_show(file, instance, call_id, false);
		if (!fclose(file))
			add_lines(pane, text);
		free(text);
	}
	cg_output_release(&report);
	if (*report.text)
		add_line(pane, report.text);
}

void cg_pane_open_call(struct cg_pane *pane, const char *instance, const struct cg_dialog *dialog)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	if (!open_pane(pane))
		return;
	cg_text_escape(call_id, sizeof(call_id), dialog->call.call_id, CG_CALL_ID_MAX);
	add_ladder(pane, instance, call_id);
	add_line(pane, "");
	pane->n += cg_top_format_details(dialog, pane->lines + pane->n, LINES_MAX - pane->n);
}

void cg_pane_close(struct cg_pane *pane)
{
	free(pane->lines);
	*pane = (struct cg_pane){};
}

void cg_pane_scroll(struct cg_pane *pane, int by)
{
	if (by < 0)
		pane->first = pane->first > (unsigned int)-by ? pane->first + by : 0;
	else
		pane->first += by;
}

void cg_pane_limit_scroll(struct cg_pane *pane, unsigned int rows)
{
	unsigned int last = pane->n > rows ? pane->n - rows : 0;

	if (pane->first > last)
		pane->first = last;
}
