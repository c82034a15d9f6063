// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: tests/unit/guard_page.c
/*
 * Where a message of a stream ends: a table of streams. Each is also cut at every length, and has
 * different bytes behind what has arrived.
 */
#include <stdlib.h>
#include <string.h>

#include "guard_page.h"
#include "sip_frame.h"
#include "tap.h"

#define BYE "BYE sip:b SIP/2.0\r\nCSeq: 14 BYE\r\n"
#define PART SIP_FRAME_PART
#define WHOLE SIP_FRAME_WHOLE
#define ODD SIP_FRAME_ODD
#define TEXT(literal) literal, sizeof(literal) - 1

/* A row leaves off what is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct row {
	const char *name;
	const char *text;
	size_t len;
	int result;
	__u32 start; /* of a message that is WHOLE */
	__u32 body;
};

static const struct row rows[] = {
	{ "a message without Content-Length has no body", TEXT(BYE "\r\n"), WHOLE },
	{ "CRLFs before a message are skipped", TEXT("\r\n\r\n" BYE "\r\n"), WHOLE, 4 },
	{ "a header block without its empty line is a part", TEXT(BYE), PART },
	{ "a response is framed as a request is",
	  TEXT("SIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\n"), WHOLE, 0, 5 },

	{ "a body has the length of Content-Length", TEXT(BYE "Content-Length: 142\r\n\r\n"), WHOLE,
	  0, 142 },
	{ "the compact form is the same header", TEXT(BYE "l: 7\r\n\r\n"), WHOLE, 0, 7 },
	{ "a header's name has no case", TEXT(BYE "cOnTeNt-LeNgTh: 7\r\nL:7\r\n\r\n"), WHOLE, 0,
	  7 },
	{ "blanks around the value do not count", TEXT(BYE "Content-Length:\t 7 \t\r\n\r\n"), WHOLE,
	  0, 7 },
	{ "no blank before the value", TEXT(BYE "l:7\r\n\r\n"), WHOLE, 0, 7 },
	{ "Content-Length twice with one value", TEXT(BYE "l: 7\r\nContent-Length: 07\r\n\r\n"),
	  WHOLE, 0, 7 },
	{ "a length of 8 digits", TEXT(BYE "l: 99999999\r\n\r\n"), WHOLE, 0, 99999999 },
	{ "Content-Type is no length", TEXT(BYE "c: 9\r\nContent-Type: 9\r\n\r\n"), WHOLE },
	{ "a name that begins as Content-Length does is another",
	  TEXT(BYE "Content-Length-X: 9\r\nlx: 9\r\nContent-Lengt: 9\r\n\r\n"), WHOLE },
	{ "another header is folded", TEXT(BYE "Subject: a\r\n l: 9\r\n\r\n"), WHOLE },

	{ "a header behind Content-Length is folded", TEXT(BYE "l: 7\r\nX: a\r\n b\r\n\r\n"), WHOLE,
	  0, 7 },

	{ "Content-Length twice with two values", TEXT(BYE "l: 7\r\nContent-Length: 8\r\n\r\n"),
	  ODD },
	{ "a length of 9 digits", TEXT(BYE "l: 000000007\r\n\r\n"), ODD },
	{ "a length with a sign", TEXT(BYE "l: +7\r\n\r\n"), ODD },
	{ "a negative length", TEXT(BYE "l: -7\r\n\r\n"), ODD },
	{ "a hexadecimal length", TEXT(BYE "l: 0x7\r\n\r\n"), ODD },
	{ "a length with text behind it", TEXT(BYE "l: 7;x\r\n\r\n"), ODD },
	{ "two numbers", TEXT(BYE "l: 7 8\r\n\r\n"), ODD },
	{ "two numbers with a comma", TEXT(BYE "l: 7,7\r\n\r\n"), ODD },
	{ "an empty length", TEXT(BYE "l:\r\n\r\n"), ODD },
	{ "a blank before the colon", TEXT(BYE "Content-Length : 7\r\n\r\n"), ODD },
	{ "a tab before the colon of the compact form", TEXT(BYE "l\t: 7\r\n\r\n"), ODD },
	{ "a length whose value is folded", TEXT(BYE "l:\r\n 7\r\n\r\n"), ODD },
	{ "a length that is folded behind its value", TEXT(BYE "l: 7\r\n 8\r\n\r\n"), ODD },
	{ "a length whose fold is empty", TEXT(BYE "l: 7\r\n\t\r\n\r\n"), ODD },

	{ "a line that ends with LF alone", TEXT("BYE sip:b SIP/2.0\nCSeq: 14 BYE\r\n\r\n"), ODD },
	{ "an empty line of LF alone", TEXT(BYE "\n"), ODD },
	{ "a CR alone", TEXT("BYE sip:b SIP/2.0\rCSeq: 14 BYE\r\n\r\n"), ODD },
	{ "two CRs before an LF", TEXT("BYE sip:b SIP/2.0\r\r\n\r\n"), ODD },
	{ "a NUL in a header", TEXT(BYE "X: \0\r\n\r\n"), ODD },
	{ "a blank before the first word", TEXT(" " BYE "\r\n"), ODD },
	{ "a blank line before the first word", TEXT("\r\n \r\n" BYE "\r\n"), ODD },
	{ NULL },
};

