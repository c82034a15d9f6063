/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A table on standard output, by libsmartcols: cut to the terminal's width on a terminal, in full
 * elsewhere. Rows go out by the thousand, so that a million of them need no more memory; columns
 * grow, and never shrink.
 */
#ifndef CG_FORMAT_TABLE_PRINT_H
#define CG_FORMAT_TABLE_PRINT_H

#include "format/colour.h"

#define CG_PRINT_RIGHT 0x1 /* numbers */
#define CG_PRINT_CUT 0x2 /* may be cut on a terminal that is too narrow */
#define CG_PRINT_WIDE 0x4 /* left out on a terminal narrower than CG_PRINT_WIDE_FROM columns */
#define CG_PRINT_WIDE_FROM 150

struct cg_table_print_column {
	const char *name;
	unsigned int width; /* at least */
	unsigned int flags; /* CG_LIST_... */
};

struct cg_table_print;

/* NULL: no memory. */
struct cg_table_print *cg_table_print_new(const struct cg_table_print_column *columns,
					  unsigned int n);

/*
 * A row: n texts that are fit for a terminal (cg_text_escape), copied; NULL is "". 0 or -errno
 * (-EPIPE: output fails, see cg_stdout_flush()).
 */
int cg_table_print_row(struct cg_table_print *list, const char *const *cells,
		       enum cg_colour colour);

/* Prints what is not out yet (without rows, the heading) and frees it; may be NULL. 0 or -errno. */
int cg_table_print_end(struct cg_table_print *list);
void cg_table_print_free(struct cg_table_print *list); /* without a word */

#endif
