// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "capture/splitter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hep/hep_read.h"

#define START_LINE_MAX 4096
#define VERSION "SIP/2.0"
#define VERSION_LEN (sizeof(VERSION) - 1)
#define LENGTH_MAX 100000000 /* of a body; more digits are no number */

enum start { START, NO_START, UNKNOWN };

/* Returns the bytes before a message: line ends and NULs, which keep a connection alive. */
static size_t skip_keepalive(const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && (bytes[n] == '\r' || bytes[n] == '\n' || !bytes[n]))
		n++;
	return n;
}

/* Returns the bytes of the first line without its end, or -1: there is no end. */
static ptrdiff_t line_length(const uint8_t *line, size_t len)
{
	const uint8_t *end = memchr(line, '\n', len);

	if (!end)
		return -1;
	return end > line && end[-1] == '\r' ? end - line - 1 : end - line;
}

/* True for "Content-Length" and its short form `l`. *value: behind the colon. */
static bool is_content_length(const uint8_t *line, size_t len, const uint8_t **value)
{
	static const char name[] = "content-length";
	const uint8_t *colon = memchr(line, ':', len);
	size_t n;

	if (!colon)
		return false;
	n = colon - line;
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	*value = colon + 1;
	return (n == 1 && (*line == 'l' || *line == 'L')) ||
	       (n == sizeof(name) - 1 && !strncasecmp((const char *)line, name, n));
}

static size_t read_number(const uint8_t *at, const uint8_t *end)
{
	size_t number = 0;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9' && number < LENGTH_MAX; at++)
		number = number * 10 + (*at - '0');
	return number;
}

/*
 * bytes: the first `len` bytes of a message. Returns its whole length, or 0 if its end is not
 * known.
 */
static size_t message_length(const uint8_t *bytes, size_t len)
{
	const uint8_t *value;
	size_t at = 0, body = 0;
	bool found = false;

	if (cg_hep_is_record(bytes, len))
		return cg_hep_record_length(bytes)
			       ?: SIZE_MAX; /* damaged: as one that is too long */
	for (;;) {
		ptrdiff_t line = line_length(bytes + at, len - at);
		const uint8_t *next;

		if (line < 0)
			return 0;
		next = (const uint8_t *)memchr(bytes + at, '\n', len - at) + 1;
		if (!line)
			return next - bytes + body;
		if (!found && is_content_length(bytes + at, line, &value)) {
			body = read_number(value, bytes + at + line);
			found = true;
		}
		at = next - bytes;
	}
}

/*
 * Returns whether a start line begins here: a request line ends in the version, a status line
 * begins with it. Unknown: the line is not complete.
 */
static enum start find_start(const uint8_t *bytes, size_t len)
{
	ptrdiff_t line;
	size_t n;

	if (len && (*bytes < 'A' || *bytes > 'z'))
		return NO_START; /* most packets are RTP */
	line = line_length(bytes, len);
	n = line < 0 ? len : (size_t)line;
	if (n >= VERSION_LEN && !strncasecmp((const char *)bytes, VERSION, VERSION_LEN))
		return START;
	if (line < 0)
		return len < START_LINE_MAX ? UNKNOWN : NO_START;
	if (n > VERSION_LEN + 1 && bytes[n - VERSION_LEN - 1] == ' ' &&
	    !strncasecmp((const char *)bytes + n - VERSION_LEN, VERSION, VERSION_LEN))
		return START;
	return NO_START;
}

bool cg_sip_begins(const uint8_t *bytes, size_t len)
{
	return find_start(bytes, len) == START;
}

/* --- the stream ------------------------------------------------------------------------------- */

void cg_splitter_clear(struct cg_splitter *splitter)
{
	free(splitter->bytes);
	*splitter = (struct cg_splitter){};
}

void cg_splitter_lose(struct cg_splitter *splitter)
{
	splitter->at = splitter->len = 0;
	splitter->is_synced = false;
}

/* Returns whether a message begins at `at`. */
static enum start find_next_start(const struct cg_splitter *s)
{
	const uint8_t *bytes = s->bytes + s->at;
	size_t len = s->len - s->at;

	if (cg_hep_is_record(bytes, len))
		return START;
	if (!s->is_hep)
		return find_start(bytes, len);
	return len < CG_HEP_HEADER && !memcmp(bytes, CG_HEP_MAGIC, len < 4 ? len : 4) ? UNKNOWN
										      : NO_START;
}

/* Skips a line, or up to where a record may begin. */
static void skip_garbage(struct cg_splitter *s)
{
	const uint8_t *bytes = s->bytes + s->at, *next = NULL;
	size_t len = s->len - s->at;

	if (!s->is_hep)
		next = memchr(bytes, '\n', len);
	else if (len)
		next = memchr(bytes + 1, *CG_HEP_MAGIC, len - 1);
	s->at = next ? (size_t)(next - s->bytes) + !s->is_hep : s->len;
}

/* Looks for the start of a message. Returns false if more bytes are needed. */
static bool find_message(struct cg_splitter *s)
{
	enum start start;

	for (;;) {
		s->at += skip_keepalive(s->bytes + s->at, s->len - s->at);
		start = find_next_start(s);
		if (start != NO_START)
			break;
		skip_garbage(s);
	}
	s->is_synced = start == START;
	return s->is_synced;
}

/* Hands out the message at `at`. Returns 1; 0: it is not whole yet; -1: it is too long. */
static int take_message(struct cg_splitter *s, cg_splitter_handler handle, void *ctx)
{
	size_t n;

	s->at += skip_keepalive(s->bytes + s->at, s->len - s->at);
	if (find_next_start(s) == NO_START) {
		s->is_synced = false;
		return 1;
	}
	n = message_length(s->bytes + s->at, s->len - s->at);
	s->is_hep |= cg_hep_is_record(s->bytes + s->at, s->len - s->at);
	if (n > CG_SIP_MESSAGE_MAX || (!n && s->len - s->at > CG_SIP_MESSAGE_MAX))
		return -1;
	if (!n || n > s->len - s->at)
		return 0;
	handle(ctx, s->bytes + s->at, n);
	s->at += n;
	return 1;
}

static bool reserve(struct cg_splitter *s, size_t len)
{
	size_t room = s->room ? s->room : 2048;
	uint8_t *bytes;

	if (s->at) {
		s->len -= s->at;
		memmove(s->bytes, s->bytes + s->at, s->len);
		s->at = 0;
	}
	while (room < s->len + len)
		room *= 2;
	if (room == s->room)
		return true;
	bytes = realloc(s->bytes, room);
	if (!bytes)
		return false;
	s->bytes = bytes;
	s->room = room;
	return true;
}

bool cg_splitter_append(struct cg_splitter *s, const uint8_t *bytes, size_t len,
			cg_splitter_handler handle, void *ctx)
{
	int result = 1;

	if (!reserve(s, len)) {
		cg_splitter_lose(s);
		return false;
	}
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	while (result == 1 && (s->is_synced || find_message(s)))
		result = take_message(s, handle, ctx);
	if (result < 0)
		cg_splitter_lose(s);
	return result >= 0;
}
