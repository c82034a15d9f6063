// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg_error.h"

#include <stdio.h>
#include <string.h>

/* Prefixes from PostgreSQL's appendix A, longer ones first. */
static const struct {
	const char *sqlstate;
	enum cg_pg_error error;
} errors[] = {
	{ "40001", CG_PG_ERROR_RETRY }, /* serialization failure */
	{ "40P01", CG_PG_ERROR_RETRY }, /* deadlock */
	{ "57014", CG_PG_ERROR_CANCELED }, /* statement_timeout, or an administrator */
	{ "42501", CG_PG_ERROR_DENIED }, /* insufficient privilege */
	{ "25006", CG_PG_ERROR_READ_ONLY }, /* read-only transaction */
	{ "23514",
	  CG_PG_ERROR_SERVER }, /* check violation: also a row without a partition, which is not its fault */
	{ "23", CG_PG_ERROR_ROW }, /* constraints */
	{ "22", CG_PG_ERROR_ROW }, /* data exceptions */
};

enum cg_pg_error cg_pg_classify_error(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return CG_PG_ERROR_NONE;
	for (size_t i = 0; sqlstate && i < sizeof(errors) / sizeof(*errors); i++)
		if (!strncmp(sqlstate, errors[i].sqlstate, strlen(errors[i].sqlstate)))
			return errors[i].error;
	return CG_PG_ERROR_SERVER;
}

void cg_pg_error_text(const PGresult *result, const char *role, char *why, size_t size)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_pg_error error = cg_pg_classify_error(result);

	if (!primary)
		primary = PQresultErrorMessage(result);
	if (error == CG_PG_ERROR_DENIED)
		snprintf(why, size, "%s; as owner of the schema, GRANT cseqguard_writer TO \"%s\"",
			 primary, role);
	else if (error == CG_PG_ERROR_READ_ONLY)
		snprintf(why, size,
			 "%s; this server may be a standby: name all hosts of the cluster in --db",
			 primary);
	else
		snprintf(why, size, "%s", primary);
}
