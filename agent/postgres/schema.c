// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char cg_schema_sql[] =
#include "schema.sql.h"
	;

const char cg_schema_version_sql[] = "SELECT max(version) FROM cseqguard.schema_version";

enum cg_schema_state cg_schema_read_state(const PGresult *probed)
{
	const char *sqlstate = PQresultErrorField(probed, PG_DIAG_SQLSTATE);
	int version;

	if (PQresultStatus(probed) != PGRES_TUPLES_OK) {
		if (sqlstate && (!strcmp(sqlstate, "42P01") || !strcmp(sqlstate, "3F000")))
			return CG_SCHEMA_MISSING; /* undefined table, undefined schema */
		return CG_SCHEMA_ERROR;
	}
	if (PQntuples(probed) != 1 || PQgetisnull(probed, 0, 0))
		return CG_SCHEMA_MISSING;
	version = atoi(PQgetvalue(probed, 0, 0));
	return version == CG_SCHEMA_VERSION  ? CG_SCHEMA_READY
	       : version < CG_SCHEMA_VERSION ? CG_SCHEMA_OLDER
					     : CG_SCHEMA_NEWER;
}

void cg_schema_newer_text(const PGresult *probed, char *why, size_t size)
{
	snprintf(why, size,
		 "schema cseqguard has version %s, but this cseqguardd writes %d; install the "
		 "matching "
		 "cseqguardd",
		 PQgetvalue(probed, 0, 0), CG_SCHEMA_VERSION);
}

void cg_schema_failure_text(const PGresult *made, int version, char *why, size_t size)
{
	const char *primary = PQresultErrorField(made, PG_DIAG_MESSAGE_PRIMARY);

	snprintf(why, size,
		 "cannot %s schema cseqguard: %s; as its owner, run `cseqguardd --print-schema | "
		 "psql "
		 "-1`",
		 version ? "migrate" : "create", primary ? primary : "unknown error");
}
