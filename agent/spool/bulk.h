/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Stores many rows in a spool without a thread: some in each transaction. For programs that may
 * wait.
 */
#ifndef CG_SPOOL_BULK_H
#define CG_SPOOL_BULK_H

#include "spool/spool.h"

#define CG_BULK_ROWS 1000 /* in a transaction */

struct cg_bulk {
	struct cg_spool *spool;
	unsigned int rows; /* of the transaction that is open; 0: none is */
};

/* Returns 0, or -errno of cg_spool_open(). After a failure, too, cg_bulk_close() is due. */
int cg_bulk_open(struct cg_bulk *bulk, const char *path);

int cg_bulk_put(struct cg_bulk *bulk, enum cg_db_table_id table, const void *row); /* 0 or -errno */
int cg_bulk_commit(struct cg_bulk *bulk); /* 0 or -errno */
void cg_bulk_close(struct cg_bulk *bulk); /* rolls back what is not committed */

#endif
