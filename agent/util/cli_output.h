/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How the CLI speaks: errors and notices to stderr, results to stdout, JSON where -j asks for it. */
#ifndef CG_UTIL_CLI_OUTPUT_H
#define CG_UTIL_CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/exit.h"

void cg_output_set_json(bool json);

/*
 * One line: the object, the cause, the remedy. Returns CG_FAILED, CG_USAGE, nothing. A layer that
 * reports returns -errno or an exit code; the one above stays silent.
 */
int cg_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cg_fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cg_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct cg_capture {
	char text[1024]; /* the last report; "": none */
	struct cg_capture *outer; /* private */
};

/*
 * Stores reports in `capture` instead of printing them, until cg_output_release(): the caller shows
 * a report as a finding, or is drawing on the terminal. Captures nest; release the last one first.
 */
void cg_output_capture(struct cg_capture *capture);
void cg_output_release(struct cg_capture *capture);

/* One JSON text in one line; takes the reference. CG_DONE or CG_FAILED (reported). */
int cg_stdout_write_json(json_t *json);

/* Flushes stdout: CG_DONE, or CG_FAILED where it could not be written (reported). */
int cg_stdout_flush(void);

#endif
