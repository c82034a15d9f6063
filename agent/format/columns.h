/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Text in columns of a terminal: counted as it shows them, by the locale. */
#ifndef CG_FORMAT_COLUMNS_H
#define CG_FORMAT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Appends to `out` (NUL-ended, of `size` bytes) the characters of `text` that fit in `columns`;
 * pad: with blanks up to them. What the locale cannot show, and controls, are '?'.
 */
void cg_columns_append(char *out, size_t size, const char *text, unsigned int columns, bool pad);

#endif
