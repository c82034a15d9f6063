// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: tests/unit/expectation.c tests/unit/guard_page.c agent/util/enum_names.c
/*
 * The native parser: a table of messages with the expected result. Each is parsed with the buffer's
 * end at a guard page, with different bytes behind the message, and truncated at every length.
 */
#include <stdlib.h>
#include <string.h>

#include "guard_page.h"
#include "parser_vectors.h"
#include "expectation.h"
#include "tap.h"

static struct sip_parser *parser; /* its buffer ends at a guard page */

static int parse(const char *text, size_t len, int complete, const char *behind)
{
	return guard_page_parse(parser, text, len, complete, behind);
}

/* expected: "method=BYE cseq=14 from_tag=a", as in expectation.h with blanks as line ends */
static int reads(const char *expected)
{
	char lines[512];

	snprintf(lines, sizeof(lines), "%s", expected);
	for (char *blank = lines; (blank = strchr(blank, ' '));)
		*blank = '\n';
	return expectation_holds(parser, 0, lines);
}

/* --- checks for every message ----------------------------------------------------------------- */

/* Bytes behind the message do not change the result. */
static int blind_behind(const char *text, size_t len, int complete)
{
	static const char *const behind[] = {
		"\n", "\r\n", ";tag=z", "=z", "BYE",
		"\"", ">",    " ",	"9",  "\r\nCSeq: 1 BYE\r\nFrom: <x>;tag=z\r\n\r\n"
	};
	int first = parse(text, len, complete, "");
	struct sip_msg msg = parser->msg;

	for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
		if (parse(text, len, complete, behind[i]) != first)
			return 0;
		if (!first && memcmp(&parser->msg, &msg, sizeof(msg)))
			return 0;
	}
	return 1;
}

/* Truncated at any length, slices stay within the message. */
static int holds_cut(const char *text, size_t len)
{
	for (size_t cut = 0; cut <= len; cut++)
		for (int complete = 0; complete < 2; complete++) {
			int ret = parse(text, cut, complete, text + cut);

			if ((ret && ret != -1) || (!ret && !slices_are_within(&parser->msg, cut)) ||
			    !blind_behind(text, cut, complete)) {
				printf("# cut at %zu, complete %d\n", cut, complete);
				return 0;
			}
		}
	return 1;
}

/* A header that is truncated, or may continue behind the cut, is not parsed. */
static int same_or_none(const struct sip_slice *part, const struct sip_slice *whole, __u32 has)
{
	return !(parser->msg.flags & has) || !memcmp(part, whole, sizeof(*part));
}

static int no_half_line(const char *text, size_t len)
{
	const struct sip_msg *m = &parser->msg;
	struct sip_msg whole;

	if (parse(text, len, 1, ""))
		return 1;
	whole = *m;
	for (size_t cut = 0; cut < len; cut++) {
		if (parse(text, cut, 0, ""))
			continue;
		if (!same_or_none(&m->from_tag, &whole.from_tag, SIP_HAS_FROM) ||
		    !same_or_none(&m->to_tag, &whole.to_tag, SIP_HAS_TO) ||
		    !same_or_none(&m->call_id, &whole.call_id, SIP_HAS_CALL_ID) ||
		    ((m->flags & SIP_HAS_CSEQ) && m->cseq != whole.cseq)) {
			printf("# cut at %zu: '%.*s'\n", cut, (int)strcspn(text, "\r\n"), text);
			return 0;
		}
	}
	return 1;
}

/* Random mutations: checks only the return value and the bounds of the slices. */
static int holds_mutated(const char *text, size_t len, unsigned int seed)
{
	static const char bytes[] = "\0\r\n \t:;,=\"<>\\@BYEbye019\xff/.-";
	char copy[SIP_MAX];

	for (int round = 0; round < 500; round++) {
		memcpy(copy, text, len);
		for (int n = 0; n < 1 + round % 8; n++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % len] = bytes[(seed >> 4) % (sizeof(bytes) - 1)];
		}
		if (!parse(copy, len, round & 1, copy) && !slices_are_within(&parser->msg, len))
			return 0;
		if (!blind_behind(copy, len, round & 1))
			return 0;
	}
	return 1;
}

static int row_holds(const struct parser_vector *v, size_t len)
{
	int ret = parse(v->text, len, 1, "");

	if (!v->expected)
		return ret == -1;
	if (ret) {
		printf("# no SIP\n");
		return 0;
	}
	return reads(v->expected);
}

static void run_table(void)
{
	int behind = 1, cut = 1, halves = 1, mutated = 1;

	for (const struct parser_vector *v = parser_vectors; v->name; v++) {
		size_t len = strlen(v->text);

		ok(row_holds(v, len), "parser: %s", v->name);
		behind &= blind_behind(v->text, len, 1) && blind_behind(v->text, len, 0);
		cut &= holds_cut(v->text, len);
		halves &= no_half_line(v->text, len) || !printf("# in: %s\n", v->name);
		mutated &= !len || holds_mutated(v->text, len, v - parser_vectors + 1);
	}
	ok(behind, "parser: bytes behind a message do not change the result");
	ok(cut, "parser: truncated at any length the slices stay in bounds");
	ok(halves, "parser: a truncated header is not parsed");
	ok(mutated, "parser: in random mutations the slices stay in bounds");
}

static void run_limits(void)
{
	static char text[SIP_MAX + 1];
	size_t len = snprintf(text, sizeof(text), "BYE sip:b SIP/2.0\r\nX: ");

	memset(text + len, 'x', sizeof(text) - len);
	memcpy(text + SIP_MAX - 20, "\r\nCSeq: 14 BYE\r\n\r\n  ", 20);
	ok(!parse(text, SIP_MAX, 1, "") && reads("method=BYE cseq=14 end=1"),
	   "parser: a message of %d bytes is read to its last", SIP_MAX);
	ok(parse("", 0, 1, "") == -1, "parser: an empty datagram is no message");
	parser->buf[0] = 'B';
	ok(sip_parse(parser, SIP_MAX + 1, 1) == -1, "parser: more than SIP_MAX bytes are refused");
	memset(text, '\n', SIP_MAX);
	ok(parse(text, SIP_MAX, 1, "") == -1, "parser: line ends alone are no message");
	memset(text, '"', SIP_MAX);
	memcpy(text, "BYE sip:b SIP/2.0\r\nFrom: ", 25);
	ok(!parse(text, SIP_MAX, 1, "") && slices_are_within(&parser->msg, SIP_MAX),
	   "parser: 4,000 quotes are parsed in bounds");
}

int main(void)
{
	parser = guard_page_parser();
	if (!parser) {
		perror("parser_test: mmap");
		return 1;
	}
	run_table();
	run_limits();
	return tap_done();
}
