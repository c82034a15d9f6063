/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The statement by which a batch of rows goes to PostgreSQL. */
#ifndef CG_POSTGRES_PG_INSERT_H
#define CG_POSTGRES_PG_INSERT_H

#include "calls/db_tables.h"

/*
 * INSERT INTO cseqguard.TABLE ... FROM unnest($1, $2, ...), with the merge of table.h: parameter n
 * is an array of the n-th column's values (arrays.h). The caller frees it; NULL: no memory.
 */
char *cg_pg_insert_sql(const struct cg_db_table *table);

#endif
