// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The CDRs in the spool: all of them, or with PostgreSQL those that were not stored there yet. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/settle.h"
#include "format/table_print.h"
#include "spool/spool.h"
#include "util/cli_output.h"
#include "util/progress.h"
#include "util/text.h"

static int find_column(const char *name)
{
	const struct cg_db_table *table = &cg_db_tables[CG_TABLE_CDR];
	unsigned int i = 0;

	while (i < table->n_columns && strcmp(table->columns[i].name, name))
		i++;
	return i;
}

static void format_time(const char *value, char out[CG_TIME_TEXT])
{
	cg_utc_format(value ? atoll(value) : -1, out);
}

/* Returns the seconds from answer to end, -1: not ended. */
static double call_seconds(const char *const *values)
{
	const char *answer = values[find_column("answer_time")],
		   *end = values[find_column("end_time")];

	return answer && end ? (atoll(end) - atoll(answer)) / 1e6 : -1;
}

static json_t *make_value(const struct cg_db_column *column, const char *value)
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
	format_time(value, at);
	return json_string(at);
}

/* Prints one element of the array. It is not collected in memory: there may be millions. */
static int print_json(const char *const *values, bool first)
{
	const struct cg_db_table *table = &cg_db_tables[CG_TABLE_CDR];
	double seconds = call_seconds(values);
	json_t *row = json_object();
	int err = 0;

	for (unsigned int i = 0; i < table->n_columns && !err; i++)
		err = json_object_set_new(row, table->columns[i].name,
					  make_value(&table->columns[i], values[i]));
	if (!err)
		err = json_object_set_new(row, "duration",
					  seconds < 0 ? json_null() : json_real(seconds));
	if (err) {
		json_decref(row);
		return -ENOMEM;
	}
	fputs(first ? "[" : ",\n", stdout);
	err = json_dumpf(row, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(row);
	return err || ferror(stdout) ? -EPIPE : 0;
}

static const struct cg_table_print_column columns[] = {
	{ .name = "ANSWER (UTC)" },
	{ .name = "SECONDS", .flags = CG_PRINT_RIGHT },
	{ .name = "END" },
	{ .name = "BY", .flags = CG_PRINT_WIDE },
	{ .name = "SIDES", .flags = CG_PRINT_WIDE },
	{ .name = "SUSPECT" },
	{ .name = "BLOCKED", .flags = CG_PRINT_RIGHT },
	{ .name = "CALLER", .width = 9, .flags = CG_PRINT_CUT },
	{ .name = "CALLEE", .width = 9, .flags = CG_PRINT_CUT },
	{ .name = "CALL-UID", .flags = CG_PRINT_WIDE },
	{ .name = "CALL-ID", .width = 9, .flags = CG_PRINT_CUT },
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

static bool terminal_is_narrow(void)
{
	unsigned int width = cg_stdout_columns();

	return width && width < CG_PRINT_WIDE_FROM;
}

/* Omits the scheme on a narrow terminal. */
static const char *shorten_uri(const char *value)
{
	return value && terminal_is_narrow() && !strncmp(value, "sip:", 4) ? value + 4 : value;
}

/* A row of an older version has no sides. */
static void format_sides(const char *const *values, char *out, size_t size)
{
	const char *caller = values[find_column("caller_side")],
		   *callee = values[find_column("callee_side")];

	snprintf(out, size, "%s%s%s", caller ? caller : "", caller && callee ? "-" : "",
		 callee ? callee : "");
}

struct printer {
	struct cg_table_print *list; /* NULL: JSON */
	__u64 n;
};

static int add_row(struct printer *printer, const char *const *values)
{
	const char *suspect = values[find_column("suspect")],
		   *blocked = values[find_column("blocked_byes")];
	bool is_suspect = suspect && atoi(suspect), is_blocked = blocked && atoi(blocked);
	double seconds = call_seconds(values);
	char answer[CG_TIME_TEXT], length[24] = "open", sides[2 * CG_WORD_MAX];
	const char *cells[COLUMNS] = { answer,
				       length,
				       values[find_column("end_reason")],
				       values[find_column("ended_by")],
				       sides,
				       is_suspect ? "suspect" : "-",
				       blocked,
				       shorten_uri(values[find_column("caller")]),
				       shorten_uri(values[find_column("callee")]),
				       values[find_column("call_uid")],
				       values[find_column("call_id")] };

	format_sides(values, sides, sizeof(sides));
	format_time(values[find_column("answer_time")], answer);
	if (terminal_is_narrow())
		cg_time_shorten(answer);
	else
		answer[strlen(answer) > 19 ? 19 : 0] = '\0';
	if (seconds >= 0)
		snprintf(length, sizeof(length), "%.3f", seconds);
	return cg_table_print_row(printer->list, cells,
				  is_suspect   ? CG_YELLOW
				  : is_blocked ? CG_RED
					       : CG_PLAIN);
}

static int handle_row(void *ctx, __s64 step, const char *const *values)
{
	struct printer *printer = ctx;

	(void)step;
	cg_progress_update(++printer->n);
	return printer->list ? add_row(printer, values) : print_json(values, printer->n == 1);
}

/* An SQL condition for the rows, and its parameters in order. */
struct filter {
	char where[1024];
	const char *values[5];
	int n;
	char since[24], until[24];
};

static void add_condition(struct filter *filter, const char *condition)
{
	size_t len = strlen(filter->where);

	snprintf(filter->where + len, sizeof(filter->where) - len, " AND %s", condition);
}

/* condition: %d, or several %1$d, stand for the number of the parameter. */
static void add_text_condition(struct filter *filter, const char *condition, const char *value)
{
	char text[128];

	if (!value)
		return;
	filter->values[filter->n++] = value;
	snprintf(text, sizeof(text), condition, filter->n);
	add_condition(filter, text);
}

static int add_time_condition(struct filter *filter, const char *condition, const char *value,
			      char us[24])
{
	__s64 at;
	int err;

	if (!value)
		return CG_DONE;
	err = cg_time_parse(value, cg_now_us(), &at);
	if (err == -ENOTUNIQ)
		return cg_fail_clock_change(value);
	if (err)
		return cg_fail_usage(
			"invalid time '%s': expected 2026-01-31, 2026-01-31 12:00 (both local), "
			"2026-01-31T12:00:00Z, or an age "
			"such as 15m, 12h or 7d",
			value);
	snprintf(us, 24, "%lld", (long long)at);
	add_text_condition(filter, condition, us);
	return CG_DONE;
}

/* The calls come in the order of their answers. */
static void keep_last(struct filter *filter, const char *last)
{
	char rows[sizeof(filter->where)];

	if (!last)
		return;
	memcpy(rows, filter->where, sizeof(rows));
	filter->values[filter->n++] = last;
	snprintf(filter->where, sizeof(filter->where),
		 "(setup_time, call_uid, node) IN (SELECT setup_time, call_uid, node FROM cdr "
		 "WHERE %.600s ORDER BY answer_time DESC, setup_time DESC, call_uid DESC, "
		 "node DESC LIMIT CAST(?%d AS INTEGER))",
		 rows, filter->n);
}

static int make_filter(const struct cg_options *options, struct filter *filter)
{
	int err;

	*filter = (struct filter){ .where = "true" };
	err = add_time_condition(filter, "answer_time >= CAST(?%d AS INTEGER)", options->since,
				 filter->since);
	if (!err)
		err = add_time_condition(filter, "answer_time < CAST(?%d AS INTEGER)",
					 options->until, filter->until);
	add_text_condition(filter, "instr(caller, ?%d)", options->caller);
	add_text_condition(filter, "(instr(callee, ?%1$d) OR instr(request_uri, ?%1$d))",
			   options->callee);
	if (options->open)
		add_condition(filter, "end_time IS NULL");
	if (options->closed)
		add_condition(filter, "end_time IS NOT NULL");
	if (options->blocked)
		add_condition(filter, "blocked_byes");
	if (options->suspect)
		add_condition(filter, "suspect");
	keep_last(filter, options->last);
	return err;
}

static int print_rows(struct cg_spool *spool, const struct cg_options *options,
		      const struct filter *filter, int *err)
{
	struct printer printer = {};

	if (!options->json)
		printer.list = cg_table_print_new(columns, COLUMNS);
	if (!options->json && !printer.list)
		return cg_fail("cdr: out of memory");
	cg_progress_start("calls", 0);
	*err = cg_spool_select_calls(spool, filter->where, filter->n, filter->values, handle_row,
				     &printer);
	cg_progress_end();
	if (*err < 0) {
		cg_table_print_free(printer.list);
		return ferror(stdout) ? cg_stdout_flush() : CG_FAILED;
	}
	if (options->json)
		puts(printer.n ? "]" : "[]");
	return cg_table_print_end(printer.list) == -ENOMEM ? cg_fail("cdr: out of memory")
							   : cg_stdout_flush();
}

static int list_cdrs(const struct cg_options *options, const char *path)
{
	struct cg_spool *spool = NULL;
	struct filter filter;
	int code = make_filter(options, &filter), err;

	if (code)
		return code;
	err = cg_spool_open(path, 0, &spool);
	if (err == -ENOENT)
		code = cg_fail(
			"spool %s: no such file; start cseqguardd, or give its file with --spool",
			path);
	else if (!err)
		code = print_rows(spool, options, &filter, &err);
	if (err < 0 && err != -ENOENT && !ferror(stdout))
		code = cg_fail("spool %s: cannot read: %s", path, cg_spool_strerror(spool));
	cg_spool_close(spool);
	return code;
}

static bool has_filter(const struct cg_options *options)
{
	return options->since || options->until || options->caller || options->callee ||
	       options->open || options->closed || options->blocked || options->suspect ||
	       options->last;
}

int cg_cmd_cdr(const struct cg_options *options)
{
	bool settle = options->n_args && !strcmp(options->args[0], "settle");
	struct cg_store store = {};
	int code;

	if (options->n_args != (settle ? 2 : 0))
		return cg_fail_usage(
			"cdr takes no argument, or: settle CALL_UID; see: cseqguard cdr --help");
	if (!settle && (options->db || options->end || options->why || options->by ||
			options->setup || options->node))
		return cg_fail_usage("cdr: --db, --end, --why, --by, --setup and --node need: cdr "
				     "settle CALL_UID");
	if (settle && has_filter(options))
		return cg_fail_usage(
			"cdr settle takes one CALL_UID and no filter; see: cseqguard cdr --help");
	code = settle && options->db && options->spool
		       ? cg_fail_usage("cdr settle takes either --db or --spool; see: cseqguard "
				       "cdr --help")
		       : cg_store_select(options->instance, options->config, options->db,
					 options->spool, &store);
	if (!code)
		code = settle ? cg_settle(options, options->args[1], &store)
			      : list_cdrs(options, store.spool);
	cg_store_free(&store);
	return code;
}
