// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg_insert.h"

#include <stdio.h>
#include <string.h>

/* Returns the format of the value that is inserted: a separator and the name of the column. */
static const char *value_format(const struct cg_db_column *column)
{
	if (column->merge == CG_MERGE_CLOSED)
		return "%sCASE WHEN new.end_time IS NOT NULL THEN now() END";
	return !strcmp(column->type, "time")
		       ? "%stimestamptz 'epoch' + new.%s * interval '1 microsecond'"
		       : "%snew.%s";
}

char *cg_pg_insert_sql(const struct cg_db_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	if (!sql)
		return NULL;
	fprintf(sql, "INSERT INTO cseqguard.%s AS old (", table->name);
	cg_db_table_write_names(sql, table);
	fputs(") SELECT ", sql);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql, value_format(&table->columns[i]), i ? ", " : "",
			table->columns[i].name);
	fputs(" FROM unnest(", sql);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql, "%s$%u::%s[]", i ? ", " : "", i + 1,
			!strcmp(table->columns[i].type, "time") ? "int8" : table->columns[i].type);
	fputs(") AS new (", sql);
	cg_db_table_write_names(sql, table);
	fputs(")", sql);
	cg_db_table_write_merge(sql, table, NULL, "IS DISTINCT FROM");
	fclose(sql);
	return text;
}
