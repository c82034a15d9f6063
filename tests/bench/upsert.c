// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The ceiling of the store's bench: the rows of cseqguard.cdr, kept in memory, upserted into the
 * same table, emptied, by a client that does nothing else.
 *
 *         upsert CONNINFO unnest|copy|single BATCH        prints rows and seconds
 *
 * unnest: the daemon's own statement. copy: COPY into a staging table, then one INSERT ... SELECT.
 * single: prepared INSERTs of a row, a pipeline of BATCH in one transaction.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "postgres/pg_array.h"
#include "postgres/pg_insert.h"

static const struct cg_db_table *const table = &cg_db_tables[CG_TABLE_CDR];

static void die(PGconn *conn, const char *what)
{
	fprintf(stderr, "upsert: %s: %s\n", what, PQerrorMessage(conn));
	exit(1);
}

static PGresult *check(PGconn *conn, PGresult *result, const char *what)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
		die(conn, what);
	return result;
}

static void run(PGconn *conn, const char *sql)
{
	PQclear(check(conn, PQexec(conn, sql), sql));
}

/* Times as microseconds, as they stand in the spool. */
static PGresult *read_rows(PGconn *conn)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);
	PGresult *rows;

	fputs("SELECT ", sql);
	for (unsigned int i = 0; i < table->n_columns; i++)
		fprintf(sql,
			strcmp(table->columns[i].type, "time")
				? "%s%s"
				: "%s(extract(epoch FROM %s) * 1000000)::int8",
			i ? ", " : "", table->columns[i].name);
	fputs(" FROM cseqguard.cdr ORDER BY setup_time", sql);
	fclose(sql);
	rows = check(conn, PQexec(conn, text), "rows");
	free(text);
	return rows;
}

static const char *value(const PGresult *rows, int row, unsigned int column)
{
	return PQgetisnull(rows, row, column) ? NULL : PQgetvalue(rows, row, column);
}

static void take(const PGresult *rows, int row, const char **values)
{
	for (unsigned int i = 0; i < table->n_columns; i++)
		values[i] = value(rows, row, i);
}

static void by_unnest(PGconn *conn, const PGresult *rows, int from, int to)
{
	static struct cg_pg_arrays arrays;
	static char *sql;
	const char *values[CG_COLUMNS_MAX];

	if (!sql)
		sql = cg_pg_insert_sql(table);
	cg_pg_arrays_reset(&arrays, table->n_columns);
	for (int row = from; row < to; row++) {
		take(rows, row, values);
		cg_pg_arrays_add_row(&arrays, values);
	}
	cg_pg_arrays_finish(&arrays);
	for (unsigned int i = 0; i < table->n_columns; i++)
		values[i] = arrays.columns[i].text;
	PQclear(check(conn, PQexecParams(conn, sql, table->n_columns, NULL, values, NULL, NULL, 0),
		      "unnest"));
}

/* One row's worth of the merge, from `source`. */
static char *merge_sql(const char *source, const char *before, const char *after)
{
	char *text = NULL;
	size_t size;
	FILE *sql = open_memstream(&text, &size);

	fputs("INSERT INTO cseqguard.cdr AS old (", sql);
	cg_db_table_write_names(sql, table);
	fprintf(sql, ") %s", before);
	for (unsigned int i = 0; i < table->n_columns; i++) {
		char name[80];

		snprintf(name, sizeof(name), "%s%u", source, i + 1);
		fprintf(sql,
			strcmp(table->columns[i].type, "time")
				? "%s%s::%s"
				: "%stimestamptz 'epoch' + %s::int8 * interval '1 microsecond'",
			i ? ", " : "", name, table->columns[i].type);
	}
	fputs(after, sql);
	cg_db_table_write_merge(sql, table, NULL, "IS DISTINCT FROM");
	fclose(sql);
	return text;
}

static void copy_row(PGconn *conn, const char *const *values)
{
	static char line[16384];
	char *at = line;

	for (unsigned int i = 0; i < table->n_columns; i++) {
		if (i)
			*at++ = '\t';
		if (!values[i])
			at += sprintf(at, "\\N");
		for (const char *c = values[i]; c && *c; c++) {
			if (*c == '\\')
				*at++ = '\\';
			*at++ = *c;
		}
	}
	*at++ = '\n';
	if (PQputCopyData(conn, line, at - line) != 1)
		die(conn, "COPY");
}

static void by_copy(PGconn *conn, const PGresult *rows, int from, int to)
{
	const char *values[CG_COLUMNS_MAX];
	static char *merge;

	if (!merge) {
		merge = merge_sql("s.c", "SELECT ", " FROM staging s");
		run(conn, "CREATE TEMP TABLE staging ()");
		for (unsigned int i = 0; i < table->n_columns; i++) {
			char add[80];

			snprintf(add, sizeof(add), "ALTER TABLE staging ADD c%u text", i + 1);
			run(conn, add);
		}
	}
	run(conn, "BEGIN");
	run(conn, "TRUNCATE staging");
	run(conn, "COPY staging FROM STDIN");
	for (int row = from; row < to; row++) {
		take(rows, row, values);
		copy_row(conn, values);
	}
	if (PQputCopyEnd(conn, NULL) != 1)
		die(conn, "COPY");
	for (PGresult *result; (result = PQgetResult(conn));)
		PQclear(check(conn, result, "COPY"));
	run(conn, merge);
	run(conn, "COMMIT");
}

static void by_single(PGconn *conn, const PGresult *rows, int from, int to)
{
	const char *values[CG_COLUMNS_MAX];
	static char *sql;
	PGresult *result;

	if (!sql) {
		sql = merge_sql("$", "VALUES (", ")");
		PQclear(check(conn, PQprepare(conn, "row", sql, table->n_columns, NULL), sql));
	}
	PQenterPipelineMode(conn);
	for (int row = from; row < to; row++) {
		take(rows, row, values);
		PQsendQueryPrepared(conn, "row", table->n_columns, values, NULL, NULL, 0);
	}
	PQpipelineSync(conn);
	for (int row = from; row < to; row++) {
		PQclear(check(conn, PQgetResult(conn), "pipeline"));
		PQgetResult(conn);
	}
	result = PQgetResult(conn); /* of the sync */
	PQclear(result);
	PQexitPipelineMode(conn);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	void (*upsert)(PGconn *, const PGresult *, int, int);
	int batch = argc == 4 ? atoi(argv[3]) : 0, n;
	PGresult *rows;
	PGconn *conn;
	double start;

	if (batch < 1) {
		fprintf(stderr, "usage: upsert CONNINFO unnest|copy|single BATCH\n");
		return 2;
	}
	upsert = !strcmp(argv[2], "copy")     ? by_copy
		 : !strcmp(argv[2], "single") ? by_single
					      : by_unnest;
	conn = PQconnectdb(argv[1]);
	if (PQstatus(conn) != CONNECTION_OK)
		die(conn, "connect");
	rows = read_rows(conn);
	n = PQntuples(rows);
	run(conn, "TRUNCATE cseqguard.cdr");
	start = now();
	for (int from = 0; from < n; from += batch)
		upsert(conn, rows, from, from + batch < n ? from + batch : n);
	printf("%d %.6f\n", n, now() - start);
	PQclear(rows);
	PQfinish(conn);
	return 0;
}
