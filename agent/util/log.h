/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Log of the daemon: one line per message, written to stderr with one write(). If stderr is the
 * journal (JOURNAL_STREAM, systemd.exec(5)), each line has the priority prefix of sd-daemon(3). It
 * never waits for the reader of stderr: lines that find no room are counted, and the log says how
 * many when there is room again. For one thread.
 */
#ifndef CG_UTIL_LOG_H
#define CG_UTIL_LOG_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct cg_log_options {
	bool verbose; /* print cg_log_debug() messages */
	bool json; /* one JSON object per line */
	bool muted; /* print nothing: a command that reports in its own way */
	const char *instance, *node; /* members of the JSON object; NULL: not known yet */
};

/*
 * Copies the options; the strings must stay valid. Until the first call, the log is text and not
 * verbose.
 */
void cg_log_configure(const struct cg_log_options *options);

/* Reports lines that were lost, once there is room. Call it each second. */
void cg_log_poll(void);

/* Returns the number of lines lost or cut since the start. */
__u64 cg_log_lost(void);

/*
 * Writes to stderr what it takes at once. Returns the number of bytes, or -errno (-EAGAIN: no
 * room).
 */
ssize_t cg_log_write_stderr(const char *text, size_t size);

/*
 * Log a message at this level. err: an operator must act. warning: an operator may have to act.
 * notice: an operator should know. info: normal operation. debug: printed with -v only.
 */
__attribute__((format(printf, 1, 2))) void cg_log_err(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_warning(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_notice(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cg_log_debug(const char *format, ...);

#endif
