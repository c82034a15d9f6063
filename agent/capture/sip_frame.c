// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "capture/sip_frame.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* bytes: the first `len` bytes of a message. Returns its whole length, or 0 if its end is not known yet. */
static size_t message_length(const uint8_t *bytes, size_t len)
{
	const uint8_t *value;
	size_t at = 0, body = 0;
	bool found = false;

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
 * Returns whether a start line begins here: a request line ends in the version, a status line begins with
 * it. Unknown: the line is not complete.
 */
static enum start find_start(const uint8_t *bytes, size_t len)
{
	ptrdiff_t line = line_length(bytes, len);
	size_t n = line < 0 ? len : (size_t)line;

	if (n >= VERSION_LEN && !strncasecmp((const char *)bytes, VERSION, VERSION_LEN))
		return START;
	if (len && (*bytes < 'A' || *bytes > 'z'))
		return NO_START;
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

void cg_sip_frame_clear(struct cg_sip_frame *frame)
{
	free(frame->bytes);
	*frame = (struct cg_sip_frame){};
}

void cg_sip_frame_lose(struct cg_sip_frame *frame)
{
	frame->at = frame->len = 0;
	frame->is_synced = false;
}

/* Looks for a start line, line by line. Returns false if more bytes are needed. */
static bool sync_frame(struct cg_sip_frame *f)
{
	enum start start;

	for (;;) {
		const uint8_t *end;

		f->at += skip_keepalive(f->bytes + f->at, f->len - f->at);
		start = find_start(f->bytes + f->at, f->len - f->at);
		if (start != NO_START)
			break;
		end = memchr(f->bytes + f->at, '\n', f->len - f->at);
		f->at = end ? (size_t)(end - f->bytes) + 1 : f->len;
	}
	f->is_synced = start == START;
	return f->is_synced;
}

/* Hands out the message at `at`. Returns 1; 0: it is not whole yet; -1: it is too long. */
static int take_message(struct cg_sip_frame *f, cg_sip_message handle, void *ctx)
{
	size_t n;

	f->at += skip_keepalive(f->bytes + f->at, f->len - f->at);
	if (find_start(f->bytes + f->at, f->len - f->at) == NO_START) {
		f->is_synced = false;
		return 1;
	}
	n = message_length(f->bytes + f->at, f->len - f->at);
	if (n > CG_SIP_MESSAGE_MAX || (!n && f->len - f->at > CG_SIP_MESSAGE_MAX))
		return -1;
	if (!n || n > f->len - f->at)
		return 0;
	handle(ctx, f->bytes + f->at, n);
	f->at += n;
	return 1;
}

static bool reserve(struct cg_sip_frame *f, size_t len)
{
	size_t room = f->room ? f->room : 2048;
	uint8_t *bytes;

	if (f->at) {
		f->len -= f->at;
		memmove(f->bytes, f->bytes + f->at, f->len);
		f->at = 0;
	}
	while (room < f->len + len)
		room *= 2;
	if (room == f->room)
		return true;
	bytes = realloc(f->bytes, room);
	if (!bytes)
		return false;
	f->bytes = bytes;
	f->room = room;
	return true;
}

bool cg_sip_frame_append(struct cg_sip_frame *frame, const uint8_t *bytes, size_t len,
			 cg_sip_message handle, void *ctx)
{
	int result = 1;

	if (!reserve(frame, len)) {
		cg_sip_frame_lose(frame);
		return false;
	}
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
	while (result == 1 && (frame->is_synced || sync_frame(frame)))
		result = take_message(frame, handle, ctx);
	if (result < 0)
		cg_sip_frame_lose(frame);
	return result >= 0;
}
