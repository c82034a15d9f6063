// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "spool/bulk.h"

int cg_bulk_open(struct cg_bulk *bulk, const char *path)
{
	*bulk = (struct cg_bulk){};
	return cg_spool_open(path, 1, &bulk->spool);
}

int cg_bulk_put(struct cg_bulk *bulk, enum cg_db_table_id table, const void *row)
{
	int err = bulk->rows ? 0 : cg_spool_begin(bulk->spool);

	if (err)
		return err;
	bulk->rows++;
	err = cg_spool_put(bulk->spool, table, row);
	if (err)
		return err;
	return bulk->rows == CG_BULK_ROWS ? cg_bulk_commit(bulk) : 0;
}

int cg_bulk_commit(struct cg_bulk *bulk)
{
	int err = bulk->rows ? cg_spool_commit(bulk->spool) : 0;

	if (!err)
		bulk->rows = 0;
	return err;
}

void cg_bulk_close(struct cg_bulk *bulk)
{
	if (bulk->rows)
		cg_spool_rollback(bulk->spool);
	cg_spool_close(bulk->spool);
	*bulk = (struct cg_bulk){};
}
