// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* PostgreSQL: reached, the schema, rights, its clock. */
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
#define PATIENCE (5 * CG_SECOND)
#define APART_MOST 1.0 /* seconds */

/* The first line of libpq's words; they name no password. */
static const char *line_of(const char *text, char out[256])
{
	snprintf(out, 256, "%.*s", (int)strcspn(text, "\n"), text);
	return out;
}

static PGconn *reach(struct cg_findings *f, const char *conninfo)
{
	/* what stands before the conninfo is a default; behind it, as the daemon has it */
	const char *keys[] = { "connect_timeout", "fallback_application_name", "dbname",
			       "client_encoding", "target_session_attrs",      NULL };
	const char *values[] = { CONNECT_SECONDS, "cseqguard doctor", conninfo,
				 "UTF8",	  "read-write",	      NULL };
	PGconn *conn = PQconnectdbParams(keys, values, 1);
	char why[256];

	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	line_of(PQerrorMessage(conn), why);
	cg_find(f, CG_FAILURE, OBJECT,
		strstr(why, "read-only") ? "name the primary, or all hosts: host=db1,db2"
					 : "see --db, pg_hba.conf, and whether the server runs",
		"%s; rows wait in the spool", why);
	PQfinish(conn);
	return NULL;
}

/* The next result, NULL: there is none, or the server says nothing in time. */
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

/* The result of one statement, or NULL: the server said nothing in time. The caller clears it. */
static PGresult *ask(PGconn *conn, const char *sql)
{
	__u64 until = cg_boottime() + PATIENCE;
	PGresult *result, *more;

	if (!PQsendQuery(conn, sql))
		return NULL;
	result = next_result(conn, until);
	while (result && (more = next_result(conn, until)))
		PQclear(more);
	return result;
}

static const char *why_of(const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	return primary ? primary : "no answer in time";
}

static bool yes(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
	       *PQgetvalue(result, 0, 0) == 't';
}

#define BY_HAND "have its owner run: cseqguardd --print-schema | psql -1"

/* True: it is there, in this version. */
static bool schema(struct cg_findings *f, PGconn *conn)
{
	PGresult *probed = ask(conn, cg_schema_version_sql), *may;
	enum cg_schema_state state = cg_schema_read_state(probed);
	const char *version = state == CG_SCHEMA_OLDER || state == CG_SCHEMA_NEWER
				      ? PQgetvalue(probed, 0, 0)
				      : "";

	switch (state) {
	case CG_SCHEMA_READY:
		cg_find(f, CG_OK, OBJECT, NULL, "schema cseqguard is version %d",
			CG_SCHEMA_VERSION);
		break;
	case CG_SCHEMA_NEWER:
		cg_find(f, CG_FAILURE, OBJECT, "use the cseqguard that made it",
			"schema cseqguard is version %s, newer than this one's %d", version,
			CG_SCHEMA_VERSION);
		break;
	case CG_SCHEMA_OLDER:
		cg_find(f, CG_WARNING, OBJECT,
			"the daemon migrates it, if it owns it; else " BY_HAND,
			"schema cseqguard is version %s, this one writes %d", version,
			CG_SCHEMA_VERSION);
		break;
	case CG_SCHEMA_MISSING:
		may = ask(conn, "SELECT has_database_privilege(current_database(), 'CREATE')");
		if (yes(may))
			cg_find(f, CG_WARNING, OBJECT, "start the daemon, or " BY_HAND,
				"schema cseqguard is not there; this role may make it");
		else
			cg_find(f, CG_FAILURE, OBJECT, BY_HAND,
				"schema cseqguard is not there, and role %s may not make it",
				PQuser(conn));
		PQclear(may);
		break;
	case CG_SCHEMA_ERROR:
		cg_find(f, CG_FAILURE, OBJECT, "GRANT cseqguard_writer TO that role",
			"role %s cannot read schema cseqguard: %s", PQuser(conn), why_of(probed));
		break;
	}
	PQclear(probed);
	return state == CG_SCHEMA_READY;
}

static const char rights_sql[] =
	"SELECT coalesce(string_agg(t || ' ' || p, ', '), '') FROM (VALUES"
	" ('cdr', 'SELECT'), ('cdr', 'INSERT'), ('cdr', 'UPDATE'), ('violation', 'SELECT'),"
	" ('violation', 'INSERT'), ('violation', 'UPDATE'), ('settlement', 'INSERT')) AS needed "
	"(t, p)"
	" WHERE NOT has_table_privilege('cseqguard.' || t, p)";

static void rights(struct cg_findings *f, PGconn *conn)
{
	PGresult *result = ask(conn, rights_sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		cg_find(f, CG_FAILURE, OBJECT, "GRANT cseqguard_writer TO that role",
			"rights of role %s are not told: %s", PQuser(conn), why_of(result));
	else if (*PQgetvalue(result, 0, 0))
		cg_find(f, CG_FAILURE, OBJECT, "GRANT cseqguard_writer TO that role",
			"role %s lacks: %s", PQuser(conn), PQgetvalue(result, 0, 0));
	else
		cg_find(f, CG_OK, OBJECT, NULL, "role %s may write", PQuser(conn));
	PQclear(result);
}

static double wall_clock(void)
{
	return cg_now_us() / 1e6;
}

static void clocks(struct cg_findings *f, PGconn *conn)
{
	double before = wall_clock(), after, apart;
	PGresult *result = ask(conn, "SELECT extract(epoch FROM clock_timestamp())");

	after = wall_clock();
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		apart = atof(PQgetvalue(result, 0, 0)) - (before + after) / 2;
		if (fabs(apart) > APART_MOST + (after - before) / 2)
			cg_find(f, CG_WARNING, OBJECT, "synchronise both hosts: chrony",
				"its clock is %.1f s %s of this one", fabs(apart),
				apart > 0 ? "ahead" : "behind");
		else
			cg_find(f, CG_OK, OBJECT, NULL, "its clock is this one's to %.3f s",
				fabs(apart));
	}
	PQclear(result);
}

void cg_doctor_db(struct cg_findings *f, const char *conninfo)
{
	PGresult *version;
	PGconn *conn;

	if (!conninfo) {
		cg_find(f, CG_OK, OBJECT, NULL, "no --db: the spool is the store");
		return;
	}
	conn = reach(f, conninfo);
	if (!conn)
		return;
	version = ask(conn, "SHOW server_version");
	if (PQresultStatus(version) != PGRES_TUPLES_OK) {
		cg_find(f, CG_FAILURE, OBJECT, "see the server's log and load",
			"connected, and then no answer; rows wait in the spool");
	} else {
		cg_find(f, CG_OK, OBJECT, NULL, "version %s, database %s, writable",
			PQgetvalue(version, 0, 0), PQdb(conn));
		if (schema(f, conn))
			rights(f, conn);
		clocks(f, conn);
	}
	PQclear(version);
	PQfinish(conn);
}
