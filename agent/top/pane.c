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
	"cseqguard top: the guard at work",
	"",
	"  q             leave               ?  this text",
	"  a b c e s     sort the calls by age, blocked BYEs, caller, callee, source",
	"  r             the other way round",
	"  up, down, PgUp, PgDn, Home, End   select a call",
	"  Enter         open the call: what is known of it, and its ladder",
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

static void add(struct cg_pane *pane, const char *text)
{
	struct cg_line *line;

	if (pane->n == LINES_MAX)
		return;
	line = &pane->lines[pane->n++];
	cg_columns_append(line->text, sizeof(line->text), text, CG_TOP_WIDE, false);
}

void cg_pane_help(struct cg_pane *pane)
{
	if (!open_pane(pane))
		return;
	for (size_t i = 0; i < sizeof(help) / sizeof(*help); i++)
		add(pane, help[i]);
	pane->lines[0].look = CG_LOOK_HEAD;
}

static void add_lines(struct cg_pane *pane, char *text)
{
	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		add(pane, text);
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
		add(pane, report.text);
}

void cg_pane_call(struct cg_pane *pane, const char *instance, const struct cg_dialog *dialog)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	if (!open_pane(pane))
		return;
	cg_text_escape(call_id, sizeof(call_id), dialog->call.call_id, CG_CALL_ID_MAX);
	add_ladder(pane, instance, call_id);
	add(pane, "");
	pane->n += cg_top_call_facts(dialog, pane->lines + pane->n, LINES_MAX - pane->n);
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
