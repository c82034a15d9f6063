// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/util/text.c
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tap.h"
#include "util/text.h"

static int escapes(const char *in, size_t max, const char *expected)
{
	char out[4 * 512 + 1];
	size_t len;

	memset(out, 'x', sizeof(out));
	len = cg_text_escape(out, sizeof(out), in, max);
	if (len == strlen(expected) && !strcmp(out, expected))
		return 1;
	printf("# got '%s' (%zu), must be '%s'\n", out, len, expected);
	return 0;
}

/* Whatever the bytes, whatever the size: NUL-ended, in bounds, printable. */
static int holds_for_all_sizes(void)
{
	char in[64], out[4 * sizeof(in) + 1];
	unsigned int seed = 1;

	for (int round = 0; round < 20000; round++) {
		size_t size = round % sizeof(out) + 1, len;

		for (size_t i = 0; i < sizeof(in); i++)
			in[i] = (seed = seed * 1103515245 + 12345) >> 16;
		memset(out, 0x7e, sizeof(out));
		len = cg_text_escape(out, size, in, sizeof(in));
		if (len >= size || out[len] || strlen(out) != len)
			return 0;
		if (size < sizeof(out) && out[size] != 0x7e)
			return 0;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
				return 0;
	}
	return 1;
}

static int prints(const unsigned char addr[16], const char *expected)
{
	char out[INET6_ADDRSTRLEN];

	cg_addr_format(addr, out);
	return !strcmp(out, expected);
}

/* A day after 2026-01-30T12:00:00Z is now. */
static int reads(const char *text, long long expected)
{
	__s64 us = 7;

	return (cg_time_parse(text, 1769860800000000, &us) ? -1 : us) == expected &&
	       (expected >= 0 || us == 7);
}

static int refuses(const char *text, int expected)
{
	__s64 us = 7;

	return cg_time_parse(text, 1769860800000000, &us) == expected && us == 7;
}

