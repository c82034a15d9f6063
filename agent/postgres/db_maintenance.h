/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What PostgreSQL is asked beside rows: partitions of the months ahead, after each connect and once
 * a day; and once, after all that the spool held, that calls of before the boot be closed (lost.h).
 */
#ifndef CG_POSTGRES_DB_MAINTENANCE_H
#define CG_POSTGRES_DB_MAINTENANCE_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "postgres/pg.h"

struct cg_db_maintenance {
	enum cg_db_task {
		CG_DB_TASK_NONE,
		CG_DB_TASK_PARTITIONS,
		CG_DB_TASK_STALE_CALLS
	} sent; /* under way */
	__u64 partitions_at; /* CLOCK_BOOTTIME, ns */
	bool lost_done;
	const char *lost[2]; /* parameters of cg_stale_calls_sql */
	char boot[24];
};

/* The origin must outlive it. */
void cg_db_maintenance_init(struct cg_db_maintenance *maintenance, const struct cg_origin *origin);
void cg_db_maintenance_restart(struct cg_db_maintenance *maintenance);

/* Sends what is due, to an idle connection. drained: no row waits. False: nothing is due. */
bool cg_db_maintenance_send(struct cg_db_maintenance *maintenance, struct cg_pg *pg, bool drained);

/* The answer to what was sent. False: it is due still, the connection is of no use. */
bool cg_db_maintenance_handle(struct cg_db_maintenance *maintenance, const PGresult *result);

#endif
