// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/db_maintenance.h"

#include <string.h>

#include "postgres/pg_error.h"
#include "util/clock.h"
#include "util/log.h"

#define HOUR (3600 * CG_SECOND)

static const char partitions_sql[] = "SELECT * FROM cseqguard.make_partitions()";
enum { PARTITION, MADE, WHY }; /* columns of the result */

void cg_db_maintenance_init(struct cg_db_maintenance *maintenance, struct cg_stale_calls *stale)
{
	*maintenance = (struct cg_db_maintenance){ .stale.stale = stale };
	cg_stale_db_restart(&maintenance->stale);
}

void cg_db_maintenance_finish(struct cg_db_maintenance *maintenance)
{
	cg_stale_db_free(&maintenance->stale);
}

void cg_db_maintenance_restart(struct cg_db_maintenance *maintenance)
{
	maintenance->sent = CG_DB_TASK_NONE;
	maintenance->partitions_at = 0;
	cg_stale_db_restart(&maintenance->stale);
}

bool cg_db_maintenance_send(struct cg_db_maintenance *maintenance, struct cg_pg *pg, bool drained)
{
	if (cg_boottime() >= maintenance->partitions_at) {
		maintenance->sent = CG_DB_TASK_PARTITIONS;
		cg_pg_send(pg, partitions_sql, 0, NULL);
		return true;
	}
	if (drained && maintenance->stale.stale->living && !maintenance->stale.stale->done) {
		maintenance->sent = CG_DB_TASK_STALE_CALLS;
		cg_stale_db_send(&maintenance->stale, pg);
		return true;
	}
	return false;
}

static void handle_partition(struct cg_db_maintenance *maintenance, const PGresult *result, int i)
{
	const char *partition = PQgetvalue(result, i, PARTITION), *why = PQgetvalue(result, i, WHY);

	if (*PQgetvalue(result, i, MADE) == 't') {
		cg_log_notice("database: partition %s created: %s", partition, why);
	} else if (!PQgetisnull(result, i, MADE)) {
		cg_log_debug("database: partition %s not created: %s", partition, why);
	} else {
		maintenance->partitions_at = cg_boottime() + HOUR;
		cg_log_warning("database: partition %s not created: %s; rows go there, next try in "
			       "an hour",
			       partition, why);
	}
}

/* A failure is not fatal: rows go to the default partition until the next try. */
static void handle_partitions(struct cg_db_maintenance *maintenance, const PGresult *result)
{
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum cg_pg_error error = cg_pg_classify_error(result);

	maintenance->partitions_at = cg_boottime() + 24 * HOUR;
	if (error == CG_PG_ERROR_DENIED) {
		cg_log_debug("database: cannot create partitions: %s; rows go to the existing ones",
			     primary);
	} else if (error != CG_PG_ERROR_NONE) {
		maintenance->partitions_at = cg_boottime() + HOUR;
		cg_log_warning("database: cannot create partitions: %s; rows go to the default "
			       "partition, next "
			       "try in an hour",
			       primary ? primary : PQresultErrorMessage(result));
	}
	for (int i = 0; i < PQntuples(result); i++)
		handle_partition(maintenance, result, i);
}

bool cg_db_maintenance_handle(struct cg_db_maintenance *maintenance, const PGresult *result)
{
	enum cg_db_task sent = maintenance->sent;

	maintenance->sent = CG_DB_TASK_NONE;
	if (sent == CG_DB_TASK_PARTITIONS)
		handle_partitions(maintenance, result);
	else if (cg_pg_classify_error(result) != CG_PG_ERROR_NONE)
		return false;
	else
		cg_stale_db_handle(&maintenance->stale, result);
	return true;
}
