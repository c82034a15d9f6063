/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tables of db_columns.h as data, for code that goes over columns, and the SQL that both databases
 * share: how a later step of a row merges with what stands there.
 */
#ifndef CG_CALLS_DB_TABLES_H
#define CG_CALLS_DB_TABLES_H

#include <stddef.h>
#include <stdio.h>

#include "calls/db_columns.h"

enum cg_merge {
	CG_MERGE_KEY,
	CG_MERGE_KEEP,
	CG_MERGE_OPEN,
	CG_MERGE_MAX,
	CG_MERGE_MIN,
	CG_MERGE_END,
	CG_MERGE_TAINT,
	CG_MERGE_FILL,
};

struct cg_db_column {
	const char *name;
	const char *type; /* as in db_columns.h */
	size_t offset; /* in the row */
	size_t size; /* of a text; 0: a number */
	enum cg_merge merge;
};

struct cg_db_table {
	const char *name;
	const struct cg_db_column *columns;
	unsigned int n_columns;
	size_t row_size;
};

enum cg_db_table_id { CG_TABLE_CDR, CG_TABLE_VIOLATION, CG_TABLE_SETTLEMENT, CG_TABLES };
#define CG_COLUMNS_MAX 32 /* of any table */
extern const struct cg_db_table cg_db_tables[CG_TABLES];

/* Names of the columns, or of those of the key alone, with commas between. */
void cg_db_table_write_names(FILE *sql, const struct cg_db_table *table);
void cg_db_table_write_key(FILE *sql, const struct cg_db_table *table);

/*
 * "ON CONFLICT (key) DO UPDATE SET ...", or DO NOTHING. The row that stands is `old`, the new one
 * `excluded`. SQLite and PostgreSQL read it alike.
 */
void cg_db_table_write_merge(FILE *sql, const struct cg_db_table *table, const char *also_set);

#endif
