// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "util/text.h"

#define TEXT_MAX 1024
#define TRIES 3 /* the text is halved before each further one */

static struct cg_log_options options;
static __u64 lost, lost_in_all; /* lines: since the last report, since the start */
static bool cut; /* the last line was written in part */

void cg_log_configure(const struct cg_log_options *new_options)
{
	options = *new_options;
}

/*
 * Returns stderr's fd, or one of our own for the same pipe or terminal. O_NONBLOCK on stderr itself
 * would hold for every process that shares it.
 */
static int open_stderr(void)
{
	static int fd = -1;
	struct stat info;

	if (fd >= 0)
		return fd;
	if (!fstat(STDERR_FILENO, &info) && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)))
		fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = STDERR_FILENO; /* a file or a socket, or the pipe belongs to another user */
	return fd;
}

ssize_t cg_log_write_stderr(const char *text, size_t size)
{
	int fd = open_stderr();
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t written;

	if (poll(&room, 1, 0) != 1) /* a pipe with room takes PIPE_BUF bytes */
		return -EAGAIN;
	written = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (written < 0 && errno == ENOTSOCK)
		written = write(fd, text, size);
	return written < 0 ? -errno : written;
}

/* Compares device and inode, because stderr may have been redirected since the variable was set. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat info;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &info) && info.st_dev == device && info.st_ino == inode;
}

/* Returns `text` as a JSON string. A text that is not valid UTF-8 is escaped. */
static json_t *json_escaped(const char *text)
{
	char escaped[CG_ESCAPED_SIZE(TEXT_MAX)];

	if (!text)
		return NULL;
	cg_text_escape(escaped, sizeof(escaped), text, TEXT_MAX);
	return json_string(text) ?: json_string(escaped);
}

static char *make_json_line(int level, const char *text)
{
	static const char *const levels[] = { [LOG_ERR] = "err",
					      [LOG_WARNING] = "warning",
					      [LOG_NOTICE] = "notice",
					      [LOG_INFO] = "info",
					      [LOG_DEBUG] = "debug" };
	char ts[CG_TIME_TEXT], *line;
	json_t *json;

	cg_utc_format(cg_now_us(), ts);
	json = json_pack("{ss ss so so* so* si}", "ts", ts, "level", levels[level], "msg",
			 json_escaped(text), "instance", json_escaped(options.instance), "node",
			 json_escaped(options.node), "pid", (int)getpid());
	line = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(json);
	return line;
}

/*
 * Writes the line with one write() of at most PIPE_BUF bytes, which is atomic on a pipe. False: it
 * is lost, or was cut.
 */
static bool write_line(int level, const char *prefix, const char *text)
{
	char line[PIPE_BUF], priority[8] = "";
	ssize_t written;
	int len;

	if (stderr_is_journal()) { /* the journal adds the program's name itself */
		snprintf(priority, sizeof(priority), "<%d>", level);
		prefix = priority;
	}
	len = snprintf(line, sizeof(line), "%s%s%s\n", cut ? "\n" : "", prefix, text);
	if (len < 0)
		return false;
	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	written = cg_log_write_stderr(line, len);
	if (written > 0)
		cut = written < len;
	return written == len;
}

/* Cuts the text until the JSON line, with its escapes, fits into one write. */
static bool write_json(int level, char *text)
{
	char *line = make_json_line(level, text);
	bool written;

	for (int i = 1; line && strlen(line) > PIPE_BUF - 8 && i < TRIES; i++) {
		free(line);
		text[TEXT_MAX >> i] = '\0';
		line = make_json_line(level, text);
	}
	written = write_line(level, "", line ? line : "{}");
	free(line);
	return written;
}

static bool write_text(int level, char *text)
{
	for (char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	return write_line(level, "cseqguardd: ", text);
}

static bool write_either(int level, char *text)
{
	return options.json ? write_json(level, text) : write_text(level, text);
}

void cg_log_poll(void)
{
	char text[80];

	if (!lost)
		return;
	snprintf(text, sizeof(text), "log: %llu lines lost because nobody read them",
		 (unsigned long long)lost);
	if (write_either(LOG_WARNING, text))
		lost = 0;
}

__u64 cg_log_lost(void)
{
	return lost_in_all;
}

static void write_message(int level, const char *format, va_list args)
{
	char text[TEXT_MAX];

	if (options.muted || vsnprintf(text, sizeof(text), format, args) < 0)
		return;
	cg_log_poll();
	if (!write_either(level, text)) {
		lost++;
		lost_in_all++;
	}
}

#define DEFINE_LOG(name, level)                                                                    \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
                                                                                                   \
		if (level == LOG_DEBUG && !options.verbose)                                        \
			return;                                                                    \
		va_start(args, format);                                                            \
		write_message(level, format, args);                                                \
		va_end(args);                                                                      \
	}
DEFINE_LOG(cg_log_err, LOG_ERR)
DEFINE_LOG(cg_log_warning, LOG_WARNING)
DEFINE_LOG(cg_log_notice, LOG_NOTICE)
DEFINE_LOG(cg_log_info, LOG_INFO)
DEFINE_LOG(cg_log_debug, LOG_DEBUG)
