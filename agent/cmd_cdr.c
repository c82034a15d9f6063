// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The CDRs of the spool: all of them where there is no PostgreSQL, else those still on their way. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "report.h"
#include "settle.h"
#include "spool.h"
#include "text.h"

static int column_of(const char *name)
{
	const struct cg_table *table = &cg_tables[CG_TABLE_CDR];
	unsigned int i = 0;

	while (i < table->n_columns && strcmp(table->columns[i].name, name))
		i++;
	return i;
}

/* Microseconds as 2026-01-31T12:00:00.123456Z. */
static void time_text(const char *value, char out[CG_TIME_TEXT])
{
	long long us = value ? atoll(value) : -1;
	time_t seconds = us / 1000000;
	char text[CG_TIME_TEXT];
	struct tm tm;

	*out = '\0';
	if (us < 0 || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, CG_TIME_TEXT, "%.19s.%06lldZ", text, us % 1000000);
}

/* From answer to end; -1: open. */
static double duration(const char *const *values)
{
	const char *answer = values[column_of("answer_time")], *end = values[column_of("end_time")];

	return answer && end ? (atoll(end) - atoll(answer)) / 1e6 : -1;
}

static json_t *json_of(const struct cg_column *column, const char *value)
{
	char at[CG_TIME_TEXT];

	if (!value)
		return json_null();
	if (column->size)
		return json_string(value);
	if (!strcmp(column->type, "bool"))
		return json_boolean(atoi(value));
	if (strcmp(column->type, "time"))
		return json_integer(atoll(value));
	time_text(value, at);
	return json_string(at);
}

static int take_json(void *ctx, __s64 step, const char *const *values)
{
	const struct cg_table *table = &cg_tables[CG_TABLE_CDR];
	double seconds = duration(values);
	json_t *row = json_object();
	int err = 0;

	(void)step;
	for (unsigned int i = 0; i < table->n_columns && !err; i++)
		err = json_object_set_new(row, table->columns[i].name,
					  json_of(&table->columns[i], values[i]));
	if (!err)
		err = json_object_set_new(row, "duration",
					  seconds < 0 ? json_null() : json_real(seconds));
	if (err) {
		json_decref(row);
		return -ENOMEM;
	}
	return json_array_append_new(ctx, row) ? -ENOMEM : 0;
}

#define LINE "%-20.19s %10.10s %-11.11s %-7.7s %-7.7s %7.7s  %-28.28s %-28.28s %-36s %s\n"

static int take_line(void *ctx, __s64 step, const char *const *values)
{
	const char *suspect = values[column_of("suspect")];
	double seconds = duration(values);
	char answer[CG_TIME_TEXT], length[24] = "open";

	(void)ctx;
	(void)step;
	time_text(values[column_of("answer_time")], answer);
	if (seconds >= 0)
		snprintf(length, sizeof(length), "%.3f", seconds);
	printf(LINE, answer, length, values[column_of("end_reason")], values[column_of("ended_by")],
	       suspect && atoi(suspect) ? "suspect" : "-", values[column_of("blocked_byes")],
	       values[column_of("caller")], values[column_of("callee")],
	       values[column_of("call_uid")], values[column_of("call_id")]);
	return 0;
}

/* Which rows: a condition, and its parameters in the order in which it names them. */
struct filter {
	char where[512];
	const char *values[4];
	int n;
	char since[24], until[24];
};

static void add(struct filter *filter, const char *condition)
{
	size_t len = strlen(filter->where);

	snprintf(filter->where + len, sizeof(filter->where) - len, " AND %s", condition);
}

/* condition: with one %d, or more %1$d, for the number of the parameter. */
static void add_text(struct filter *filter, const char *condition, const char *value)
{
	char text[128];

	if (!value)
		return;
	filter->values[filter->n++] = value;
	snprintf(text, sizeof(text), condition, filter->n);
	add(filter, text);
}

static int add_time(struct filter *filter, const char *condition, const char *value, char us[24])
{
	struct timespec now;
	__s64 at;

	if (!value)
		return CG_DONE;
	clock_gettime(CLOCK_REALTIME, &now);
	if (cg_time_read(value, now.tv_sec * 1000000LL + now.tv_nsec / 1000, &at))
		return cg_usage(
			"cdr: '%s' is no time: give 2026-01-31, 2026-01-31T12:00:00Z, or an "
			"age such as 15m, 12h or 7d",
			value);
	snprintf(us, 24, "%lld", (long long)at);
	add_text(filter, condition, us);
	return CG_DONE;
}

static int make_filter(const struct cg_options *options, struct filter *filter)
{
	int err;

	*filter = (struct filter){ .where = "true" };
	err = add_time(filter, "answer_time >= CAST(?%d AS INTEGER)", options->since,
		       filter->since);
	if (!err)
		err = add_time(filter, "answer_time < CAST(?%d AS INTEGER)", options->until,
			       filter->until);
	add_text(filter, "instr(caller, ?%d)", options->caller);
	add_text(filter, "(instr(callee, ?%1$d) OR instr(request_uri, ?%1$d))", options->callee);
	if (options->open)
		add(filter, "end_time IS NULL");
	if (options->closed)
		add(filter, "end_time IS NOT NULL");
	if (options->blocked)
		add(filter, "blocked_byes");
	if (options->suspect)
		add(filter, "suspect");
	return err;
}

static int show(struct cg_spool *spool, const struct cg_options *options,
		const struct filter *filter, int *err)
{
	json_t *rows = options->json ? json_array() : NULL;

	if (!options->json)
		printf(LINE, "ANSWER (UTC)", "SECONDS", "END", "BY", "SUSPECT", "BLOCKED", "CALLER",
		       "CALLEE", "CALL-UID", "CALL-ID");
	*err = cg_spool_select(spool, CG_TABLE_CDR, filter->where, filter->n, filter->values,
			       options->json ? take_json : take_line, rows);
	if (*err >= 0)
		return options->json ? cg_json_out(rows) : cg_out_end();
	json_decref(rows);
	return CG_FAILED;
}

static int list(const struct cg_options *options, const char *path)
{
	struct cg_spool *spool = NULL;
	struct filter filter;
	int code = make_filter(options, &filter), err;

	if (code)
		return code;
	err = cg_spool_open(path, 0, &spool);
	if (err == -ENOENT)
		code = cg_fail(
			"spool %s: no such file; start cseqguardd, or name its file with --spool",
			path);
	else if (!err)
		code = show(spool, options, &filter, &err);
	if (err < 0 && err != -ENOENT)
		code = cg_fail("spool %s: %s", path, cg_spool_error(spool));
	cg_spool_close(spool);
	return code;
}

static bool filtered(const struct cg_options *options)
{
	return options->since || options->until || options->caller || options->callee ||
	       options->open || options->closed || options->blocked || options->suspect;
}

int cg_cmd_cdr(const struct cg_options *options)
{
	bool settle = options->n_args && !strcmp(options->args[0], "settle");
	char *path;
	int code;

	if (options->n_args != (settle ? 2 : 0))
		return cg_usage(
			"cdr takes nothing, or: settle CALL_UID; see: cseqguard cdr --help");
	if (!settle && (options->db || options->end || options->why || options->by))
		return cg_usage("cdr: --db, --end, --why and --by go with: cdr settle CALL_UID");
	if (settle && filtered(options))
		return cg_usage("cdr settle takes one CALL_UID, and no filter; see: cseqguard cdr "
				"--help");
	path = cg_options_spool(options);
	if (!path)
		return cg_fail("cdr: out of memory");
	code = settle ? cg_settle(options, options->args[1], path) : list(options, path);
	free(path);
	return code;
}
