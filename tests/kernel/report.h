/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The program for what proxies report, beside the guard under test, with the same maps. */
#ifndef REPORT_H
#define REPORT_H

#include "endpoints.h"
#include "harness.h"

/* Loads the program if it is not loaded. Returns 0 or -errno. */
int report_open(struct harness *harness);
void report_close(void);

/*
 * Runs a message that is reported as one from `from` to `to`, now. The caller may be anybody who has the
 * fd. Returns 0 or -errno.
 */
int report_run(struct harness *harness, const struct endpoint *from, const struct endpoint *to,
	       int in, const void *text, size_t len, __u32 *verdict);

/* Returns the number of instructions that the verifier walked, or -errno. */
int report_insns(void);

typedef void (*report_result)(bool good, const char *suite, const char *name);

/* What a report must have, and that a user without privileges can run the program. */
void report_checks(struct harness *harness, report_result result);

#endif
