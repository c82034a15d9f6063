// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/db_tables.h"

#include <stdbool.h>
#include <string.h>

#include "util/enum_names.h"

/* Take names as strings: passed on as words, `bool` would expand to _Bool. */
#define NUMBER_COLUMN(row, column, column_name, pg_type, rule)                                     \
	{ .name = column_name, .type = pg_type, .offset = offsetof(row, column), .merge = rule },
#define TEXT_COLUMN(row, column, column_name, text_size, pg_type, rule)                            \
	{ .name = column_name,                                                                     \
	  .type = pg_type,                                                                         \
	  .offset = offsetof(row, column),                                                         \
	  .size = text_size,                                                                       \
	  .merge = rule },
#define CDR_NUMBER(name, type, merge)                                                              \
	NUMBER_COLUMN(struct cg_cdr_row, name, #name, #type, CG_MERGE_##merge)
#define CDR_TEXT(name, size, type, merge)                                                          \
	TEXT_COLUMN(struct cg_cdr_row, name, #name, size, #type, CG_MERGE_##merge)
#define VIOLATION_NUMBER(name, type, merge)                                                        \
	NUMBER_COLUMN(struct cg_violation_row, name, #name, #type, CG_MERGE_##merge)
#define VIOLATION_TEXT(name, size, type, merge)                                                    \
	TEXT_COLUMN(struct cg_violation_row, name, #name, size, #type, CG_MERGE_##merge)
#define SETTLEMENT_NUMBER(name, type, merge)                                                       \
	NUMBER_COLUMN(struct cg_settlement_row, name, #name, #type, CG_MERGE_##merge)
#define SETTLEMENT_TEXT(name, size, type, merge)                                                   \
	TEXT_COLUMN(struct cg_settlement_row, name, #name, size, #type, CG_MERGE_##merge)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct cg_db_column cdr_columns[] = { CG_CDR_COLUMNS(CDR_NUMBER, CDR_TEXT) };
static const struct cg_db_column violation_columns[] = { CG_VIOLATION_COLUMNS(VIOLATION_NUMBER,
									      VIOLATION_TEXT) };
static const struct cg_db_column settlement_columns[] = { CG_SETTLEMENT_COLUMNS(SETTLEMENT_NUMBER,
										SETTLEMENT_TEXT) };
_Static_assert(COUNT(cdr_columns) <= CG_COLUMNS_MAX, "cdr");
_Static_assert(COUNT(violation_columns) <= CG_COLUMNS_MAX, "violation");

const struct cg_db_table cg_db_tables[CG_TABLES] = {
	[CG_TABLE_CDR] = { .name = "cdr",
			   .columns = cdr_columns,
			   .n_columns = COUNT(cdr_columns),
			   .row_size = sizeof(struct cg_cdr_row) },
	[CG_TABLE_VIOLATION] = { .name = "violation",
				 .columns = violation_columns,
				 .n_columns = COUNT(violation_columns),
				 .row_size = sizeof(struct cg_violation_row) },
	[CG_TABLE_SETTLEMENT] = { .name = "settlement",
				  .columns = settlement_columns,
				  .n_columns = COUNT(settlement_columns),
				  .row_size = sizeof(struct cg_settlement_row) },
};

unsigned int cg_db_column_find(const struct cg_db_table *table, const char *name)
{
	unsigned int i = 0;

	while (i < table->n_columns && strcmp(table->columns[i].name, name))
		i++;
	return i;
}

static void write_names(FILE *sql, const struct cg_db_table *table, bool key_only)
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
	write_names(sql, table, false);
}

void cg_db_table_write_key(FILE *sql, const struct cg_db_table *table)
{
	write_names(sql, table, true);
}

/*
 * Ranks of the end reasons. The end with the higher rank wins, whatever the times are. So the
 * versions of two nodes give the same row in any order. The reasons of an open row have no rank.
 */
static const __u8 end_ranks[CG_ENDS] = {
	[CG_E_OPERATOR] = 6,	[CG_E_BYE] = 5,		 [CG_E_GONE] = 5,
	[CG_E_RELAYED_BYE] = 4, [CG_E_UNPROVEN_BYE] = 3, [CG_E_TIMEOUT] = 2,
	[CG_E_MAPS_LOST] = 1,	[CG_E_REBOOT] = 1,	 [CG_E_DETACHED] = 1,
};

/*
 * Templates of the merged value: @ is the column, $ the end reason `operator`, ? the end reason
 * `unproven_bye`, { the rank of the stored row's end, } that of the later version's. `old` is the
 * stored row, `excluded` the later version. The first conditions decide for most rows, and rank
 * nothing. A comparison with NULL is unknown, and CASE then takes its ELSE.
 */
#define IF_OPEN                                                                                    \
	" WHEN old.end_time IS NULL THEN excluded.@ WHEN excluded.end_time IS NULL"                \
	" THEN CASE old.end_reason WHEN '?' THEN excluded.@ ELSE old.@ END"
#define OLD_WORTH "({, old.end_time, old.end_reason)" /* the reason: equal times of two nodes */
#define NEW_WORTH "(}, excluded.end_time, excluded.end_reason)"
#define IF_BETTER " WHEN " OLD_WORTH " < " NEW_WORTH " THEN excluded.@ ELSE old.@ END"
#define IF_AS_GOOD                                                                                 \
	" WHEN excluded.end_reason = '$' OR " OLD_WORTH " <= " NEW_WORTH " THEN excluded.@"
#define GIVEN_UP " BETWEEN 1 AND 2" /* a rank: nothing but time has ended the call */
#define EVIDENCE " >= 4" /* a rank: messages have */

static const char *const merge_sql[] = {
	[CG_MERGE_OPEN] = "CASE" IF_OPEN IF_BETTER,
	[CG_MERGE_MAX] = "CASE WHEN old.@ IS NULL OR excluded.@ > old.@ THEN excluded.@ ELSE old.@ "
			 "END",
	[CG_MERGE_MIN] = "CASE WHEN old.@ IS NULL OR excluded.@ < old.@ THEN excluded.@ ELSE old.@ "
			 "END",
	[CG_MERGE_END] = "CASE" IF_OPEN IF_AS_GOOD " ELSE old.@ END",
	[CG_MERGE_TAINT] = "CASE WHEN excluded.end_reason = '$' THEN excluded.@"
			   " WHEN old.end_reason = '$' THEN old.@"
			   " WHEN old.end_time IS NULL OR excluded.end_time IS NULL"
			   " THEN old.@ OR excluded.@"
			   " WHEN {" GIVEN_UP " AND }" EVIDENCE " THEN excluded.@"
			   " WHEN }" GIVEN_UP " AND {" EVIDENCE " THEN old.@"
			   " ELSE old.@ OR excluded.@ END",
	[CG_MERGE_FILL] = "coalesce(old.@, excluded.@)",
	[CG_MERGE_TWIN] =
		"CASE WHEN old.twin_uid IS NOT NULL AND excluded.twin_uid IS NULL THEN old.@"
		" WHEN old.twin_uid IS NULL AND excluded.twin_uid IS NOT NULL THEN "
		"excluded.@" IF_OPEN IF_BETTER,
	/* as END, and then: nothing that matters to a bill is new */
	[CG_MERGE_CLOSED] =
		"CASE WHEN old.end_time = excluded.end_time"
		" AND old.end_reason = excluded.end_reason"
		" AND (old.suspect OR NOT excluded.suspect) THEN old.@" IF_OPEN IF_AS_GOOD
		" WHEN excluded.suspect AND NOT old.suspect AND old.end_reason <> '$'"
		" AND NOT }" GIVEN_UP " THEN excluded.@ ELSE old.@ END",
};

static void write_rank(FILE *sql, const char *version)
{
	fprintf(sql, "CASE %s.end_reason", version);
	for (unsigned int reason = 0; reason < CG_ENDS; reason++)
		if (end_ranks[reason])
			fprintf(sql, " WHEN '%s' THEN %u", cg_end_name(reason), end_ranks[reason]);
	fputs(" ELSE 0 END", sql);
}

static void write_merged_value(FILE *sql, const struct cg_db_column *column)
{
	for (const char *c = merge_sql[column->merge]; *c; c++)
		switch (*c) {
		case '@':
			fputs(column->name, sql);
			break;
		case '$':
			fputs(cg_end_name(CG_E_OPERATOR), sql);
			break;
		case '?':
			fputs(cg_end_name(CG_E_UNPROVEN_BYE), sql);
			break;
		case '{':
			write_rank(sql, "old");
			break;
		case '}':
			write_rank(sql, "excluded");
			break;
		default:
			fputc(*c, sql);
		}
}

static bool can_change(const struct cg_db_column *column)
{
	return column->merge != CG_MERGE_KEY && column->merge != CG_MERGE_KEEP;
}

static bool table_can_change(const struct cg_db_table *table)
{
	for (unsigned int i = 0; i < table->n_columns; i++)
		if (can_change(&table->columns[i]))
			return true;
	return false;
}

static void write_assignment(FILE *sql, const struct cg_db_column *column)
{
	fprintf(sql, "%s = ", column->name);
	write_merged_value(sql, column);
}

static void write_old_value(FILE *sql, const struct cg_db_column *column)
{
	fprintf(sql, "old.%s", column->name);
}

/* Writes each column that a later version can change, separated by commas. */
static void write_changes(FILE *sql, const struct cg_db_table *table,
			  void (*write)(FILE *sql, const struct cg_db_column *column))
{
	const char *comma = "";

	for (unsigned int i = 0; i < table->n_columns; i++) {
		if (!can_change(&table->columns[i]))
			continue;
		fputs(comma, sql);
		write(sql, &table->columns[i]);
		comma = ", ";
	}
}

void cg_db_table_write_merge(FILE *sql, const struct cg_db_table *table, const char *also_set,
			     const char *differs)
{
	fputs(" ON CONFLICT (", sql);
	cg_db_table_write_key(sql, table);
	if (!table_can_change(table)) {
		fputs(") DO NOTHING", sql);
		return;
	}
	fputs(") DO UPDATE SET ", sql);
	write_changes(sql, table, write_assignment);
	if (also_set)
		fprintf(sql, ", %s", also_set);
	fputs(" WHERE (", sql);
	write_changes(sql, table, write_old_value);
	fprintf(sql, ") %s (", differs);
	write_changes(sql, table, write_merged_value);
	fputs(")", sql);
}
