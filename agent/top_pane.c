// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top_pane.h"

#include <stdlib.h>

#include "columns.h"

#define LINES_MAX 512

static const char *const help[] = {
	"cseqguard top: the guard at work",
	"",
	"  q             leave               ?  this text",
	"  a b c e s     sort the calls by age, blocked BYEs, caller, callee, source",
	"  r             the other way round",
	"  up, down, PgUp, PgDn, Home, End   select a call",
	"  Enter         open the call",
	"",
	"calls       live: answered, not ended. ended: wait to leave the map.",
	"BYEs        passed: in order. dropped, would drop (observe mode): packets",
	"            refused; of reasons foreign_ack, ambiguous and fragmented some",
	"            may be other than BYE. Sums of since the attach.",
	"lost        events, alerts: a ring was full (nothing is lost to the bill).",
	"            limited: alerts over the limit a second, counted only.",
	"            unguarded: calls that the full map had no room for.",
	"spool       rows in the daemon's file: with --db those that wait for",
	"            PostgreSQL, else the CDRs. -: it cannot be read.",
	"offenders   who sent refused BYEs since this began, as the daemon tells it.",
	"            AT MOST: more sources than are kept came by, and he may be one",
	"            who came again.",
};

static bool open_pane(struct cg_pane *pane)
{
	cg_pane_close(pane);
	pane->lines = calloc(LINES_MAX, sizeof(*pane->lines));
	return pane->lines;
}

static void add(struct cg_pane *pane, const char *text, unsigned int columns)
{
	struct cg_line *line;

	if (pane->n == LINES_MAX)
		return;
	line = &pane->lines[pane->n++];
	cg_columns_add(line->text, sizeof(line->text), text, columns, false);
}

void cg_pane_help(struct cg_pane *pane, unsigned int columns)
{
	if (!open_pane(pane))
		return;
	for (size_t i = 0; i < sizeof(help) / sizeof(*help); i++)
		add(pane, help[i], columns);
	pane->lines[0].look = CG_LOOK_HEAD;
}

void cg_pane_call(struct cg_pane *pane, const struct cg_options *options, const struct cg_top *top,
		  const struct cg_dialog *dialog, unsigned int columns)
{
	(void)options;
	if (!open_pane(pane))
		return;
	pane->n = cg_top_call_facts(top, dialog, columns, pane->lines, LINES_MAX);
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

void cg_pane_bound(struct cg_pane *pane, unsigned int rows)
{
	unsigned int last = pane->n > rows ? pane->n - rows : 0;

	if (pane->first > last)
		pane->first = last;
}
