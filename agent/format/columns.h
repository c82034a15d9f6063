/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Text cut to columns of a terminal. The locale defines the width of a character. */
#ifndef CG_FORMAT_COLUMNS_H
#define CG_FORMAT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Appends the characters of `text` that fit into `columns` to `out` (NUL-ended, `size` bytes).
 * `pad` fills the rest with blanks. Control characters and those unknown to the locale become '?'.
 */
void cg_columns_append(char *out, size_t size, const char *text, unsigned int columns, bool pad);

#endif
