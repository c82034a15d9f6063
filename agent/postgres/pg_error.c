// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg_error.h"

#include <stdio.h>
#include <string.h>

/* PostgreSQL's appendix A; the longer prefix first. */
static const struct {
	const char *sqlstate;
	enum cg_pg_error fault;
} faults[] = {
	{ "40001", CG_PG_ERROR_RETRY }, /* serialization failure */
	{ "40P01", CG_PG_ERROR_RETRY }, /* deadlock */
	{ "42501", CG_PG_ERROR_DENIED }, /* insufficient privilege */
	{ "25006", CG_PG_ERROR_READ_ONLY }, /* read-only transaction */
	{ "23514", CG_PG_ERROR_SERVER }, /* check: a row without a partition too, not its fault */
	{ "23", CG_PG_ERROR_ROW }, /* constraints */
	{ "22", CG_PG_ERROR_ROW }, /* data exceptions */
};

enum cg_pg_error cg_pg_classify_error(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return CG_PG_ERROR_NONE;
	for (size_t i = 0; sqlstate && i < sizeof(faults) / sizeof(*faults); i++)
		if (!strncmp(sqlstate, faults[i].sqlstate, strlen(faults[i].sqlstate)))
			return faults[i].fault;
	return CG_PG_ERROR_SERVER;
}

void cg_pg_error_text(const PGresult *result, const char *login, char *why, size_t size)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_pg_error fault = cg_pg_classify_error(result);

	if (!primary)
		primary = PQresultErrorMessage(result);
	if (fault == CG_PG_ERROR_DENIED)
		snprintf(why, size, "%s; have its owner GRANT cseqguard_writer TO \"%s\"", primary,
			 login);
	else if (fault == CG_PG_ERROR_READ_ONLY)
		snprintf(why, size,
			 "%s: a standby? Looking for another of the hosts in --db; name them all",
			 primary);
	else
		snprintf(why, size, "%s", primary);
}
