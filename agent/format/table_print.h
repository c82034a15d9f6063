/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tables on standard output, made by libsmartcols. On a terminal they are cut to its width. Rows
 * are printed in blocks, so that a million of them need no more memory. Columns get wider from
 * block to block, never narrower.
 */
#ifndef CG_FORMAT_TABLE_PRINT_H
#define CG_FORMAT_TABLE_PRINT_H

#include "format/colour.h"

#define CG_PRINT_RIGHT 0x1 /* numbers */
#define CG_PRINT_CUT 0x2 /* may be cut on a narrow terminal */
#define CG_PRINT_WIDE 0x4 /* left out on a terminal narrower than CG_PRINT_WIDE_FROM columns */
#define CG_PRINT_WIDE_FROM 150

struct cg_table_print_column {
	const char *name;
	unsigned int width; /* minimum */
	unsigned int flags; /* CG_PRINT_... */
};

struct cg_table_print;

/* Returns NULL if there is no memory. */
struct cg_table_print *cg_table_print_new(const struct cg_table_print_column *columns,
					  unsigned int n);

/*
 * Adds a row of n cells, which are copied. The texts must be printable (cg_text_escape()); NULL is
 * "". Returns 0 or -errno; -EPIPE: writing failed, and cg_stdout_flush() reports it.
 */
int cg_table_print_row(struct cg_table_print *list, const char *const *cells,
		       enum cg_colour colour);

/*
 * Prints the remaining rows, or the heading if there were no rows, and frees the table (may be
 * NULL). Returns 0 or -errno.
 */
int cg_table_print_end(struct cg_table_print *list);
void cg_table_print_free(struct cg_table_print *list); /* prints nothing */

#endif
