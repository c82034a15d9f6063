// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: tests/unit/guard_page.c
/* IP addresses written as text, and the Via values of a message (include/sip_via.h). */
#include <stdio.h>
#include <string.h>

#include "guard_page.h"
#include "sip_via.h"
#include "tap.h"

static struct sip_parser *parser; /* its buffer ends at a guard page */

/* --- addresses -------------------------------------------------------------------------------- */

/* Tables are laid out by hand. */
/* clang-format off */

static const struct address {
	const char *text;
	__u8 bytes[16];
} addresses[] = {
	{ "192.0.2.1", { [10] = 0xff, 0xff, 192, 0, 2, 1 } },
	{ "0.0.0.0", { [10] = 0xff, 0xff } },
	{ "255.255.255.255", { [10] = 0xff, 0xff, 255, 255, 255, 255 } },
	{ "::", { 0 } },
	{ "::1", { [15] = 1 } },
	{ "[::1]", { [15] = 1 } },
	{ "1::", { 0, 1 } },
	{ "2001:db8::1", { 0x20, 1, 0x0d, 0xb8, [15] = 1 } },
	{ "2001:DB8:0:0:0:0:0:1", { 0x20, 1, 0x0d, 0xb8, [15] = 1 } },
	{ "[2001:db8::a:b]", { 0x20, 1, 0x0d, 0xb8, [13] = 0xa, 0, 0xb } },
	{ "1:2:3:4:5:6:7:8", { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 } },
	{ "1:2:3:4:5:6:7::", { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7 } },
	{ "::2:3:4:5:6:7:8", { 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 } },
	{ "fe80::ffff:1", { 0xfe, 0x80, [12] = 0xff, 0xff, 0, 1 } },
	{ "::ffff:192.0.2.1", { [10] = 0xff, 0xff, 192, 0, 2, 1 } },
	{ "[64:ff9b::198.51.100.7]", { 0, 0x64, 0xff, 0x9b, [12] = 198, 51, 100, 7 } },
	{ "1:2:3:4:5:6:192.0.2.1", { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 192, 0, 2, 1 } },
};

static const char *const no_addresses[] = {
	"", "[]", "sip.example", "192.0.2", "192.0.2.", "192.0.2.1.", "192.0.2.1.5", "192.0.2.256",
	"192.0.2.1000", ".192.0.2.1", "192..2.1", "192.0.2.1x", " 192.0.2.1", "1",
	/* a name of hexadecimal digits */
	"a.b.c.de", "1.2.3.a",
	"abcd", ":", ":::", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
	":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:::2", "::1:",
	"1:2:3:4::5:6:7:8", "12345::", "g::", "fe80::1%eth0",
	"1.2.3.4:5::", "1.2.3.4::5", "::1.2.3", "::1.2.3.4.5", "1:2:3:4:5:6:7:1.2.3.4",
	"1:2:3:4:5:6::1.2.3.4:7",
	"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
};

/* clang-format on */

/* Returns sip_ip_parse() of the text; digits and colons behind it must not matter. */
static int ip_parse(const char *text)
{
	size_t len = strlen(text);

	memset(parser->buf, ':', 128);
	memset(parser->buf + len, '1', 16);
	memcpy(parser->buf, text, len);
	memset(&parser->ip, 0xee, sizeof(parser->ip));
	return sip_ip_parse(parser, 0, len);
}

static void run_addresses(void)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		ok(!ip_parse(addresses[i].text) && !memcmp(parser->ip.addr, addresses[i].bytes, 16),
		   "via: '%s' is that address", addresses[i].text);
	for (size_t i = 0; i < sizeof(no_addresses) / sizeof(*no_addresses); i++)
		ok(ip_parse(no_addresses[i]) == -1, "via: '%s' is no address", no_addresses[i]);
}

/* --- Via values ------------------------------------------------------------------------------- */

/* Writes each value as "HOST,BRANCH,RECEIVED*NUMBER " to text[]. */
static void list_vias(char *text, size_t room)
{
	size_t at = 0;

	text[0] = '\0';
	sip_via_first(parser);
	for (int n = 0; n < 20 && sip_via_next(parser); n++) {
		const struct sip_via *via = &parser->via;

		at += snprintf(text + at, room - at, "%.*s,%.*s,%.*s*%u ", via->host.len,
			       parser->buf + via->host.off, via->branch.len,
			       parser->buf + via->branch.off, via->received.len,
			       parser->buf + via->received.off, via->n_received);
	}
}

