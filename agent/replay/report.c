// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/outcome.h"
#include "format/row_json.h"
#include "format/table_print.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/progress.h"
#include "util/text.h"

#define DATE_AND_TIME 19 /* characters of a formatted time, without the fraction */

struct cg_report {
	bool json;
	bool has_calls; /* one at least was written */
	struct cg_table_print *table;
	FILE *violations; /* struct cg_violation_row */
	unsigned int n_violations;
};

static const struct cg_table_print_column call_columns[] = {
	{ .name = "ANSWER (UTC)" },
	{ .name = "END", .flags = CG_PRINT_WIDE },
	{ .name = "SECONDS", .flags = CG_PRINT_RIGHT },
	{ .name = "FIRST BYE", .flags = CG_PRINT_RIGHT },
	{ .name = "DIFFERENCE", .flags = CG_PRINT_RIGHT },
	{ .name = "REASON" },
	{ .name = "BY", .flags = CG_PRINT_WIDE },
	{ .name = "SIDES", .flags = CG_PRINT_WIDE },
	{ .name = "SUSPECT" },
	{ .name = "BLOCKED", .flags = CG_PRINT_RIGHT },
	{ .name = "CALLER", .width = 9, .flags = CG_PRINT_CUT },
	{ .name = "CALLEE", .width = 9, .flags = CG_PRINT_CUT },
	{ .name = "CALL-ID", .width = 9, .flags = CG_PRINT_CUT },
};

