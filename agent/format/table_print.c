// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/table_print.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/progress.h"

#define ROWS 4096 /* per block */

struct cg_table_print {
	struct libscols_table *scols;
	const struct cg_table_print_column *columns;
	unsigned int n, rows;
	bool started; /* the heading was printed */
};

static int add_columns(struct cg_table_print *table)
{
	unsigned int terminal = cg_stdout_columns();
	unsigned int left_out = terminal && terminal < CG_PRINT_WIDE_FROM ? CG_PRINT_WIDE : 0;

	for (unsigned int i = 0; i < table->n; i++) {
		const struct cg_table_print_column *column = &table->columns[i];
		int flags = (column->flags & CG_PRINT_RIGHT ? SCOLS_FL_RIGHT : 0) |
			    (column->flags & CG_PRINT_CUT ? SCOLS_FL_TRUNC : 0) |
			    (column->flags & left_out ? SCOLS_FL_HIDDEN : 0);

		if (!scols_table_new_column(table->scols, column->name, column->width, flags))
			return -ENOMEM;
	}
	return 0;
}

struct cg_table_print *cg_table_print_new(const struct cg_table_print_column *columns,
					  unsigned int n)
{
	struct cg_table_print *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	table->n = n;
	table->scols = scols_new_table();
	if (!table->scols || add_columns(table)) {
		cg_table_print_free(table);
		return NULL;
	}
	scols_table_enable_colors(table->scols, cg_colour_is_enabled());
	scols_table_enable_noencoding(table->scols, 1); /* our escapes are not escaped again */
	return table;
}

void cg_table_print_free(struct cg_table_print *table)
{
	if (!table)
		return;
	scols_unref_table(table->scols);
	free(table);
}

/* Prints the block. Its column widths are the minimum of the next block. */
static int print_block(struct cg_table_print *table)
{
	int err;

	cg_progress_clear();
	err = scols_print_table(table->scols);
	for (unsigned int i = 0; i < table->n; i++) {
		struct libscols_column *column = scols_table_get_column(table->scols, i);
		size_t width = scols_column_get_width(column);

		if (width > table->columns[i].width)
			scols_column_set_whint(column, width);
	}
	scols_table_remove_lines(table->scols);
	scols_table_enable_noheadings(table->scols, 1);
	table->rows = 0;
	table->started = true;
	return err ? err : ferror(stdout) ? -EPIPE : 0;
}

int cg_table_print_row(struct cg_table_print *table, const char *const *cells,
		       enum cg_colour colour)
{
	struct libscols_line *line = scols_table_new_line(table->scols, NULL);
	int err = line ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < table->n && !err; i++)
		err = scols_line_set_data(line, i, cells[i] ? cells[i] : "");
	if (!err && cg_colour_name(colour))
		err = scols_line_set_color(line, cg_colour_name(colour));
	if (err)
		return err;
	return ++table->rows == ROWS ? print_block(table) : 0;
}

/*
 * libsmartcols prints no heading without a row: the heading is the first line above an empty one.
 */
static int print_heading(struct cg_table_print *table)
{
	char *text = NULL;
	int err = scols_table_new_line(table->scols, NULL) ? 0 : -ENOMEM;

	if (!err)
		err = scols_print_table_to_string(table->scols, &text);
	if (!err)
		printf("%.*s\n", (int)strcspn(text, "\n"), text);
	free(text);
	return err;
}

int cg_table_print_end(struct cg_table_print *table)
{
	int err = 0;

	if (!table)
		return 0;
	if (table->rows)
		err = print_block(table);
	else if (!table->started)
		err = print_heading(table);
	cg_table_print_free(table);
	return err;
}
