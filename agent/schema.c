// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "schema.h"

#include <stdlib.h>
#include <string.h>

const char cg_schema_sql[] =
#include "agent/schema.sql.h"
	;

const char cg_schema_probe[] = "SELECT max(version) FROM cseqguard.schema_version";

enum cg_schema_state cg_schema_state(const PGresult *probed)
{
	const char *sqlstate = PQresultErrorField(probed, PG_DIAG_SQLSTATE);

	if (PQresultStatus(probed) != PGRES_TUPLES_OK) {
		if (sqlstate && (!strcmp(sqlstate, "42P01") || !strcmp(sqlstate, "3F000")))
			return CG_SCHEMA_MISSING; /* undefined table, undefined schema */
		return CG_SCHEMA_ERROR;
	}
	if (PQntuples(probed) != 1 || PQgetisnull(probed, 0, 0))
		return CG_SCHEMA_MISSING;
	return atoi(PQgetvalue(probed, 0, 0)) == CG_SCHEMA ? CG_SCHEMA_READY : CG_SCHEMA_FOREIGN;
}
