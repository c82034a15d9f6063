// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top_pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "report.h"
#include "text.h"

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
	cg_columns_add(line->text, sizeof(line->text), text, CG_TOP_WIDE, false);
}

void cg_pane_help(struct cg_pane *pane)
{
	if (!open_pane(pane))
		return;
	for (size_t i = 0; i < sizeof(help) / sizeof(*help); i++)
		add(pane, help[i]);
	pane->lines[0].look = CG_LOOK_HEAD;
}

/* What cg_ladder_show() writes, into a file without a name; NULL: it could not be made. */
static FILE *ladder_of(const struct cg_options *options, const char *call_id)
{
	FILE *file = tmpfile();
	int standard = dup(STDOUT_FILENO);

	fflush(stdout);
	if (file && standard >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0) {
		cg_ladder_show(options, call_id);
		fflush(stdout);
		dup2(standard, STDOUT_FILENO);
		rewind(file);
	}
	if (standard >= 0)
		close(standard);
	return file;
}

static void add_ladder(struct cg_pane *pane, const struct cg_options *options, const char *call_id)
{
	char text[CG_LINE_MAX], note[CG_LINE_MAX] = "";
	struct cg_kept before = cg_report_keep((struct cg_kept){ note, sizeof(note) });
	FILE *file = ladder_of(options, call_id);

	cg_report_keep(before);
	while (file && fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		add(pane, text);
	}
	if (file)
		fclose(file);
	if (*note)
		add(pane, note);
}

void cg_pane_call(struct cg_pane *pane, const struct cg_options *options,
		  const struct cg_dialog *dialog)
{
	char call_id[CG_UTF8_SIZE(CG_CALL_ID_MAX)];

	if (!open_pane(pane))
		return;
	cg_text_utf8(call_id, sizeof(call_id), dialog->call.call_id, CG_CALL_ID_MAX);
	add_ladder(pane, options, call_id);
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
