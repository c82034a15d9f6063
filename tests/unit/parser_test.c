// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The parser natively: a table of messages with what must be read from them, each with its buffer's
 * end against a page that cannot be touched, with all kinds of bytes behind the message, and cut at
 * every length.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parser_vectors.h"
#include "sip_parser.h"
#include "tap.h"

#define METHOD_WORD(NAME, word) #word,
static const char *const methods[] = { CG_METHOD_LIST(METHOD_WORD) };

static struct sip_parser *parser; /* ends where its page does */

static int map_parser(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (sizeof(*parser) + page - 1) / page * page;
	char *base =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || mprotect(base + room, page, PROT_NONE))
		return -1;
	parser = (void *)(base + room - sizeof(*parser));
	return 0;
}

static int parse(const char *text, size_t len, int complete, const char *behind)
{
	size_t period = strlen(behind);

	memcpy(parser->buf, text, len);
	for (size_t i = len; i < sizeof(parser->buf); i++)
		parser->buf[i] = period ? behind[(i - len) % period] : 0;
	return sip_parse(parser, len, complete);
}

static const struct sip_slice *slices(size_t *count)
{
	static struct sip_slice all[9];
	const struct sip_msg *m = &parser->msg;

	all[0] = m->request_uri, all[1] = m->call_id, all[2] = m->from_uri, all[3] = m->from_tag;
	all[4] = m->to_uri, all[5] = m->to_tag, all[6] = m->contact, all[7] = m->branch;
	all[8] = m->branch2;
	*count = 9;
	return all;
}

static int slices_in(size_t len)
{
	size_t count;
	const struct sip_slice *slice = slices(&count);

	for (; count; count--, slice++)
		if (slice->len && (size_t)slice->off + slice->len > len)
			return 0;
	return 1;
}

/* --- what a row asks for: "method=BYE cseq=14 from_tag=a" -------------------------------------- */

static const struct {
	const char *name;
	__u32 flag;
} flags[] = {
	{ "ambiguous", SIP_AMBIGUOUS }, { "bad_cseq", SIP_BAD_CSEQ },
	{ "end", SIP_HEADERS_END },	{ "has_call_id", SIP_HAS_CALL_ID },
	{ "has_from", SIP_HAS_FROM },	{ "has_to", SIP_HAS_TO },
	{ "has_cseq", SIP_HAS_CSEQ },	{ "has_via", SIP_HAS_VIA },
};

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
#define TEXT(field)                                                                                \
	{                                                                                          \
#field, offsetof(struct sip_msg, field)                                            \
	}
	TEXT(request_uri), TEXT(call_id), TEXT(from_uri), TEXT(from_tag), TEXT(to_uri),
	TEXT(to_tag),	   TEXT(contact), TEXT(branch),	  TEXT(branch2),
};

static int text_is(const struct sip_slice *slice, const char *value)
{
	size_t len = strlen(value);

	if (slice->len == len && !memcmp(parser->buf + slice->off, value, len))
		return 1;
	printf("# read '%.*s'\n", slice->len, parser->buf + slice->off);
	return 0;
}

static int field_is(const char *name, const char *value)
{
	const struct sip_msg *m = &parser->msg;

	if (!strcmp(name, "method"))
		return !strcmp(value, methods[m->method]);
	if (!strcmp(name, "status"))
		return m->status == atoi(value);
	if (!strcmp(name, "cseq"))
		return m->cseq == strtoul(value, NULL, 10) && m->flags & SIP_HAS_CSEQ &&
		       !(m->flags & SIP_BAD_CSEQ);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (!strcmp(name, flags[i].name))
			return !(m->flags & flags[i].flag) == !atoi(value);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(name, texts[i].name))
			return text_is((const void *)((const char *)m + texts[i].offset), value);
	printf("# the table asks for '%s', which is no field\n", name);
	return 0;
}

static int reads(const char *expected)
{
	char copy[512], *rest = copy, *word;
	int good = 1;

	snprintf(copy, sizeof(copy), "%s", expected);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!*word || !value)
			continue;
		*value++ = '\0';
		if (!field_is(word, value)) {
			printf("# not %s=%s\n", word, value);
			good = 0;
		}
	}
	return good;
}

/* --- what holds of every message -------------------------------------------------------------- */

/* What lies behind the message has no bearing. */
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

/* Cut anywhere, the parser stays within what it was given. */
static int holds_cut(const char *text, size_t len)
{
	for (size_t cut = 0; cut <= len; cut++)
		for (int complete = 0; complete < 2; complete++) {
			int ret = parse(text, cut, complete, text + cut);

			if ((ret && ret != -1) || (!ret && !slices_in(cut)) ||
			    !blind_behind(text, cut, complete)) {
				printf("# cut at %zu, complete %d\n", cut, complete);
				return 0;
			}
		}
	return 1;
}

/* What a cut header says, or nothing: half a line, or one that may go on in the rest. */
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

/* Bytes changed at random: nothing but a return value and slices in bounds. */
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
		if (!parse(copy, len, round & 1, copy) && !slices_in(len))
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
	ok(behind, "parser: what lies behind a message has no bearing");
	ok(cut, "parser: cut at any length it stays in bounds");
	ok(halves, "parser: no half header is read from a cut datagram");
	ok(mutated, "parser: mutated at random it stays in bounds");
}

static void run_limits(void)
{
	static char text[SIP_MAX + 1];
	size_t len = snprintf(text, sizeof(text), "BYE sip:b SIP/2.0\r\nX: ");

	memset(text + len, 'x', sizeof(text) - len);
	memcpy(text + SIP_MAX - 20, "\r\nCSeq: 14 BYE\r\n\r\n  ", 20);
	ok(!parse(text, SIP_MAX, 1, "") && reads("method=BYE cseq=14 end=1"),
	   "parser: a message of %d bytes is read to its last", SIP_MAX);
	ok(parse("", 0, 1, "") == -1, "parser: nothing is no message");
	parser->buf[0] = 'B';
	ok(sip_parse(parser, SIP_MAX + 1, 1) == -1, "parser: more than it takes is refused");
	memset(text, '\n', SIP_MAX);
	ok(parse(text, SIP_MAX, 1, "") == -1, "parser: newlines alone are no message");
	memset(text, '"', SIP_MAX);
	memcpy(text, "BYE sip:b SIP/2.0\r\nFrom: ", 25);
	ok(!parse(text, SIP_MAX, 1, "") && slices_in(SIP_MAX), "parser: 4,000 quotes");
}

int main(void)
{
	if (map_parser()) {
		perror("parser_test: mmap");
		return 1;
	}
	run_table();
	run_limits();
	return tap_done();
}
