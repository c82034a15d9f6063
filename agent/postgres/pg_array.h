/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Formats a batch of rows as PostgreSQL array literals, one for each column, for unnest(). */
#ifndef CG_POSTGRES_PG_ARRAY_H
#define CG_POSTGRES_PG_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "calls/db_tables.h"

struct cg_pg_arrays {
	bool ascii; /* the database cannot store all of UTF-8: bytes above ASCII become \xHH */
	unsigned int n_columns;
	struct cg_pg_array {
		char *text;
		size_t len, size;
	} columns[CG_COLUMNS_MAX];
};

/* Empties the arrays and keeps their memory. */
void cg_pg_arrays_reset(struct cg_pg_arrays *arrays, unsigned int n_columns);

/* Appends a row: its columns as text, NULL: SQL's NULL. 0 or -ENOMEM. */
int cg_pg_arrays_add_row(struct cg_pg_arrays *arrays, const char *const *values);

/* Completes the literals: columns[].text can be sent now. 0 or -ENOMEM. */
int cg_pg_arrays_finish(struct cg_pg_arrays *arrays);

void cg_pg_arrays_free(struct cg_pg_arrays *arrays);

#endif
