/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The daemon's words: one line each, to stderr. */
#ifndef CG_LOG_H
#define CG_LOG_H

#include <stdbool.h>

extern bool cg_log_verbose;

__attribute__((format(printf, 1, 2))) void cg_log(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_detail(const char *format, ...); /* with -v */

#endif