static struct sip_parser *parser; /* its buffer ends at a guard page */
static struct sip_frame frame;

/* behind: what follows what has arrived */
static int find(const char *text, size_t len, const char *behind)
{
	size_t period = strlen(behind);

	memcpy(parser->buf, text, len);
	for (size_t i = len; i < sizeof(parser->buf); i++)
		parser->buf[i] = period ? behind[(i - len) % period] : 0;
	frame = (struct sip_frame){ 0 };
	return sip_frame_find(parser, &frame, len);
}

/* As a stream reads a header block that is longer than its buffer: lines are taken as they come. */
static int find_in_parts(const char *text, size_t len, size_t room)
{
	struct sip_frame before = { 0 };
	size_t at = 0, step = 1;
	int result;

	for (;;) {
		frame = before;
		memcpy(parser->buf, text + at, step < len - at ? step : len - at);
		result = sip_frame_find(parser, &frame, step < len - at ? step : len - at);
		if (result != PART || at + step >= len)
			break;
		if (step < room) {
			step++;
			continue;
		}
		if (parser->line <= frame.start)
			return ODD;
		at += parser->line;
		before = frame;
		before.rest = 1;
		step = 1;
	}
	frame.start = 0;
	frame.end += at;
	return result;
}

static int is_whole(size_t start, size_t end, __u32 body)
{
	return frame.result == WHOLE && frame.start == start && frame.end == end &&
	       frame.body == body;
}

/* What is behind the bytes that have arrived is not read. */
static int blind_behind(const char *text, size_t len)
{
	static const char *const behind[] = { "\r\n", "\n", " ", "\t", "0", "l: 9\r\n\r\n", "Z" };
	int result = find(text, len, "");
	struct sip_frame first = frame;

	for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++)
		if (find(text, len, behind[i]) != result || memcmp(&first, &frame, sizeof(frame)))
			return 0;
	return 1;
}

static int row_holds(const struct row *row)
{
	int result = find(row->text, row->len, "");

	if (result != row->result ||
	    (result == WHOLE && !is_whole(row->start, row->len, row->body))) {
		printf("# result %d, start %u, end %u, body %u\n", result, frame.start, frame.end,
		       frame.body);
		return 0;
	}
	return 1;
}

/* Cut at each byte: no result that the whole does not have, and no end before its end. */
static int holds_cut(const struct row *row)
{
	for (size_t cut = 0; cut < row->len; cut++) {
		int result = find(row->text, cut, "");

		if (!blind_behind(row->text, cut) || result == WHOLE ||
		    (result == ODD && row->result != ODD)) {
			printf("# %s: cut at %zu\n", row->name, cut);
			return 0;
		}
	}
	return 1;
}

/* Read by parts, which have room for the longest line of the table: the same result. */
static int holds_in_parts(const struct row *row)
{
	for (size_t room = 40; room < 100; room++)
		if (find_in_parts(row->text, row->len, room) != row->result ||
		    (row->result == WHOLE && !is_whole(0, row->len, row->body))) {
			printf("# %s: %zu bytes a part\n", row->name, room);
			return 0;
		}
	return 1;
}

