// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* PostgreSQL: connection, schema, privileges, clock. */
#include <errno.h>
#include <libpq-fe.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "postgres/schema.h"
#include "util/clock.h"
#include "util/text.h"

#define OBJECT "postgresql"
#define CONNECT_SECONDS "5"
#define QUERY_TIMEOUT (5 * CG_SECOND)
#define CLOCK_OFFSET_MAX 1.0 /* seconds */

/* Copies the first line of a libpq message. These messages contain no password. */
static const char *copy_first_line(const char *text, char out[256])
{
	snprintf(out, 256, "%.*s", (int)strcspn(text, "\n"), text);
	return out;
}

static PGconn *connect_db(struct cg_findings *f, const char *conninfo)
{
	/*
	 * before dbname: defaults that the conninfo may change; after it: fixed, as in the daemon
	 */
	const char *keys[] = { "connect_timeout", "fallback_application_name", "dbname",
			       "client_encoding", "target_session_attrs",      NULL };
	const char *values[] = { CONNECT_SECONDS, "cseqguard doctor", conninfo,
				 "UTF8",	  "read-write",	      NULL };
	PGconn *conn = PQconnectdbParams(keys, values, 1);
	char error[256];

	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	copy_first_line(PQerrorMessage(conn), error);
	cg_finding_add(f, CG_FAILURE, OBJECT,
		       strstr(error, "read-only")
			       ? "name the primary, or all hosts: host=db1,db2"
			       : "check --db, pg_hba.conf, and whether the server runs",
		       "%s; rows wait in the spool", error);
	PQfinish(conn);
	return NULL;
}

/* Returns the next result, or NULL if there is none or the server does not answer until `until`. */
static PGresult *next_result(PGconn *conn, __u64 until)
{
	while (PQisBusy(conn)) {
		struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };
		__u64 now = cg_boottime();

		if (now >= until ||
		    (poll(&fd, 1, (until - now) / 1000000 + 1) < 0 && errno != EINTR) ||
		    !PQconsumeInput(conn))
			return NULL;
	}
	return PQgetResult(conn);
}

/* Returns the result of a statement, to be cleared; NULL: the server does not answer in time. */
static PGresult *run_query(PGconn *conn, const char *sql)
{
	__u64 until = cg_boottime() + QUERY_TIMEOUT;
	PGresult *result, *more;

	if (!PQsendQuery(conn, sql))
		return NULL;
	result = next_result(conn, until);
	while (result && (more = next_result(conn, until)))
		PQclear(more);
	return result;
}

static const char *query_error(const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	return primary ? primary : "no answer in time";
}

static bool result_is_true(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
	       *PQgetvalue(result, 0, 0) == 't';
}

#define BY_HAND "have its owner run: cseqguardd --print-schema | psql -1"

static void find_missing_schema(struct cg_findings *f, PGconn *conn)
{
	PGresult *can_create =
		run_query(conn, "SELECT has_database_privilege(current_database(), 'CREATE')");

	if (result_is_true(can_create))
		cg_finding_add(f, CG_WARNING, OBJECT, "start the daemon, or " BY_HAND,
			       "schema cseqguard does not exist; role %s may create it",
			       PQuser(conn));
	else
		cg_finding_add(f, CG_FAILURE, OBJECT, BY_HAND,
			       "schema cseqguard does not exist, and role %s may not create it",
			       PQuser(conn));
	PQclear(can_create);
}

/* Returns true if the schema exists in the version of this program. */
static bool check_schema(struct cg_findings *f, PGconn *conn)
{
	PGresult *probed = run_query(conn, cg_schema_version_sql);
	enum cg_schema_state state = cg_schema_read_state(probed);

	switch (state) {
	case CG_SCHEMA_READY:
		cg_finding_add(f, CG_OK, OBJECT, NULL, "schema cseqguard is version %d",
			       CG_SCHEMA_VERSION);
		break;
	case CG_SCHEMA_NEWER:
		cg_finding_add(
			f, CG_FAILURE, OBJECT, "use the version of cseqguard that made it",
			"schema cseqguard is version %s, newer than version %d of this program",
			PQgetvalue(probed, 0, 0), CG_SCHEMA_VERSION);
		break;
	case CG_SCHEMA_OLDER:
		cg_finding_add(f, CG_WARNING, OBJECT,
			       "the daemon migrates it, if its role owns it; otherwise " BY_HAND,
			       "schema cseqguard is version %s, this program writes version %d",
			       PQgetvalue(probed, 0, 0), CG_SCHEMA_VERSION);
		break;
	case CG_SCHEMA_MISSING:
		find_missing_schema(f, conn);
		break;
	case CG_SCHEMA_ERROR:
		cg_finding_add(f, CG_FAILURE, OBJECT, "GRANT cseqguard_writer TO that role",
			       "role %s cannot read schema cseqguard: %s", PQuser(conn),
			       query_error(probed));
		break;
	}
	PQclear(probed);
	return state == CG_SCHEMA_READY;
}

