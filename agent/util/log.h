/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's words: one line each, to stderr, in one write. Where stderr is the journal
 * (JOURNAL_STREAM, systemd.exec(5)) each carries its level as sd-daemon(3) has it.
 */
#ifndef CG_UTIL_LOG_H
#define CG_UTIL_LOG_H

#include <stdbool.h>

struct cg_log_options {
	bool verbose; /* cg_log_debug() speaks */
	bool json; /* one object a line */
	const char *instance, *node; /* in JSON; NULL: not known yet. Must outlive the setup. */
};

/* Before the first one: text, not verbose. */
void cg_log_configure(const struct cg_log_options *setup);

/* By level: err needs an operator, warning may, notice (cg_log_notice) is worth a look, debug: -v. */
__attribute__((format(printf, 1, 2))) void cg_log_err(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_warning(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_notice(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_debug(const char *format, ...);

#endif
