// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Reads calls of the spool in pages. A page is copied, and its statement is reset, before its rows
 * are handled: a pager that nobody scrolls would otherwise hold a read transaction, and the log
 * could not be used again from its start.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/spool_internal.h"

#define PAGE_ROWS 4096

/* The place of a call in the order, which no later version of its row changes. */
#define ORDER "answer_time, setup_time, call_uid, node"

struct page {
	char *text; /* per row: its step, and per column a byte: 1, and its text with the NUL; 0: NULL */
	size_t size;
	int rows;
	__s64 after_answer, after_setup; /* the last row; the next page is behind it */
	char after_uid[CG_UUID_TEXT], after_node[CG_NODE_MAX];
};

/*
 * SQLite 3.46 assumes that most rows are behind the place, and scans and sorts all calls for each page.
 * unlikely() says that a page is a small part, and every version reads it by an index of answer_time.
 */
static void write_select(FILE *sql, const struct cg_db_table *table, const char *where)
{
	fputs("SELECT step, ", sql);
	cg_db_table_write_names(sql, table);
	fprintf(sql,
		" FROM %s WHERE (%s) AND unlikely(answer_time >= :answer)"
		" AND (" ORDER ") > (:answer, :setup, :uid, :node)"
		" ORDER BY " ORDER " LIMIT %d",
		table->name, where, PAGE_ROWS);
}

static int find_parameter(sqlite3_stmt *stmt, const char *name)
{
	return sqlite3_bind_parameter_index(stmt, name);
}

static void bind_place(sqlite3_stmt *stmt, const struct page *page)
{
	sqlite3_bind_int64(stmt, find_parameter(stmt, ":answer"), page->after_answer);
	sqlite3_bind_int64(stmt, find_parameter(stmt, ":setup"), page->after_setup);
	sqlite3_bind_text(stmt, find_parameter(stmt, ":uid"), page->after_uid, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, find_parameter(stmt, ":node"), page->after_node, -1, SQLITE_STATIC);
}

static void copy_row(FILE *out, sqlite3_stmt *stmt, unsigned int n_columns)
{
	__s64 step = sqlite3_column_int64(stmt, 0);

	fwrite(&step, sizeof(step), 1, out);
	for (unsigned int i = 1; i <= n_columns; i++) {
		const char *text = (const char *)sqlite3_column_text(stmt, i);

		fputc(text ? 1 : 0, out);
		if (text)
			fwrite(text, strlen(text) + 1, 1, out);
	}
}

/* Reads the next page. 0 or -errno; the caller frees page->text in any case. */
static int read_page(struct cg_spool *spool, sqlite3_stmt *stmt, struct page *page)
{
	FILE *out = open_memstream(&page->text, &page->size);
	int rc;

	if (!out)
		return -ENOMEM;
	bind_place(stmt, page);
	page->rows = 0;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		copy_row(out, stmt, cg_db_tables[CG_TABLE_CDR].n_columns);
		page->rows++;
	}
	sqlite3_reset(stmt); /* ends the read transaction */
	if (fclose(out))
		return -ENOMEM;
	return cg_sqlite_errno(spool->db, rc);
}

static const char *get_value(const char *const *values, const char *name)
{
	const char *value = values[cg_db_column_find(&cg_db_tables[CG_TABLE_CDR], name)];

	return value ? value : "";
}

/* Stores where the page ends. */
static void set_place(struct page *page, const char *const *values)
{
	page->after_answer = atoll(get_value(values, "answer_time"));
	page->after_setup = atoll(get_value(values, "setup_time"));
	snprintf(page->after_uid, sizeof(page->after_uid), "%s", get_value(values, "call_uid"));
	snprintf(page->after_node, sizeof(page->after_node), "%s", get_value(values, "node"));
}

/* Calls `handle` for each row of the page. 0, or what `handle` returned. */
static int handle_page(struct page *page, cg_spool_row_handler handle, void *ctx)
{
	const unsigned int n_columns = cg_db_tables[CG_TABLE_CDR].n_columns;
	const char *values[CG_COLUMNS_MAX], *p = page->text;
	int err = 0;

	for (int row = 0; row < page->rows && !err; row++) {
		__s64 step;

		memcpy(&step, p, sizeof(step));
		p += sizeof(step);
		for (unsigned int i = 0; i < n_columns; i++) {
			values[i] = *p++ ? p : NULL;
			p += values[i] ? strlen(p) + 1 : 0;
		}
		err = handle(ctx, step, values);
		if (row == page->rows - 1)
			set_place(page, values);
	}
	return err;
}

static int bind_values(struct cg_spool *spool, sqlite3_stmt *stmt, int n, const char *const *values)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < n && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text(stmt, i + 1, values[i], -1, SQLITE_STATIC);
	return cg_sqlite_errno(spool->db, rc);
}

int cg_spool_select_calls(struct cg_spool *spool, const char *where, int n,
			  const char *const *values, cg_spool_row_handler handle, void *ctx)
{
	struct page page = { .after_answer = INT64_MIN, .after_setup = INT64_MIN };
	sqlite3_stmt *stmt = NULL;
	int rows = 0, err = cg_sqlite_prepare(spool->db, write_select, &cg_db_tables[CG_TABLE_CDR],
					      where, &stmt);

	if (!err)
		err = bind_values(spool, stmt, n, values);
	do {
		if (!err)
			err = read_page(spool, stmt, &page);
		if (!err)
			err = handle_page(&page, handle, ctx);
		free(page.text);
		page.text = NULL;
		rows += page.rows;
	} while (!err && page.rows == PAGE_ROWS);
	sqlite3_finalize(stmt);
	return err ? err : rows;
}
