/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How the CLI speaks: errors and notices to stderr, results to stdout, JSON where -j asks for it. */
#ifndef CG_UTIL_REPORT_H
#define CG_UTIL_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/exit.h"

void cg_report_json(bool json);

/*
 * One line: the object, the cause, the remedy. Returns CG_FAILED, CG_USAGE, nothing. A layer that
 * reports returns -errno or an exit code; the one above stays silent.
 */
int cg_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cg_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cg_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct cg_kept {
	char *text; /* NULL: to stderr */
	size_t size;
};

/*
 * What is reported goes to `text` (the last of it) instead of stderr, for who shows a report as a
 * finding of his own, or draws on the terminal. Returns where it went before, to be put back.
 */
struct cg_kept cg_report_keep(struct cg_kept kept);

/* One JSON text in one line; takes the reference. CG_DONE or CG_FAILED (reported). */
int cg_json_out(json_t *json);

/* Flushes stdout: CG_DONE, or CG_FAILED where it could not be written (reported). */
int cg_out_end(void);

#endif
