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

struct decision { /* the parameters of the statements, in this order */
	char call_uid[CG_UUID_TEXT];
	char why[CG_WHY_MAX];
	char end[24]; /* microseconds since 1970; "": keep the end */
	char by[CG_OPERATOR_MAX];
	char at[24]; /* microseconds */
};

/* Rows that may be settled. ?1 to ?5: struct decision; ?6: the last step of the spool. */
#define SPOOL_CALL                                                                                 \
	" FROM cdr WHERE call_uid = ?1 AND coalesce(CAST(?3 AS INTEGER), end_time) >= answer_time" \
	" AND (suspect OR end_time IS NULL OR end_reason = '%s')"

static const char spool_record[] =
	"INSERT INTO settlement (step, at, call_uid, node, setup_time, operator, why, end_time,"
	" was_end_time, was_end_reason, was_suspect)"
	" SELECT ?6 + row_number() OVER (ORDER BY step), ?5, call_uid, node, setup_time, ?4, ?2,"
	" coalesce(CAST(?3 AS INTEGER), end_time), end_time, end_reason, suspect" SPOOL_CALL;

static const char spool_settle[] =
	"UPDATE cdr SET end_time = coalesce(CAST(?3 AS INTEGER), end_time), end_reason = '%s',"
	" suspect = 0, closed_at = CAST(?5 AS INTEGER), step = ?6 + call.number"
	" FROM (SELECT step AS was, row_number() OVER (ORDER BY step) AS number" SPOOL_CALL
	") AS call WHERE cdr.step = call.was";

static const char db_settle[] =
	"SELECT cseqguard.settle($1, $2, timestamptz 'epoch' + $3::int8 * interval '1 microsecond',"
	" $4)";

static int fail_no_row(const char *where, const char *call_uid)
{
	return cg_fail(
		"%s: cannot settle call_uid %s: there is no such row, or it is closed by evidence, "
		"or it is open and needs an --end at or after its answer",
		where, call_uid);
}

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

static int make_decision(const struct cg_options *options, const char *call_uid, struct decision *d)
{
	const char *by = operator_name(options);
	__s64 at = cg_now_us(), end;

	*d = (struct decision){};
	snprintf(d->at, sizeof(d->at), "%lld", (long long)at);
	if (parse_uid(call_uid, d->call_uid))
		return cg_fail_usage("invalid call_uid '%s'; see: cseqguard cdr", call_uid);
	if (!options->why)
		return cg_fail_usage(
			"cdr settle needs --why TEXT, which is stored with the decision");
	if (options->end && cg_time_parse(options->end, at, &end))
		return cg_fail_usage(
			"invalid value '%s' for end: expected a time such as 2026-01-31T12:00:00Z",
			options->end);
	if (options->end)
		snprintf(d->end, sizeof(d->end), "%lld", (long long)end);
	cg_text_escape(d->why, sizeof(d->why), options->why, strlen(options->why));
	cg_text_escape(d->by, sizeof(d->by), by, strlen(by));
	return CG_DONE;
}

static const char *find_remedy(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (sqlstate && !strcmp(sqlstate, "42501"))
		return "; settle as the owner of the schema, or let the owner GRANT you "
		       "cseqguard_writer and EXECUTE ON FUNCTION cseqguard.settle";
	return "";
}

static int settle_db(const char *conninfo, const struct decision *d)
{
	const char *values[] = { d->call_uid, d->why, *d->end ? d->end : NULL, d->by };
	PGconn *conn = PQconnectdb(conninfo);
	PGresult *result = NULL;
	char why[256];
	int code;

	if (PQstatus(conn) == CONNECTION_OK)
		result = PQexecParams(conn, db_settle, 4, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		snprintf(why, sizeof(why), "%s", PQerrorMessage(conn));
		why[strcspn(why, "\n")] = '\0';
		code = cg_fail("--db: cannot settle: %s%s", why, find_remedy(result));
	} else if (!strcmp(PQgetvalue(result, 0, 0), "0")) {
		code = fail_no_row("--db", d->call_uid);
	} else {
		code = CG_DONE;
	}
	PQclear(result);
	PQfinish(conn);
	return code;
}

/* Each %s in `format` becomes the end reason `operator`. */
static int execute_sql(struct cg_spool *spool, const char *format, const struct decision *d)
{
	const char *values[] = { d->call_uid, d->why, *d->end ? d->end : NULL, d->by, d->at };
	const char *word = cg_end_name(CG_E_OPERATOR);
	char sql[1024];

	snprintf(sql, sizeof(sql), format, word, word);
	return cg_spool_execute(spool, sql, 5, values);
}

static int settle_spool(const char *path, const struct decision *d)
{
	struct cg_spool *spool = NULL;
	int err, rows = 0;

	err = access(path, F_OK) ? -errno : cg_spool_open(path, 1, &spool);
	if (!err)
		err = cg_spool_begin(spool);
	if (!err) {
		rows = execute_sql(spool, spool_record, d);
		if (rows > 0)
			rows = execute_sql(spool, spool_settle, d);
		err = rows < 0 ? rows : cg_spool_commit(spool);
		if (err)
			cg_spool_rollback(spool);
	}
	if (err == -ENOENT && !spool)
		cg_fail("spool %s: no such file; give the daemon's file with --spool, or its "
			"database with --db",
			path);
	else if (err)
		cg_fail("spool %s: cannot settle: %s", path, cg_spool_strerror(spool));
	cg_spool_close(spool);
	if (err)
		return CG_FAILED;
	return rows ? CG_DONE : fail_no_row(path, d->call_uid);
}

int cg_settle(const struct cg_options *options, const char *call_uid, const struct cg_store *store)
{
	struct decision d;
	int err = make_decision(options, call_uid, &d);

	if (err)
		return err;
	return store->db && !options->spool ? settle_db(store->db, &d)
					    : settle_spool(store->spool, &d);
}