int main(void)
{
	char small[5], printable[64];

	ok(escapes("call-1@host", 64, "call-1@host"), "text: plain text stays");
	ok(escapes("j\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\x9e", 64,
		   "j\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x93\x9e"),
	   "text: valid UTF-8 stays");
	ok(escapes("a\\b", 64, "a\\x5cb"), "text: a backslash is escaped");
	ok(escapes("\x01\t\n\x7f", 64, "\\x01\\x09\\x0a\\x7f"),
	   "text: control characters are escaped");
	ok(escapes("\xff\xfe", 64, "\\xff\\xfe"), "text: bytes that are not UTF-8 are escaped");
	ok(escapes("\xc0\x80", 64, "\\xc0\\x80"), "text: an overlong NUL is escaped");
	ok(escapes("\xe0\x80\xaf", 64, "\\xe0\\x80\\xaf"), "text: an overlong slash is escaped");
	ok(escapes("\xed\xa0\x80", 64, "\\xed\\xa0\\x80"), "text: a surrogate is escaped");
	ok(escapes("\xf4\x90\x80\x80", 64, "\\xf4\\x90\\x80\\x80"),
	   "text: a character above U+10FFFF is escaped");
	ok(escapes("\xc2\x85", 64, "\\xc2\\x85"), "text: a C1 control is escaped");
	ok(escapes("\xd8\x9c", 64, "\\xd8\\x9c") && escapes("\xc2\xad", 64, "\\xc2\\xad") &&
		   escapes("\xe2\x80\x8b", 64, "\\xe2\\x80\\x8b") &&
		   escapes("\xe2\x81\xa4", 64, "\\xe2\\x81\\xa4") &&
		   escapes("\xef\xbb\xbf", 64, "\\xef\\xbb\\xbf") &&
		   escapes("\xf3\xa0\x80\xa0", 64, "\\xf3\\xa0\\x80\\xa0"),
	   "text: characters without a glyph (Cf), such as an Arabic letter mark or a tag");
	ok(escapes("\xc2\xa0", 64, "\\xc2\\xa0") &&
		   escapes("\xe2\x80\x87", 64, "\\xe2\\x80\\x87") &&
		   escapes("\xe3\x85\xa4", 64, "\\xe3\\x85\\xa4") &&
		   escapes("\xef\xb8\x8f", 64, "\\xef\\xb8\\x8f") &&
		   escapes("\xf3\xa0\x84\x80", 64, "\\xf3\\xa0\\x84\\x80"),
	   "text: characters that look like nothing, such as a no-break space, a filler or a "
	   "variation selector");
	ok(escapes("\xd8\x9b\xd8\x9d\xe2\x80\x90", 64, "\xd8\x9b\xd8\x9d\xe2\x80\x90"),
	   "text: characters next to those ranges stay");
	ok(escapes("\xe2\x82", 64, "\\xe2\\x82"), "text: a sequence that ends early is escaped");
	ok(escapes("\xe2\x82\xac", 2, "\\xe2\\x82"), "text: a sequence that max cuts is escaped");
	ok(escapes("abc", 2, "ab"), "text: no byte past max is read");
	ok(escapes("", 0, ""), "text: an empty text stays empty");
	ok(cg_text_escape(small, sizeof(small), "ab\xff", 3) == 2 && !strcmp(small, "ab"),
	   "text: an escape is not cut in two");
	cg_text_make_printable(printable, sizeof(printable), "a\\x1b \x1b[31m\xff\n\xe2\x82\xac");
	ok(!strcmp(printable, "a\\x1b \\x1b[31m\\xff\\x0a\xe2\x82\xac"),
	   "text: a message with escapes gets none twice");
	ok(holds_for_all_sizes(), "text: any bytes, any size: in bounds and printable");
	ok(prints((const unsigned char[16]){ [10] = 0xff, 0xff, 192, 0, 2, 1 }, "192.0.2.1"),
	   "text: a mapped IPv4 address has dotted decimals");
	ok(prints((const unsigned char[16]){ 0x20, 1, 0x0d, 0xb8, [15] = 1 }, "2001:db8::1"),
	   "text: an IPv6 address is in its short form");
	ok(prints((const unsigned char[16]){ 0 }, "::"), "text: the address 0 is `::`");
	ok(reads("2026-02-31", -1) && reads("2026-04-31T12:00:00Z", -1) &&
		   reads("2024-02-29", 1709164800000000) && reads("2023-02-29", -1),
	   "time: a date that does not exist is refused");
	ok(reads("2026-01-31T12:00:00Z", 1769860800000000), "time: a time in UTC is read");
	ok(reads("2026-01-31T12:00:00.25Z", 1769860800250000),
	   "time: a time with a fraction of a second");
	ok(reads("2026-01-31", 1769817600000000), "time: a date is its local midnight");
	ok(reads("90s", 1769860710000000) && reads("2h", 1769853600000000) &&
		   reads("1d", 1769774400000000),
	   "time: an age is read");
	ok(reads("2026-01-31 12:00:00Z", 1769860800000000) &&
		   reads("2026-01-31 12:00Z", 1769860800000000),
	   "time: a blank replaces the T, and seconds may be missing");
	ok(reads("2026-01-31T13:30:00+01:30", 1769860800000000) &&
		   reads("2026-01-31T08:00:00.25-04:00", 1769860800250000),
	   "time: an offset from UTC is read");
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	ok(reads("2026-01-31 13:00", 1769860800000000) &&
		   reads("2026-01-31T13:00:00", 1769860800000000) &&
		   reads("2026-07-31 14:00", 1785499200000000) &&
		   reads("2026-01-31", 1769814000000000) &&
		   reads("2026-01-31T12:00:00Z", 1769860800000000),
	   "time: without Z or offset it is local, in summer as well");
	ok(reads("2026-03-29 01:59:59.5", 1774745999500000) &&
		   reads("2026-03-29 03:00", 1774746000000000) &&
		   reads("2026-10-25 01:59", 1792886340000000) &&
		   reads("2026-10-25 03:00", 1792893600000000) &&
		   reads("2026-10-25T02:30:00+01:00", 1792891800000000),
	   "time: next to a clock change it is local as well");
	ok(refuses("2026-03-29 02:00", -ENOTUNIQ) && refuses("2026-03-29 02:59:59", -ENOTUNIQ) &&
		   refuses("2026-10-25 02:00", -ENOTUNIQ) &&
		   refuses("2026-10-25T02:59:59", -ENOTUNIQ),
	   "time: a local time that a clock change skips or repeats is refused");
	setenv("TZ", "CST5CDT,M3.2.0/0,M11.1.0/1", 1); /* midnight is skipped, and comes twice */
	tzset();
	ok(reads("2026-03-08", 1772946000000000) && reads("2026-11-01", 1793505600000000),
	   "time: a day without a midnight of its own has a beginning");
	unsetenv("TZ");
	tzset();
	ok(reads("2026-01-31T12:00:00+1", -1) && reads("2026-01-31T12:00:00+0100", -1) &&
		   reads("2026-01-31T12:00:00+15:00", -1) &&
		   reads("2026-01-31T12:00:00+01:00Z", -1) && reads("2026-01-31  12:00", -1) &&
		   reads("2026-01-31 12:00+ 1:00", -1) && reads("2026-01-31T", -1) &&
		   reads("2026-01-31 12", -1),
	   "time: invalid offsets and times are refused");
	ok(reads("2026-01-31Z", -1) && reads("soon", -1) && reads("", -1) && reads("12", -1) &&
		   reads("9999999999d", -1) && reads("2026-01-31T12:00:00Z+1", -1),
	   "time: a text that is neither time nor age is refused");
	return tap_done();
}
