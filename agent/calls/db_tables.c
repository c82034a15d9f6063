// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/db_tables.h"

#include <stdbool.h>

#include "util/enum_names.h"

#define CDR_NUMBER(name, type, merge)                                                              \
	{ #name, #type, offsetof(struct cg_cdr_row, name), 0, CG_MERGE_##merge },
#define CDR_TEXT(name, size, type, merge)                                                          \
	{ #name, #type, offsetof(struct cg_cdr_row, name), size, CG_MERGE_##merge },
#define VIOLATION_NUMBER(name, type, merge)                                                        \
	{ #name, #type, offsetof(struct cg_violation_row, name), 0, CG_MERGE_##merge },
#define VIOLATION_TEXT(name, size, type, merge)                                                    \
	{ #name, #type, offsetof(struct cg_violation_row, name), size, CG_MERGE_##merge },
#define SETTLEMENT_NUMBER(name, type, merge)                                                       \
	{ #name, #type, offsetof(struct cg_settlement_row, name), 0, CG_MERGE_##merge },
#define SETTLEMENT_TEXT(name, size, type, merge)                                                   \
	{ #name, #type, offsetof(struct cg_settlement_row, name), size, CG_MERGE_##merge },
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct cg_db_column cdr_columns[] = { CG_CDR_COLUMNS(CDR_NUMBER, CDR_TEXT) };
static const struct cg_db_column violation_columns[] = { CG_VIOLATION_COLUMNS(VIOLATION_NUMBER,
									      VIOLATION_TEXT) };
static const struct cg_db_column settlement_columns[] = { CG_SETTLEMENT_COLUMNS(SETTLEMENT_NUMBER,
										SETTLEMENT_TEXT) };
_Static_assert(COUNT(cdr_columns) <= CG_COLUMNS_MAX, "cdr");
_Static_assert(COUNT(violation_columns) <= CG_COLUMNS_MAX, "violation");

const struct cg_db_table cg_db_tables[CG_TABLES] = {
	[CG_TABLE_CDR] = { "cdr", cdr_columns, COUNT(cdr_columns), sizeof(struct cg_cdr_row) },
	[CG_TABLE_VIOLATION] = { "violation", violation_columns, COUNT(violation_columns),
				 sizeof(struct cg_violation_row) },
	[CG_TABLE_SETTLEMENT] = { "settlement", settlement_columns, COUNT(settlement_columns),
				  sizeof(struct cg_settlement_row) },
};

static void names(FILE *sql, const struct cg_db_table *table, bool key_only)
{
	const char *comma = "";

	for (unsigned int i = 0; i < table->n_columns; i++) {
		if (key_only && table->columns[i].merge != CG_MERGE_KEY)
			continue;
		fprintf(sql, "%s%s", comma, table->columns[i].name);
		comma = ", ";
	}
}

void cg_db_table_write_names(FILE *sql, const struct cg_db_table *table)
{
	names(sql, table, false);
}

void cg_db_table_write_key(FILE *sql, const struct cg_db_table *table)
{
	names(sql, table, true);
}

/* Which row's word wins; NULL compares as unknown, and an unknown CASE falls to its ELSE. */
static void winner(FILE *sql, const char *name, enum cg_merge merge)
{
	const char *operator= cg_end_name(CG_E_OPERATOR);

	switch (merge) {
	case CG_MERGE_OPEN:
		fprintf(sql, "CASE WHEN old.end_time IS NULL THEN excluded.%s ELSE old.%s END",
			name, name);
		break;
	case CG_MERGE_MAX:
	case CG_MERGE_MIN:
		fprintf(sql,
			"CASE WHEN old.%s IS NULL OR excluded.%s %c old.%s THEN excluded.%s ELSE "
			"old.%s END",
			name, name, merge == CG_MERGE_MAX ? '>' : '<', name, name, name);
		break;
	case CG_MERGE_END:
		fprintf(sql,
			"CASE WHEN excluded.end_reason = '%s' THEN excluded.%s"
			" WHEN old.end_reason = '%s' OR excluded.end_time IS NULL"
			" OR old.end_time > excluded.end_time THEN old.%s ELSE excluded.%s END",
			operator, name, operator, name, name);
		break;
	case CG_MERGE_TAINT:
		fprintf(sql,
			"CASE WHEN excluded.end_reason = '%s' THEN excluded.%s"
			" WHEN old.end_reason = '%s' THEN old.%s ELSE old.%s OR excluded.%s END",
			operator, name, operator, name, name, name);
		break;
	case CG_MERGE_FILL:
		fprintf(sql, "coalesce(old.%s, excluded.%s)", name, name);
		break;
	case CG_MERGE_KEY:
	case CG_MERGE_KEEP:
		break;
	}
}

void cg_db_table_write_merge(FILE *sql, const struct cg_db_table *table, const char *also_set)
{
	const char *before = ") DO UPDATE SET ";

	fputs(" ON CONFLICT (", sql);
	cg_db_table_write_key(sql, table);
	for (unsigned int i = 0; i < table->n_columns; i++) {
		const struct cg_db_column *column = &table->columns[i];

		if (column->merge == CG_MERGE_KEY || column->merge == CG_MERGE_KEEP)
			continue;
		fprintf(sql, "%s%s = ", before, column->name);
		winner(sql, column->name, column->merge);
		before = ", ";
	}
	if (*before == ')')
		fputs(") DO NOTHING", sql);
	else if (also_set)
		fprintf(sql, ", %s", also_set);
}
