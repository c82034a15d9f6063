// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/db_maintenance.h"

#include <string.h>

#include "postgres/pg_error.h"
#include "postgres/stale_calls.h"
#include "util/clock.h"
#include "util/log.h"

#define HOUR (3600 * CG_SECOND)

static const char partitions_sql[] = "SELECT * FROM cseqguard.make_partitions()";
enum { PARTITION, MADE, WHY }; /* its columns */

void cg_chores_init(struct cg_chores *chores, const struct cg_origin *origin)
{
	*chores = (struct cg_chores){};
	cg_lost_boot(origin, chores->boot);
	chores->lost[0] = origin->node;
	chores->lost[1] = chores->boot;
}

void cg_chores_connected(struct cg_chores *chores)
{
	chores->sent = CG_CHORE_NONE;
	chores->partitions_at = 0;
}

bool cg_chores_send(struct cg_chores *chores, struct cg_pg *pg, bool drained)
{
	if (cg_boottime() >= chores->partitions_at) {
		chores->sent = CG_CHORE_PARTITIONS;
		cg_pg_send(pg, partitions_sql, 0, NULL);
		return true;
	}
	if (drained && !chores->lost_done) {
		chores->sent = CG_CHORE_LOST;
		cg_pg_send(pg, cg_lost_sql, 2, chores->lost);
		return true;
	}
	return false;
}

/* Whatever hinders it: rows have the default partition, and it is tried again. */
static void partitions_done(struct cg_chores *chores, const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_fault fault = cg_fault(result);

	chores->partitions_at = cg_boottime() + 24 * HOUR;
	if (fault == CG_FAULT_DENIED) {
		cg_log_debug("database: %s: rows go to the partitions that are there", primary);
	} else if (fault != CG_FAULT_NONE) {
		chores->partitions_at = cg_boottime() + HOUR;
		cg_log_warning(
			"database: partitions were not made: %s; rows go to the default partition, "
			"trying again in an hour",
			primary ? primary : PQresultErrorMessage(result));
	}
	for (int i = 0; i < PQntuples(result); i++) {
		bool made = *PQgetvalue(result, i, MADE) == 't';

		(made ? cg_log_notice : cg_log_debug)(
			"database: partition %s %s: %s", PQgetvalue(result, i, PARTITION),
			made ? "made" : "left alone", PQgetvalue(result, i, WHY));
	}
}

static void lost_done(struct cg_chores *chores, const PGresult *result)
{
	const char *calls = PQgetvalue(result, 0, 0);

	if (strcmp(calls, "0"))
		cg_log_warning(
			"database: %s calls of before this boot were open: closed as lost, suspect",
			calls);
	chores->lost_done = true;
}

bool cg_chores_done(struct cg_chores *chores, const PGresult *result)
{
	enum cg_chore sent = chores->sent;

	chores->sent = CG_CHORE_NONE;
	if (sent == CG_CHORE_PARTITIONS)
		partitions_done(chores, result);
	else if (cg_fault(result) == CG_FAULT_NONE)
		lost_done(chores, result);
	else
		return false;
	return true;
}
