/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How far long work has come: one line on a terminal's standard error, written anew a few times a
 * second from half a second on; elsewhere nothing. It is wiped out before anything else is said.
 */
#ifndef CG_UTIL_PROGRESS_H
#define CG_UTIL_PROGRESS_H

#include <linux/types.h>

/* New work, of `of` steps; 0: nobody knows how many. Text: kept by the caller, printable. */
void cg_progress_start(const char *text, __u64 of);
void cg_progress_update(__u64 done); /* may be called at each step */
/* The next of few steps that take long each: said at once. */
void cg_progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cg_progress_clear(void); /* makes way for output; the work goes on */
void cg_progress_end(void); /* wipes it out; harmless where there is none */

#endif
