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

void cg_db_maintenance_init(struct cg_db_maintenance *maintenance, const struct cg_origin *origin)
{
	*maintenance = (struct cg_db_maintenance){};
	cg_stale_calls_boot_time(origin, maintenance->boot);
	maintenance->lost[0] = origin->node;
	maintenance->lost[1] = maintenance->boot;
}

void cg_db_maintenance_restart(struct cg_db_maintenance *maintenance)
{
	maintenance->sent = CG_DB_TASK_NONE;
	maintenance->partitions_at = 0;
}

bool cg_db_maintenance_send(struct cg_db_maintenance *maintenance, struct cg_pg *pg, bool drained)
{
	if (cg_boottime() >= maintenance->partitions_at) {
		maintenance->sent = CG_DB_TASK_PARTITIONS;
		cg_pg_send(pg, partitions_sql, 0, NULL);
		return true;
	}
	if (drained && !maintenance->lost_done) {
		maintenance->sent = CG_DB_TASK_STALE_CALLS;
		cg_pg_send(pg, cg_stale_calls_sql, 2, maintenance->lost);
		return true;
	}
	return false;
}

/* Whatever hinders it: rows have the default partition, and it is tried again. */
static void partitions_done(struct cg_db_maintenance *maintenance, const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_pg_error fault = cg_pg_classify_error(result);

	maintenance->partitions_at = cg_boottime() + 24 * HOUR;
	if (fault == CG_PG_ERROR_DENIED) {
		cg_log_debug("database: %s: rows go to the partitions that are there", primary);
	} else if (fault != CG_PG_ERROR_NONE) {
		maintenance->partitions_at = cg_boottime() + HOUR;
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

static void lost_done(struct cg_db_maintenance *maintenance, const PGresult *result)
{
	const char *calls = PQgetvalue(result, 0, 0);

	if (strcmp(calls, "0"))
		cg_log_warning(
			"database: %s calls of before this boot were open: closed as lost, suspect",
			calls);
	maintenance->lost_done = true;
}

bool cg_db_maintenance_handle(struct cg_db_maintenance *maintenance, const PGresult *result)
{
	enum cg_db_task sent = maintenance->sent;

	maintenance->sent = CG_DB_TASK_NONE;
	if (sent == CG_DB_TASK_PARTITIONS)
		partitions_done(maintenance, result);
	else if (cg_pg_classify_error(result) == CG_PG_ERROR_NONE)
		lost_done(maintenance, result);
	else
		return false;
	return true;
}