static const char privileges_sql[] =
	"SELECT coalesce(string_agg(t || ' ' || p, ', '), '') FROM (VALUES"
	" ('cdr', 'SELECT'), ('cdr', 'INSERT'), ('cdr', 'UPDATE'), ('violation', 'SELECT'),"
	" ('violation', 'INSERT'), ('violation', 'UPDATE'), ('settlement', 'INSERT')) AS needed "
	"(t, p)"
	" WHERE NOT has_table_privilege('cseqguard.' || t, p)";

static void check_privileges(struct cg_findings *f, PGconn *conn)
{
	PGresult *result = run_query(conn, privileges_sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		cg_finding_add(f, CG_FAILURE, OBJECT, "GRANT cseqguard_writer TO that role",
			       "cannot read the privileges of role %s: %s", PQuser(conn),
			       query_error(result));
	else if (*PQgetvalue(result, 0, 0))
		cg_finding_add(f, CG_FAILURE, OBJECT, "GRANT cseqguard_writer TO that role",
			       "role %s lacks: %s", PQuser(conn), PQgetvalue(result, 0, 0));
	else
		cg_finding_add(f, CG_OK, OBJECT, NULL, "role %s may write", PQuser(conn));
	PQclear(result);
}

static double read_wall_clock(void)
{
	return cg_now_us() / 1e6;
}

static void check_clock(struct cg_findings *f, PGconn *conn)
{
	double before = read_wall_clock(), after, offset;
	PGresult *result = run_query(conn, "SELECT extract(epoch FROM clock_timestamp())");

	after = read_wall_clock();
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		offset = atof(PQgetvalue(result, 0, 0)) - (before + after) / 2;
		if (fabs(offset) > CLOCK_OFFSET_MAX + (after - before) / 2)
			cg_finding_add(f, CG_WARNING, OBJECT, "synchronise both hosts: chrony",
				       "its clock is %.1f s %s this host's", fabs(offset),
				       offset > 0 ? "ahead of" : "behind");
		else
			cg_finding_add(f, CG_OK, OBJECT, NULL,
				       "its clock is within %.3f s of this host's", fabs(offset));
	}
	PQclear(result);
}

static const char future_sql[] =
	"SELECT count(*), string_agg(DISTINCT node, ', ') FROM cseqguard.cdr"
	" WHERE answer_time > now() + interval '1 minute' OR closed_at > now() + interval '1 "
	"minute'";

/* Retention counts such rows for nothing, and they stay until that time has come. */
static void check_times(struct cg_findings *f, PGconn *conn)
{
	PGresult *result = run_query(conn, future_sql);

	if (PQresultStatus(result) == PGRES_TUPLES_OK && strcmp(PQgetvalue(result, 0, 0), "0"))
		cg_finding_add(f, CG_WARNING, OBJECT, CG_DOCTOR_FUTURE_REMEDY,
			       "%s calls have times in the future: the clock of the server or of a "
			       "node was or is wrong (%s)",
			       PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	PQclear(result);
}

void cg_doctor_check_db(struct cg_findings *f, const char *conninfo)
{
	PGresult *version;
	PGconn *conn;

	if (!conninfo) {
		cg_finding_add(f, CG_OK, OBJECT, NULL, "no --db: the spool stores the CDRs");
		return;
	}
	conn = connect_db(f, conninfo);
	if (!conn)
		return;
	version = run_query(conn, "SHOW server_version");
	if (PQresultStatus(version) != PGRES_TUPLES_OK) {
		cg_finding_add(f, CG_FAILURE, OBJECT, "check the log and the load of the server",
			       "connected, but the server does not answer; rows wait in the spool");
	} else {
		cg_finding_add(f, CG_OK, OBJECT, NULL, "version %s, database %s, writable",
			       PQgetvalue(version, 0, 0), PQdb(conn));
		if (check_schema(f, conn)) {
			check_privileges(f, conn);
			check_times(f, conn);
		}
		check_clock(f, conn);
	}
	PQclear(version);
	PQfinish(conn);
}
