/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The statement that inserts a batch of rows into PostgreSQL. */
#ifndef CG_POSTGRES_PG_INSERT_H
#define CG_POSTGRES_PG_INSERT_H

#include "calls/db_tables.h"

/*
 * Returns INSERT INTO cseqguard.TABLE ... FROM unnest($1, $2, ...), with the merge rules of
 * db_tables.h. Parameter n is the array of the n-th column (pg_array.h). The caller frees the text;
 * NULL: no memory.
 */
char *cg_pg_insert_sql(const struct cg_db_table *table);

#endif
