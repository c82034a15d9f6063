// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "cli/settle.h"

#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/spool.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/text.h"

#define CONNECT_SECONDS "10" /* for each host: a server may accept, and say nothing */
#define FUTURE_US 60000000LL /* clocks differ: an end may be this far in the future */

struct decision { /* times: microseconds since 1970 */
	char call_uid[CG_UUID_TEXT];
	char setup[24]; /* of the row; "": not given */
	char node[CG_NODE_MAX]; /* of the row; "": not given */
	char why[CG_WHY_MAX];
	char end[24]; /* "": keep the end */
	char by[CG_OPERATOR_MAX];
	char at[24];
};

static int parse_uid(const char *text, char uid[CG_UUID_TEXT])
{
	if (strlen(text) != CG_UUID_TEXT - 1)
		return -EINVAL;
	for (int i = 0; i < CG_UUID_TEXT; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (i < CG_UUID_TEXT - 1 &&
		    (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])))
			return -EINVAL;
		uid[i] = tolower((unsigned char)text[i]);
	}
	return 0;
}

static const char *operator_name(const struct cg_options *options)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd *user = getpwuid(getuid());

	return options->by ? options->by : sudo && *sudo ? sudo : user ? user->pw_name : "unknown";
}

/* Parses an option's time into `us`. NULL: not given. Returns an exit code. */
static int parse_time(const char *option, const char *value, __s64 now, char us[24])
{
	__s64 at;
	int err;

	if (!value)
		return CG_DONE;
	err = cg_time_parse(value, now, &at);
	if (err == -ENOTUNIQ)
		return cg_fail_clock_change(value);
	if (err)
		return cg_fail_usage("invalid value '%s' for %s: expected a time such as "
				     "2026-01-31T12:00:00Z or 2026-01-31 12:00 (local)",
				     value, option);
	snprintf(us, 24, "%lld", (long long)at);
	return CG_DONE;
}

static int make_decision(const struct cg_options *options, const char *call_uid, struct decision *d)
{
	const char *by = operator_name(options);
	__s64 at = cg_now_us();
	int code;

	*d = (struct decision){};
	snprintf(d->at, sizeof(d->at), "%lld", (long long)at);
	if (parse_uid(call_uid, d->call_uid))
		return cg_fail_usage("invalid call_uid '%s'; see: cseqguard cdr", call_uid);
	if (!options->why)
		return cg_fail_usage(
			"cdr settle needs --why TEXT, which is stored with the decision");
	code = parse_time("end", options->end, at, d->end);
	if (!code)
		code = parse_time("setup", options->setup, at, d->setup);
	if (code)
		return code;
	if (*d->end && atoll(d->end) > at + FUTURE_US)
		return cg_fail_usage("invalid value '%s' for end: it is in the future",
				     options->end);
	if (options->node)
		cg_text_escape(d->node, sizeof(d->node), options->node, strlen(options->node));
	cg_text_escape(d->why, sizeof(d->why), options->why, strlen(options->why));
	cg_text_escape(d->by, sizeof(d->by), by, strlen(by));
	return CG_DONE;
}

/*
 * --- in PostgreSQL ------------------------------------------------------------------------------
 */

static const char db_settle[] =
	"SELECT cseqguard.settle($1, $2, timestamptz 'epoch' + $3::int8 * interval '1 microsecond',"
	" $4, timestamptz 'epoch' + $5::int8 * interval '1 microsecond', $6)";

/* By the SQLSTATE: insufficient privilege, or more than one row. */
static const char *find_remedy(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (sqlstate && !strcmp(sqlstate, "42501"))
		return "; settle as the owner of the schema, or let the owner GRANT you "
		       "cseqguard_writer and EXECUTE ON FUNCTION cseqguard.settle";
	if (sqlstate && !strcmp(sqlstate, "21000"))
		return "; choose one with --setup and --node";
	return "";
}

/* "": NULL. */
static const char *get_value(const char *text)
{
	return *text ? text : NULL;
}

static int settle_in_db(const char *conninfo, const struct decision *d)
{
	const char *values[] = { d->call_uid,	      d->why,
				 get_value(d->end),   d->by,
				 get_value(d->setup), get_value(d->node) };
	/*
	 * before dbname: a default that the conninfo may change; after it: fixed, as in the daemon
	 */
	const char *keys[] = { "connect_timeout", "dbname", "client_encoding", NULL };
	const char *settings[] = { CONNECT_SECONDS, conninfo, "UTF8", NULL };
	PGconn *conn = PQconnectdbParams(keys, settings, 1);
	PGresult *result = NULL;
	const char *primary;
	char why[1024];
	int code = CG_DONE;

	if (PQstatus(conn) == CONNECTION_OK)
		result = PQexecParams(conn, db_settle, 6, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
		snprintf(why, sizeof(why), "%s", primary ? primary : PQerrorMessage(conn));
		why[strcspn(why, "\n")] = '\0';
		code = cg_fail("--db: cannot settle: %s%s", why, find_remedy(result));
	}
	PQclear(result);
	PQfinish(conn);
	return code;
}

/*
 * --- in the spool -------------------------------------------------------------------------------
 */

/*
 * Rows that may be settled. ?1: call_uid, ?2: setup time, ?3: node, each of the latter NULL: any.
 */
#define CANDIDATES                                                                                 \
	"call_uid = ?1 AND setup_time = coalesce(CAST(?2 AS INTEGER), setup_time)"                 \
	" AND node = coalesce(?3, node) AND " CG_SPOOL_MAY_SETTLE

