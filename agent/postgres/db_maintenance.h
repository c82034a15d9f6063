/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Statements that the shipper sends besides rows. It creates the partitions of the coming months
 * after each connect and once a day. After the rows of the spool it closes those that have lost their
 * dialog (stale_db.h), if a round of that is due.
 */
#ifndef CG_POSTGRES_DB_MAINTENANCE_H
#define CG_POSTGRES_DB_MAINTENANCE_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "postgres/pg.h"
#include "postgres/stale_db.h"

struct cg_db_maintenance {
	enum cg_db_task {
		CG_DB_TASK_NONE,
		CG_DB_TASK_PARTITIONS,
		CG_DB_TASK_STALE_CALLS
	} sent; /* in flight */
	__u64 partitions_at; /* CLOCK_BOOTTIME, ns */
	struct cg_stale_db stale;
};

/* `stale`, whose rounds the daemon begins, must outlive the maintenance. */
void cg_db_maintenance_init(struct cg_db_maintenance *maintenance, struct cg_stale_calls *stale);
void cg_db_maintenance_finish(struct cg_db_maintenance *maintenance);

/* After a connect: nothing is in flight, and partitions are due. */
void cg_db_maintenance_restart(struct cg_db_maintenance *maintenance);

/*
 * Sends the statement that is due. The connection must be idle. drained: no row waits in the spool.
 * False: nothing is due.
 */
bool cg_db_maintenance_send(struct cg_db_maintenance *maintenance, struct cg_pg *pg, bool drained);

/* Handles the result of that statement. False: it failed and stays due; disconnect. */
bool cg_db_maintenance_handle(struct cg_db_maintenance *maintenance, const PGresult *result);

#endif
