/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The tables of db_columns.h as data, and the SQL that SQLite and PostgreSQL share: how a later
 * version of a row is merged into the stored one.
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
	CG_MERGE_TWIN,
	CG_MERGE_CLOSED,
};

struct cg_db_column {
	const char *name;
	const char *type; /* see db_columns.h */
	size_t offset; /* in the row struct */
	size_t size; /* of a text, with the NUL; 0: the column is a number */
	enum cg_merge merge;
};

struct cg_db_table {
	const char *name;
	const struct cg_db_column *columns;
	unsigned int n_columns;
	size_t row_size;
};

enum cg_db_table_id { CG_TABLE_CDR, CG_TABLE_VIOLATION, CG_TABLE_SETTLEMENT, CG_TABLES };
#define CG_COLUMNS_MAX 32 /* no table has more */
extern const struct cg_db_table cg_db_tables[CG_TABLES];

/* Returns the number of a column, or n_columns if the table has none of this name. */
unsigned int cg_db_column_find(const struct cg_db_table *table, const char *name);

/* Write the names of all columns, or of the primary key, separated by commas. */
void cg_db_table_write_names(FILE *sql, const struct cg_db_table *table);
void cg_db_table_write_key(FILE *sql, const struct cg_db_table *table);

/*
 * Writes " ON CONFLICT (key) DO UPDATE SET ...", or DO NOTHING if no column can change. In the SQL
 * the stored row is `old` and the later version is `excluded`. `also_set` (may be NULL) is appended
 * to the assignments. A row that would stay as it is is not written again. `differs`: the operator
 * of the database that compares rows, and in which NULL equals NULL.
 */
void cg_db_table_write_merge(FILE *sql, const struct cg_db_table *table, const char *also_set,
			     const char *differs);

#endif