/* The row of a key, ?1 to ?3. ?4 to ?7: why, end, by, at; ?8: the last step of the spool. */
static const char spool_record[] =
	"INSERT INTO settlement (step, at, call_uid, node, setup_time, operator, why, end_time,"
	" was_end_time, was_end_reason, was_suspect)"
	" SELECT ?8 + 1, ?7, call_uid, node, setup_time, ?6, ?4,"
	" coalesce(CAST(?5 AS INTEGER), end_time), end_time, end_reason, suspect FROM cdr"
	" WHERE call_uid = ?1 AND setup_time = CAST(?2 AS INTEGER) AND node = ?3";

static const char spool_settle[] =
	"UPDATE cdr SET end_time = coalesce(CAST(?5 AS INTEGER), end_time), end_reason = '%s',"
	" suspect = 0, closed_at = CAST(?7 AS INTEGER), step = ?8 + 1"
	" WHERE call_uid = ?1 AND setup_time = CAST(?2 AS INTEGER) AND node = ?3";

struct candidates {
	unsigned int count;
	char setup[24], node[CG_NODE_MAX]; /* of the last one */
	__s64 answer, end; /* likewise; end 0: open */
	char list[640]; /* all of them, to choose from */
};

static int add_candidate(void *ctx, __s64 step, const char *const *values)
{
	const struct cg_db_table *cdr = &cg_db_tables[CG_TABLE_CDR];
	const char *end = values[cg_db_column_find(cdr, "end_time")];
	struct candidates *found = ctx;
	size_t used = strlen(found->list);
	char setup[CG_TIME_TEXT];

	(void)step;
	snprintf(found->setup, sizeof(found->setup), "%s",
		 values[cg_db_column_find(cdr, "setup_time")]);
	snprintf(found->node, sizeof(found->node), "%s", values[cg_db_column_find(cdr, "node")]);
	found->answer = atoll(values[cg_db_column_find(cdr, "answer_time")]);
	found->end = end ? atoll(end) : 0;
	cg_utc_format(atoll(found->setup), setup);
	snprintf(found->list + used, sizeof(found->list) - used, "%s%s %s", used ? ", " : "", setup,
		 found->node);
	found->count++;
	return 0;
}

static int find_candidates(struct cg_spool *spool, const struct decision *d,
			   struct candidates *found)
{
	const char *values[] = { d->call_uid, get_value(d->setup), get_value(d->node) };
	int rows = cg_spool_select_calls(spool, CANDIDATES, 3, values, add_candidate, found);

	return rows < 0 ? rows : 0;
}

/*
 * Returns an exit code: the decision can be carried out, or why not. The same words as in
 * schema.sql.
 */
static int check_candidates(const char *path, const struct decision *d,
			    const struct candidates *found)
{
	__s64 end = *d->end ? atoll(d->end) : found->end;
	char answer[CG_TIME_TEXT];

	if (!found->count)
		return cg_fail("spool %s: cannot settle: call_uid %s: no such row is open, suspect "
			       "or settled before; one that is closed by evidence stays as it is",
			       path, d->call_uid);
	if (found->count > 1)
		return cg_fail("spool %s: cannot settle: call_uid %s has %u rows: %s; choose one "
			       "with --setup and --node",
			       path, d->call_uid, found->count, found->list);
	if (!end)
		return cg_fail("spool %s: cannot settle: call_uid %s is open; give its --end", path,
			       d->call_uid);
	if (end > atoll(d->at) + FUTURE_US)
		return cg_fail(
			"spool %s: cannot settle: call_uid %s: its end is in the future; give the "
			"right --end",
			path, d->call_uid);
	cg_utc_format(found->answer, answer);
	if (end < found->answer)
		return cg_fail("spool %s: cannot settle: call_uid %s: the end is before the answer "
			       "at %s",
			       path, d->call_uid, answer);
	return CG_DONE;
}

static int write_decision(struct cg_spool *spool, const struct decision *d,
			  const struct candidates *row)
{
	const char *values[] = { d->call_uid,	    row->setup, row->node, d->why,
				 get_value(d->end), d->by,	d->at };
	char sql[sizeof(spool_settle) + 16];
	int rows = cg_spool_execute(spool, spool_record, 7, values);

	snprintf(sql, sizeof(sql), spool_settle, cg_end_name(CG_E_OPERATOR));
	if (rows >= 0)
		rows = cg_spool_execute(spool, sql, 7, values);
	return rows < 0 ? rows : cg_spool_commit(spool);
}

static int settle_in_spool(const char *path, const struct decision *d)
{
	struct candidates found = {};
	struct cg_spool *spool = NULL;
	int err, code = CG_DONE;

	err = access(path, F_OK) ? -errno : cg_spool_open(path, 1, &spool);
	if (!err)
		err = cg_spool_begin(spool);
	if (!err)
		err = find_candidates(spool, d, &found);
	if (!err) {
		code = check_candidates(path, d, &found);
		if (!code)
			err = write_decision(spool, d, &found);
	}
	if (err == -ENOENT && !spool)
		code = cg_fail(
			"spool %s: no such file; give the daemon's file with --spool, or its "
			"database with --db",
			path);
	else if (err)
		code = cg_fail("spool %s: cannot settle: %s", path, cg_spool_strerror(spool));
	if (code && spool)
		cg_spool_rollback(spool);
	cg_spool_close(spool);
	return code;
}

int cg_settle(const struct cg_options *options, const char *call_uid, const struct cg_store *store)
{
	struct decision d;
	int err = make_decision(options, call_uid, &d);

	if (err)
		return err;
	return store->db && !options->spool ? settle_in_db(store->db, &d)
					    : settle_in_spool(store->spool, &d);
}
