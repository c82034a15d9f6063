// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg_error.h"

#include <stdio.h>
#include <string.h>

/* PostgreSQL's appendix A; the longer prefix first. */
static const struct {
	const char *sqlstate;
	enum cg_fault fault;
} faults[] = {
	{ "40001", CG_FAULT_AGAIN }, /* serialization failure */
	{ "40P01", CG_FAULT_AGAIN }, /* deadlock */
	{ "42501", CG_FAULT_DENIED }, /* insufficient privilege */
	{ "25006", CG_FAULT_READ_ONLY }, /* read-only transaction */
	{ "23514", CG_FAULT_SERVER }, /* check: a row without a partition too, not its fault */
	{ "23", CG_FAULT_CONTENT }, /* constraints */
	{ "22", CG_FAULT_CONTENT }, /* data exceptions */
};

enum cg_fault cg_fault(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return CG_FAULT_NONE;
	for (size_t i = 0; sqlstate && i < sizeof(faults) / sizeof(*faults); i++)
		if (!strncmp(sqlstate, faults[i].sqlstate, strlen(faults[i].sqlstate)))
			return faults[i].fault;
	return CG_FAULT_SERVER;
}

void cg_fault_say(const PGresult *result, const char *login, char *why, size_t size)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_fault fault = cg_fault(result);

	if (!primary)
		primary = PQresultErrorMessage(result);
	if (fault == CG_FAULT_DENIED)
		snprintf(why, size, "%s; have its owner GRANT cseqguard_writer TO \"%s\"", primary,
			 login);
	else if (fault == CG_FAULT_READ_ONLY)
		snprintf(why, size,
			 "%s: a standby? Looking for another of the hosts in --db; name them all",
			 primary);
	else
		snprintf(why, size, "%s", primary);
}
