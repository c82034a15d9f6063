// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Has PostgreSQL merge the versions of two nodes, by the daemon's own statement, in all orders.
 *
 *         merge CONNINFO        exit 0: each order gives the same row
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "merge_orders.h"
#include "postgres/pg_array.h"
#include "postgres/pg_insert.h"

static const struct cg_db_table *const table = &cg_db_tables[CG_TABLE_CDR];
static struct cg_pg_arrays arrays;
static unsigned int batched;
static PGconn *conn;

static bool is_done(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return true;
	fprintf(stderr, "merge: %s", PQerrorMessage(conn));
	return false;
}

static bool put(const struct cg_cdr_row *row)
{
	static char numbers[CG_COLUMNS_MAX][24];
	const char *values[CG_COLUMNS_MAX];

	for (unsigned int i = 0; i < table->n_columns; i++) {
		const struct cg_db_column *column = &table->columns[i];
		const char *field = (const char *)row + column->offset;
		__s64 number;

		values[i] = column->merge == CG_MERGE_FILL && !*field ? NULL : field;
		if (column->size)
			continue;
		memcpy(&number, field, sizeof(number));
		snprintf(numbers[i], sizeof(numbers[i]), "%lld", (long long)number);
		values[i] = number == CG_NULL ? NULL : numbers[i];
	}
	if (!batched++)
		cg_pg_arrays_reset(&arrays, table->n_columns);
	return !cg_pg_arrays_add_row(&arrays, values);
}

static bool commit(void)
{
	const char *values[CG_COLUMNS_MAX];
	char *sql = cg_pg_insert_sql(table);
	PGresult *result;
	bool done;

	if (!batched || cg_pg_arrays_finish(&arrays)) {
		free(sql);
		return !batched;
	}
	for (unsigned int i = 0; i < table->n_columns; i++)
		values[i] = arrays.columns[i].text;
	result = PQexecParams(conn, sql, table->n_columns, NULL, values, NULL, NULL, 0);
	done = is_done(result);
	PQclear(result);
	free(sql);
	batched = 0;
	return done;
}

/* Reads times and booleans as numbers, as they stand in a spool. */
static char *select_sql(void)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	fputs("SELECT ", sql);
	for (unsigned int i = 0; i < table->n_columns; i++) {
		const char *type = table->columns[i].type;

		fprintf(sql,
			!strcmp(type, "time")	? "%s(extract(epoch FROM %s) * 1000000)::int8"
			: !strcmp(type, "bool") ? "%s%s::int"
						: "%s%s",
			i ? ", " : "", table->columns[i].name);
	}
	fputs(" FROM cseqguard.cdr", sql);
	fclose(sql);
	return text;
}

static bool read_rows(merge_row_handler handle)
{
	char *sql = select_sql();
	PGresult *rows = PQexec(conn, sql);
	bool done = is_done(rows);

	free(sql);
	for (int row = 0; done && row < PQntuples(rows); row++) {
		const char *values[CG_COLUMNS_MAX];

		for (unsigned int i = 0; i < table->n_columns; i++)
			values[i] = PQgetisnull(rows, row, i) ? NULL : PQgetvalue(rows, row, i);
		handle(values);
	}
	PQclear(rows);
	return done;
}

int main(int argc, char **argv)
{
	const struct merge_store store = { put, commit, read_rows };
	bool right;

	if (argc != 2) {
		fprintf(stderr, "usage: merge CONNINFO\n");
		return 2;
	}
	conn = PQconnectdb(argv[1]);
	right = PQstatus(conn) == CONNECTION_OK && merge_orders_check(&store);
	cg_pg_arrays_free(&arrays);
	PQfinish(conn);
	return !right;
}