/* clang-format off */

static const struct via_case {
	const char *name;
	const char *headers;
	const char *values;
} via_cases[] = {
	{ "sent-by and branch", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n",
	  "192.0.2.1,z9hG4bKa,*0 " },
	{ "the port is not part of the host", "Via: SIP/2.0/UDP h.example:5070;branch=a\r\n",
	  "h.example,a,*0 " },
	{ "an IPv6 sent-by keeps its brackets", "Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=a\r\n",
	  "[2001:db8::1],a,*0 " },
	{ "blanks wherever RFC 3261 allows them",
	  "v :  SIP / 2.0 / UDP  h.example : 5060 ; branch = a ; received = 192.0.2.9 \r\n",
	  "h.example,a,192.0.2.9*1 " },
	{ "a folded line", "Via: SIP/2.0/UDP\r\n h.example\r\n\t;branch=a\r\n ;received=192.0.2.9\r\n",
	  "h.example,a,192.0.2.9*1 " },
	{ "parameters in any order and letter case",
	  "VIA: SIP/2.0/udp h;RECEIVED=192.0.2.9;rport=5062;Branch=a\r\n", "h,a,192.0.2.9*1 " },
	{ "two received count", "Via: SIP/2.0/UDP h;received=192.0.2.9;branch=a;received=192.0.2.8\r\n",
	  "h,a,192.0.2.9*2 " },
	{ "received without a value counts", "Via: SIP/2.0/UDP h;branch=a;received\r\n", "h,a,*1 " },
	{ "received as a part of another name does not count",
	  "Via: SIP/2.0/UDP h;xreceived=192.0.2.9;receivedx=192.0.2.8;branch=a\r\n", "h,a,*0 " },
	{ "several values in one line",
	  "Via: SIP/2.0/UDP h;branch=a,SIP/2.0/UDP i:5060;branch=b;received=192.0.2.9 , "
	  "SIP/2.0/TCP j;branch=c\r\n",
	  "h,a,*0 i,b,192.0.2.9*1 j,c,*0 " },
	{ "several lines in their order, long and compact",
	  "Via: SIP/2.0/UDP h;branch=a\r\nv: SIP/2.0/UDP i;branch=b, SIP/2.0/UDP j;branch=c\r\n"
	  "Via: SIP/2.0/UDP k;branch=d\r\n",
	  "h,a,*0 i,b,*0 j,c,*0 k,d,*0 " },
	{ "a quoted parameter hides commas, semicolons and received",
	  "Via: SIP/2.0/UDP h;x=\"a,;received=192.0.2.9\\\",\";branch=a, SIP/2.0/UDP i;branch=b\r\n",
	  "h,a,*0 i,b,*0 " },
	{ "a value without parameters", "Via: SIP/2.0/UDP h, SIP/2.0/UDP i;branch=b\r\n",
	  "h,,*0 i,b,*0 " },
	{ "eight lines are read, more are not",
	  "v: S/2/U a\r\nv: S/2/U b\r\nv: S/2/U c\r\nv: S/2/U d\r\nv: S/2/U e\r\nv: S/2/U f\r\n"
	  "v: S/2/U g\r\nv: S/2/U h\r\nv: S/2/U i\r\nv: S/2/U j\r\n",
	  "a,,*0 b,,*0 c,,*0 d,,*0 e,,*0 f,,*0 g,,*0 h,,*0 " },
	{ "no Via", "", "" },
};

/* clang-format on */

static void run_vias(void)
{
	char text[1024], found[512];

	for (size_t i = 0; i < sizeof(via_cases) / sizeof(*via_cases); i++) {
		const struct via_case *c = &via_cases[i];
		int len = snprintf(text, sizeof(text), "BYE sip:b SIP/2.0\r\n%sCSeq: 1 BYE\r\n\r\n",
				   c->headers);
		int parsed = !guard_page_parse(parser, text, len, 1, ";received=1");

		list_vias(found, sizeof(found));
		if (!ok(parsed && !strcmp(found, c->values), "via: %s", c->name))
			printf("# '%s'\n", found);
	}
}

int main(void)
{
	parser = guard_page_parser();
	if (!parser) {
		perror("via_test: mmap");
		return 1;
	}
	run_addresses();
	run_vias();
	return tap_done();
}