static const struct cg_table_print_column violation_columns[] = {
	{ .name = "AT (UTC)" },
	{ .name = "REASON" },
	{ .name = "METHOD" },
	{ .name = "CSEQ", .flags = CG_PRINT_RIGHT },
	{ .name = "EXPECTED", .flags = CG_PRINT_RIGHT },
	{ .name = "SOURCE" },
	{ .name = "COUNT", .flags = CG_PRINT_RIGHT },
	{ .name = "FAR END" },
	{ .name = "CALL-ID", .width = 9, .flags = CG_PRINT_CUT },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct cg_report *cg_report_new(bool json)
{
	struct cg_report *report = calloc(1, sizeof(*report));
	bool good = report;

	if (report) {
		report->json = json;
		report->violations = tmpfile();
		if (!json)
			report->table = cg_table_print_new(call_columns, COUNT(call_columns));
		good = report->violations && (json || report->table);
	}
	if (good)
		return report;
	cg_fail("replay: cannot make the report: %s; TMPDIR may name another folder",
		strerror(errno));
	cg_report_free(report);
	return NULL;
}

void cg_report_free(struct cg_report *report)
{
	if (!report)
		return;
	cg_table_print_free(report->table);
	if (report->violations)
		fclose(report->violations);
	free(report);
}

/* --- text ------------------------------------------------------------------------------------- */

static void format_time(__s64 us, char out[CG_TIME_TEXT])
{
	cg_utc_format(us == CG_NULL ? -1 : us, out);
	if (*out)
		out[DATE_AND_TIME] = '\0';
	else
		strcpy(out, "-");
}

static void format_seconds(__s64 us, char *out, size_t size)
{
	snprintf(out, size, us == CG_NULL ? "-" : "%.3f", us / 1e6);
}

static void format_number(__s64 number, char *out, size_t size)
{
	snprintf(out, size, number == CG_NULL ? "-" : "%lld", (long long)number);
}

static int print_call(struct cg_report *report, const struct cg_replay_call *call)
{
	const struct cg_cdr_row *row = &call->row;
	__s64 length = row->end_time == CG_NULL ? CG_NULL : row->end_time - row->answer_time;
	__s64 first = call->first_bye == CG_NULL ? CG_NULL : call->first_bye - row->answer_time;
	char answer[CG_TIME_TEXT], end[CG_TIME_TEXT], sides[2 * CG_WORD_MAX];
	char seconds[24], first_bye[24], difference[24], blocked[24];
	const char *cells[COUNT(call_columns)] = {
		answer,	       end,	    seconds,
		first_bye,     difference,  row->end_reason,
		row->ended_by, sides,	    row->suspect ? "suspect" : "-",
		blocked,       row->caller, row->callee,
		row->call_id,
	};

	format_time(row->answer_time, answer);
	format_time(row->end_time, end);
	format_seconds(length, seconds, sizeof(seconds));
	if (length == CG_NULL)
		strcpy(seconds, "open");
	format_seconds(first, first_bye, sizeof(first_bye));
	format_seconds(cg_replay_call_difference(call), difference, sizeof(difference));
	format_number(row->blocked_byes, blocked, sizeof(blocked));
	snprintf(sides, sizeof(sides), "%s-%s", row->caller_side, row->callee_side);
	return cg_table_print_row(report->table, cells,
				  row->suspect	      ? CG_YELLOW
				  : row->blocked_byes ? CG_RED
						      : CG_PLAIN);
}

static bool row_is_refusal(const struct cg_violation_row *row)
{
	return strcmp(row->action, cg_action_name(CG_PASS)) != 0;
}

static int print_violation(struct cg_table_print *table, const struct cg_violation_row *row)
{
	bool is_wrong = !strcmp(row->outcome, cg_outcome_name(CG_OUTCOME_ACCEPTED));
	bool is_sum = !*row->call_id; /* of violations without rows of their own */
	char at[CG_TIME_TEXT], cseq[24], expected[24], count[24];
	const char *cells[COUNT(violation_columns)] = {
		at,
		row->reason,
		is_sum ? "-" : row->method,
		cseq,
		expected,
		is_sum ? "many" : row->source,
		count,
		*row->outcome ? row->outcome : "-",
		row->call_id,
	};

	format_time(row->at, at);
	format_number(row->cseq, cseq, sizeof(cseq));
	format_number(row->expected_cseq, expected, sizeof(expected));
	format_number(row->count, count, sizeof(count));
	return cg_table_print_row(table, cells, is_wrong ? CG_RED : CG_PLAIN);
}

/* Prints the table of refusals, if there are any. */
static int print_refusals(struct cg_report *report, const struct cg_replay_summary *summary)
{
	struct cg_table_print *table;
	struct cg_violation_row row;
	int err = 0;

	if (!summary->bye_refusals && !summary->other_refusals)
		return 0;
	printf("\n%s:\n",
	       summary->mode == CG_ENFORCE ? "Refused" : "Enforce mode would have refused");
	table = cg_table_print_new(violation_columns, COUNT(violation_columns));
	if (!table)
		return -ENOMEM;
	while (!err && fread(&row, sizeof(row), 1, report->violations) == 1)
		if (row_is_refusal(&row))
			err = print_violation(table, &row);
	if (!err)
		return cg_table_print_end(table);
	cg_table_print_free(table);
	return err;
}

static int finish_text(struct cg_report *report, const struct cg_replay_summary *summary)
{
	int err = cg_table_print_end(report->table);

	report->table = NULL;
	if (!err)
		err = print_refusals(report, summary);
	if (!err)
		cg_summary_print(summary);
	return err;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *make_seconds(__s64 us)
{
	return us == CG_NULL ? json_null() : json_real(us / 1e6);
}

/* Writes the value, behind `before`, and releases it. */
static int write_value(const char *before, json_t *value)
{
	int err;

	if (!value)
		return -ENOMEM;
	fputs(before, stdout);
	err = json_dumpf(value, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(value);
	return err || ferror(stdout) ? -EPIPE : 0;
}

static int write_call(struct cg_report *report, const struct cg_replay_call *call)
{
	const struct cg_cdr_row *row = &call->row;
	__s64 length = row->end_time == CG_NULL ? CG_NULL : row->end_time - row->answer_time;
	__s64 first = call->first_bye == CG_NULL ? CG_NULL : call->first_bye - row->answer_time;
	json_t *object = cg_row_json(CG_TABLE_CDR, row);

	if (!object || json_object_set_new(object, "duration", make_seconds(length)) ||
	    json_object_set_new(object, "first_bye_duration", make_seconds(first)) ||
	    json_object_set_new(object, "difference",
				make_seconds(cg_replay_call_difference(call)))) {
		json_decref(object);
		return -ENOMEM;
	}
	return write_value(report->has_calls ? ",\n" : "{\"calls\":[", object);
}

static int finish_json(struct cg_report *report, const struct cg_replay_summary *summary)
{
	const char *before = "],\n\"violations\":[";
	struct cg_violation_row row;
	int err = 0;

	if (!report->has_calls)
		fputs("{\"calls\":[", stdout);
	if (!report->n_violations)
		fputs(before, stdout);
	while (!err && fread(&row, sizeof(row), 1, report->violations) == 1) {
		err = write_value(before, cg_row_json(CG_TABLE_VIOLATION, &row));
		before = ",\n";
	}
	if (!err)
		err = write_value("],\n\"summary\":", cg_summary_json(summary));
	if (!err)
		puts("}");
	return err;
}

/* --- both ------------------------------------------------------------------------------------- */

int cg_report_call(struct cg_report *report, const struct cg_replay_call *call)
{
	int err;

	if (report->json)
		cg_progress_clear();
	err = report->json ? write_call(report, call) : print_call(report, call);
	report->has_calls = true;
	return err;
}

int cg_report_violation(struct cg_report *report, const struct cg_violation_row *row)
{
	report->n_violations++;
	return fwrite(row, sizeof(*row), 1, report->violations) == 1 ? 0 : -ENOSPC;
}

int cg_report_finish(struct cg_report *report, const struct cg_replay_summary *summary)
{
	if (fflush(report->violations))
		return -ENOSPC;
	rewind(report->violations);
	return report->json ? finish_json(report, summary) : finish_text(report, summary);
}
