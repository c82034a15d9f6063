/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Output of the CLI: errors and notices to stderr, results to stdout. After
 * cg_output_set_json(true), which -j calls, errors and notices are JSON objects.
 */
#ifndef CG_UTIL_CLI_OUTPUT_H
#define CG_UTIL_CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/exit.h"

void cg_output_set_json(bool json);

/*
 * Report one line to stderr: "OBJECT: cannot VERB: CAUSE; REMEDY". They return CG_FAILED, CG_USAGE
 * and nothing. A function that has reported an error returns -errno or an exit code, and its caller
 * does not report it again.
 */
int cg_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cg_fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cg_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct cg_capture {
	char text[1024]; /* the last report; "": none */
	struct cg_capture *outer; /* private */
};

/*
 * Stores reports in `capture` instead of printing them, until cg_output_release(). The caller shows
 * a report as a finding, or is drawing on the terminal. Captures nest; release the last one first.
 */
void cg_output_capture(struct cg_capture *capture);
void cg_output_release(struct cg_capture *capture);

/*
 * Prints `json` as one line and releases the reference. NULL counts as out of memory. Returns
 * CG_DONE, or CG_FAILED after it has reported the error.
 */
int cg_stdout_write_json(json_t *json);

/*
 * Prints `text` and a newline behind what is already in the line, which is `column` wide. Further
 * lines, if `width` is not 0, begin in that column as well, and are broken between words.
 */
void cg_stdout_print_wrapped(unsigned int width, unsigned int column, const char *text);

/* Flushes stdout. Returns CG_DONE, or CG_FAILED after it has reported the error. */
int cg_stdout_flush(void);

#endif
