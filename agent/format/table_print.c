// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "format/table_print.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/progress.h"

#define ROWS 4096 /* that are laid out together */

struct cg_table_print {
	struct libscols_table *table;
	const struct cg_table_print_column *columns;
	unsigned int n, rows;
	bool begun; /* the heading is out */
};

static int add_columns(struct cg_table_print *list)
{
	unsigned int terminal = cg_stdout_columns();
	unsigned int left_out = terminal && terminal < CG_PRINT_WIDE_FROM ? CG_PRINT_WIDE : 0;

	for (unsigned int i = 0; i < list->n; i++) {
		const struct cg_table_print_column *column = &list->columns[i];
		int flags = (column->flags & CG_PRINT_RIGHT ? SCOLS_FL_RIGHT : 0) |
			    (column->flags & CG_PRINT_CUT ? SCOLS_FL_TRUNC : 0) |
			    (column->flags & left_out ? SCOLS_FL_HIDDEN : 0);

		if (!scols_table_new_column(list->table, column->name, column->width, flags))
			return -ENOMEM;
	}
	return 0;
}

struct cg_table_print *cg_table_print_new(const struct cg_table_print_column *columns,
					  unsigned int n)
{
	struct cg_table_print *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->columns = columns;
	list->n = n;
	list->table = scols_new_table();
	if (!list->table || add_columns(list)) {
		cg_table_print_free(list);
		return NULL;
	}
	scols_table_enable_colors(list->table, cg_colour_is_enabled());
	scols_table_enable_noencoding(list->table, 1); /* our escapes are not escaped again */
	return list;
}

void cg_table_print_free(struct cg_table_print *list)
{
	if (!list)
		return;
	scols_unref_table(list->table);
	free(list);
}

/* What comes next is as wide as this, at least. */
static int flush(struct cg_table_print *list)
{
	int err;

	cg_progress_clear();
	err = scols_print_table(list->table);
	for (unsigned int i = 0; i < list->n; i++) {
		struct libscols_column *column = scols_table_get_column(list->table, i);
		size_t width = scols_column_get_width(column);

		if (width > list->columns[i].width)
			scols_column_set_whint(column, width);
	}
	scols_table_remove_lines(list->table);
	scols_table_enable_noheadings(list->table, 1);
	list->rows = 0;
	list->begun = true;
	return err ? err : ferror(stdout) ? -EPIPE : 0;
}

int cg_table_print_row(struct cg_table_print *list, const char *const *cells, enum cg_colour colour)
{
	struct libscols_line *line = scols_table_new_line(list->table, NULL);
	int err = line ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < list->n && !err; i++)
		err = scols_line_set_data(line, i, cells[i] ? cells[i] : "");
	if (!err && cg_colour_name(colour))
		err = scols_line_set_color(line, cg_colour_name(colour));
	if (err)
		return err;
	return ++list->rows == ROWS ? flush(list) : 0;
}

static void heading(const struct cg_table_print *list)
{
	for (unsigned int i = 0; i < list->n; i++)
		printf("%s%s", i ? "  " : "", list->columns[i].name);
	putchar('\n');
}

int cg_table_print_end(struct cg_table_print *list)
{
	int err = 0;

	if (!list)
		return 0;
	if (list->rows)
		err = flush(list);
	else if (!list->begun)
		heading(list);
	cg_table_print_free(list);
	return err;
}