/* The bytes that follow in the same segment do not move the end of a message. */
static int holds_followed(const struct row *row)
{
	static const char *const next[] = { BYE "\r\n", "\r\n", "\n", "body\0\n", "l: 9\r\n\r\n" };
	char text[1024];

	if (row->result != WHOLE)
		return 1;
	for (size_t i = 0; i < sizeof(next) / sizeof(*next); i++) {
		memcpy(text, row->text, row->len);
		memcpy(text + row->len, next[i], strlen(next[i]) + 1);
		find(text, row->len + strlen(next[i]) + 1, "");
		if (!is_whole(row->start, row->len, row->body))
			return 0;
	}
	return 1;
}

static void run_table(void)
{
	int behind = 1, cut = 1, followed = 1, parts = 1;

	for (const struct row *row = rows; row->name; row++) {
		ok(row_holds(row), "stream frame: %s", row->name);
		behind &= blind_behind(row->text, row->len);
		cut &= holds_cut(row);
		parts &= holds_in_parts(row);
		followed &= holds_followed(row) || !printf("# followed: %s\n", row->name);
	}
	ok(behind, "stream frame: bytes that have not arrived are not read");
	ok(cut, "stream frame: cut at any byte a message is not whole");
	ok(parts,
	   "stream frame: a header block that is read by parts ends where it does as a whole");
	ok(followed, "stream frame: what follows a message does not move its end");
}

/* `len` bytes of a header block, the empty line included */
static void fill_block(char *text, size_t len)
{
	memset(text, 'x', len);
	memcpy(text, BYE "X: ", strlen(BYE "X: "));
	memcpy(text + len - 4, "\r\n\r\n", 4);
}

/* A line end at each place of the 64 bytes that are read at once. */
static int holds_at_each_place(void)
{
	char text[512];

	for (size_t len = 128; len < 400; len++) {
		fill_block(text, len);
		if (find(text, len, "") != WHOLE || !is_whole(0, len, 0) ||
		    find(text, len - 1, "\n") != PART)
			return 0;
		text[len - 5] = '\n';
		if (find(text, len, "") != ODD)
			return 0;
	}
	return 1;
}

static void run_limits(void)
{
	static char text[SIP_MAX + 64];

	fill_block(text, SIP_MAX);
	ok(find(text, SIP_MAX, "") == WHOLE && is_whole(0, SIP_MAX, 0),
	   "stream frame: a header block of %d bytes is whole", SIP_MAX);
	ok(find(text, SIP_MAX - 1, "\n") == PART,
	   "stream frame: a header block that lacks its last byte is a part");
	fill_block(text, SIP_MAX + 1);
	ok(find(text, SIP_MAX + 1, "") == PART && parser->len == SIP_MAX,
	   "stream frame: of a longer one %d bytes are read", SIP_MAX);
	memset(text, '\r', SIP_MAX);
	for (size_t i = 1; i < SIP_MAX; i += 2)
		text[i] = '\n';
	ok(find(text, SIP_MAX, "") == PART && frame.start == SIP_MAX,
	   "stream frame: line ends alone are no message");
	ok(find("\r\n\r", 3, "\n") == PART && frame.start == 3,
	   "stream frame: a CRLF may be split over two segments");
	ok(find("", 0, "\r\n") == PART && frame.start == 0, "stream frame: no byte is no message");
	memset(text, '\t', SIP_MAX);
	memcpy(text, "BYE ", 4);
	memcpy(text + SIP_MAX - 4, "\r\n\r\n", 4);
	ok(find(text, SIP_MAX, "") == WHOLE, "stream frame: a block of tabs is read to its end");
	ok(holds_at_each_place(), "stream frame: line ends are found at every place");
}

int main(void)
{
	parser = guard_page_parser();
	if (!parser) {
		perror("stream_frame_test: mmap");
		return 1;
	}
	run_table();
	run_limits();
	return tap_done();
}
