// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/log.h"

#include <ctype.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "util/text.h"

#define TEXT_MAX 1024
#define TRIES 3 /* each half as long */

static struct cg_log_options setup;

void cg_log_configure(const struct cg_log_options *wanted)
{
	setup = *wanted;
}

/* Another file may have been put in the place of the stderr that the variable speaks of. */
static bool to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat info;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &info) && info.st_dev == device && info.st_ino == inode;
}

/* Whatever is not UTF-8 in it is escaped. */
static json_t *string(const char *text)
{
	char escaped[CG_ESCAPED_SIZE(TEXT_MAX)];

	if (!text)
		return NULL;
	cg_text_escape(escaped, sizeof(escaped), text, TEXT_MAX);
	return json_string(text) ?: json_string(escaped);
}

static char *json_line(int level, const char *text)
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
			 string(text), "instance", string(setup.instance), "node",
			 string(setup.node), "pid", (int)getpid());
	line = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(json);
	return line;
}

static void write_line(int level, const char *before, const char *text)
{
	char line[PIPE_BUF], mark[8] = ""; /* a pipe takes no more at once */
	int len;

	if (to_journal()) { /* it knows who speaks */
		snprintf(mark, sizeof(mark), "<%d>", level);
		before = mark;
	}
	len = snprintf(line, sizeof(line), "%s%s\n", before, text);
	if (len < 0)
		return;
	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* whom to tell? */
}

/* A text whose escapes are too long for one write says its beginning. */
static void write_json(int level, char *text)
{
	char *line = json_line(level, text);

	for (int i = 1; line && strlen(line) > PIPE_BUF - 8 && i < TRIES; i++) {
		free(line);
		text[TEXT_MAX >> i] = '\0';
		line = json_line(level, text);
	}
	write_line(level, "", line ? line : "{}");
	free(line);
}

static void write_text(int level, char *text)
{
	for (char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	write_line(level, "cseqguardd: ", text);
}

static void say(int level, const char *format, va_list args)
{
	char text[TEXT_MAX];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		return;
	if (setup.json)
		write_json(level, text);
	else
		write_text(level, text);
}

#define SPEAKER(name, level)                                                                       \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list args;                                                                      \
                                                                                                   \
		if (level == LOG_DEBUG && !setup.verbose)                                          \
			return;                                                                    \
		va_start(args, format);                                                            \
		say(level, format, args);                                                          \
		va_end(args);                                                                      \
	}
SPEAKER(cg_log_err, LOG_ERR)
SPEAKER(cg_log_warning, LOG_WARNING)
SPEAKER(cg_log_notice, LOG_NOTICE)
SPEAKER(cg_log_info, LOG_INFO)
SPEAKER(cg_log_debug, LOG_DEBUG)
