// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/hep/hep.c
#include "hep/hep.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tap.h"

static struct cg_hep four(void)
{
	return (struct cg_hep){
		.source = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
		.destination = { [10] = 0xff, 0xff, 198, 51, 100, 7 },
		.source_port = 5060,
		.destination_port = 15060,
		.at = 1769860800123456,
		.type = CG_HEP_LOG,
		.agent = 2001,
		.correlation = "a@b",
		.payload = "{}",
	};
}

/* expected: in hex, blanks as one likes */
static void same(const char *name, const struct cg_hep *hep, const char *expected)
{
	char text[2 * CG_HEP_MAX + 1] = "", wanted[sizeof(text)];
	__u8 out[CG_HEP_MAX];
	int len = cg_hep_encode(hep, out, sizeof(out));
	size_t used = 0;

	for (int i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", out[i]);
	for (; *expected; expected++)
		if (*expected != ' ')
			wanted[used++] = *expected;
	wanted[used] = '\0';
	ok(!strcmp(text, wanted), "hep: %s, byte for byte: %s", name, text);
}

static void bytes(void)
{
	struct cg_hep hep = four(), six = four();

	/* vendor, type, length with this head, value; all in network order */
	same("IPv4", &hep,
	     "48455033 006e " /* HEP3, length of all */
	     "0000 0001 0007 02 " /* AF_INET */
	     "0000 0002 0007 11 " /* UDP */
	     "0000 0003 000a c0000201 "
	     "0000 0004 000a c6336407 "
	     "0000 0007 0008 13c4 "
	     "0000 0008 0008 3ad4 "
	     "0000 0009 000a 697deec0 "
	     "0000 000a 000a 0001e240 "
	     "0000 000b 0007 64 " /* log */
	     "0000 000c 000a 000007d1 "
	     "0000 0011 0009 614062 "
	     "0000 000f 0008 7b7d");
	memcpy(six.source, (__u8[16]){ 0x20, 1, 0x0d, 0xb8, [15] = 1 }, 16);
	memset(six.destination, 0, 16);
	six.source_port = 65535;
	six.destination_port = 0;
	six.agent = 0xffffffff;
	six.correlation = "";
	same("IPv6, no correlation", &six,
	     "48455033 007d "
	     "0000 0001 0007 0a " /* AF_INET6, as Linux has it */
	     "0000 0002 0007 11 "
	     "0000 0005 0016 20010db8000000000000000000000001 "
	     "0000 0006 0016 00000000000000000000000000000000 "
	     "0000 0007 0008 ffff "
	     "0000 0008 0008 0000 "
	     "0000 0009 000a 697deec0 "
	     "0000 000a 000a 0001e240 "
	     "0000 000b 0007 64 "
	     "0000 000c 000a ffffffff "
	     "0000 000f 0008 7b7d");
}

static void bounds(void)
{
	static char text[70000];
	static __u8 out[80000];
	struct cg_hep hep = four();
	int len = cg_hep_encode(&hep, out, sizeof(out));
	bool kept = true;

	memset(out, 0x5a, sizeof(out));
	ok(cg_hep_encode(&hep, out, len) == len && out[len] == 0x5a,
	   "hep: as much room as it needs, and nothing behind it");
	for (int size = 0; size < len && kept; size++) {
		memset(out, 0x5a, sizeof(out));
		kept = cg_hep_encode(&hep, out, size) == -EMSGSIZE && out[size] == 0x5a;
	}
	ok(kept, "hep: a buffer that is too small is not overrun");
	memset(text, 'x', sizeof(text) - 1);
	hep.payload = text;
	ok(cg_hep_encode(&hep, out, sizeof(out)) == -EMSGSIZE,
	   "hep: a payload longer than a chunk can be is refused");
	text[65535 - 6] = '\0';
	ok(cg_hep_encode(&hep, out, sizeof(out)) == -EMSGSIZE,
	   "hep: a chunk as long as a whole record is refused");
	text[65535 - (len - 2)] = '\0';
	ok(cg_hep_encode(&hep, out, sizeof(out)) == 65535 && out[4] == 0xff && out[5] == 0xff,
	   "hep: the longest record is encoded");
}

int main(void)
{
	bytes();
	bounds();
	return tap_done();
}
