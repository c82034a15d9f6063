/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Progress of long operations: one line on standard error. It appears after half a second and is
 * updated five times a second. It is cleared before other output. Without a terminal nothing is
 * printed.
 */
#ifndef CG_UTIL_PROGRESS_H
#define CG_UTIL_PROGRESS_H

#include <linux/types.h>

/*
 * Begins an operation of `total` steps; 0: the number is not known. `text` must be printable and
 * stay valid until cg_progress_end().
 */
void cg_progress_start(const char *text, __u64 total);
void cg_progress_update(__u64 done); /* cheap enough to be called after each step */
/* Shows a line at once, for operations of a few long steps. */
void cg_progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cg_progress_clear(void); /* clears the line for other output; the operation continues */
void cg_progress_end(void); /* clears the line; does nothing without an operation */

#endif
