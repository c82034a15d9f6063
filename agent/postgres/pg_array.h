/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A batch of rows as PostgreSQL array literals, one a column: what unnest() takes. */
#ifndef CG_POSTGRES_PG_ARRAY_H
#define CG_POSTGRES_PG_ARRAY_H

#include <stddef.h>

#include "calls/db_tables.h"

struct cg_pg_arrays {
	unsigned int n_columns;
	struct cg_pg_array {
		char *text;
		size_t len, size;
	} columns[CG_COLUMNS_MAX];
};

void cg_pg_arrays_reset(struct cg_pg_arrays *arrays, unsigned int n_columns); /* memory is kept */
int cg_pg_arrays_add_row(struct cg_pg_arrays *arrays,
			 const char *const *values); /* NULL: SQL's. -ENOMEM */
int cg_pg_arrays_finish(struct cg_pg_arrays *arrays); /* the texts are whole now */
void cg_pg_arrays_free(struct cg_pg_arrays *arrays);

#endif
