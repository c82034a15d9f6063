// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: tests/unit/guard_page.c
/* URIs compared by their hashes (bpf/uri.h), and sets of them (bpf/uri_set.h). */
#include <stdio.h>
#include <string.h>

#include "../../bpf/uri.h"
#include "../../bpf/uri_set.h"
#include "guard_page.h"
#include "tap.h"

static struct sip_parser *parser; /* its buffer ends at a guard page */

/* Returns uri_hash() of the text; what stands behind it must not matter. */
static __u64 hash_of(const char *text)
{
	__u32 len = strlen(text);

	memset(parser->buf, ';', sizeof(parser->buf));
	memcpy(parser->buf, text, len);
	return uri_hash(parser, 0, len);
}

/* --- pairs ------------------------------------------------------------------------------------ */

#define MANY "sip:h;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r;s;t;u;v;w;x;y;z;a;b;c;d;e;f;g;"

static const char *const equal[][2] = {
	/* RFC 3261 19.1.4 */
	{ "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp" },
	/* order of parameters */
	{ "sip:b@h;x=1;maddr=10.0.0.1", "sip:b@h;maddr=10.0.0.1;x=1" },
	{ "sip:b@h;x=1;y;z=%31", "sip:b@h;Y;Z=%31;X=1" },
	/* what is so without being said */
	{ "sip:b@h", "sip:b@h:5060" },
	{ "sip:b@h:05060", "sip:b@h" },
	{ "sip:b@h", "sip:b@h;transport=udp" },
	{ "sip:b@h;transport=UDP;x=1", "sip:b@h;x=1" },
	{ "sip:h;lr", "sip:h" },
	{ "sip:h;LR=on;x=1", "sip:h;x=1" },
	{ "sip:h;;x=1;", "sip:h;x=1" },
	/* letter case, but in the user part */
	{ "SIP:b@h", "sip:b@H" },
	{ "sips:b@h", "SIPS:b@h" },
	{ "sip:b@[2001:DB8::1]", "sip:b@[2001:db8::1]:5060" },
	/* escapes */
	{ "sip:%2b49%23@h", "sip:+49#@h" },
	{ "sip:a%2Db%5Fc@h", "sip:a-b_c@h" },
	{ "sip:a%3bb@h", "sip:a%3Bb@h" },
	{ "tel:+49", "TEL:+49" },
	/* what is not read as parts is compared by its bytes */
	{ MANY "h", MANY "h" },
	{ "sip:b@h:5060x", "sip:b@h:5060x" },
};

static const char *const unequal[][2] = {
	/* RFC 3261 19.1.4 */
	{ "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP" },
	{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp" },
	{ "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=tcp" },
	{ "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;newparam=6" },
	{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4" },
	/* every parameter counts: a proxy may route by it */
	{ "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5" },
	{ "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5" },
	{ "sip:b@h", "sip:b@h;maddr=203.0.113.66" },
	{ "sip:b@h;x=1", "sip:b@h;x=1;x=1" },
	{ "sip:b@h;x", "sip:b@h;y" },
	{ "sip:h;lrx", "sip:h" },
	{ "sip:h;transport=udpx", "sip:h" },
	{ "sip:h;xtransport=udp", "sip:h" },
	{ "sip:h;transport=sctp", "sip:h;transport=tcp" },
	/* scheme, user, host and port */
	{ "sip:b@h", "sips:b@h" },
	{ "sip:b@h", "sip:h" },
	{ "sip:@h", "sip:h" },
	{ "sip:b@h", "sip:c@h" },
	{ "sip:b@h", "sip:b:secret@h" },
	{ "sip:b@h", "sip:b@h.example" },
	{ "sip:b@h:5061", "sip:b@h" },
	{ "sip:b@h:5061", "sip:b@h:5062" },
	{ "sip:b@h:70596", "sip:b@h" }, /* 5060 + 2^16 */
	{ "sip:b@h:70597", "sip:b@h:5061" },
	{ "sip:b@[2001:db8::1]", "sip:b@[2001:db8::2]" },
	{ "sip:bc@d", "sip:b@cd" },
	/* escapes of what has a meaning are not what they escape */
	{ "sip:a%40evil@h", "sip:a@evil@h" },
	{ "sip:a%3bb@h", "sip:a;b@h" },
	{ "sip:a%2561@h", "sip:a%61@h" },
	{ "sip:a%00@h", "sip:a@h" },
	{ "sip:a%6@h", "sip:a%06@h" },
	/* what is not read as parts is compared by its bytes */
	{ MANY "h", MANY "H" },
	{ "sip:b@h:5060x", "sip:b@h" },
	{ "sip:b@h:5060x", "sip:B@h:5060x" },
};

static const char *const never[] = {
	"",
	"b",
	"sip:b@h?Route=%3Csip:203.0.113.66%3E",
	"sip:b@h;x=1?Subject=x",
	"sip:b@h:5060?Subject=x",
};

static void run_pairs(void)
{
	for (size_t i = 0; i < sizeof(equal) / sizeof(*equal); i++) {
		__u64 a = hash_of(equal[i][0]);

		ok(a && a == hash_of(equal[i][1]), "uri: %s equals %s", equal[i][0], equal[i][1]);
	}
	for (size_t i = 0; i < sizeof(unequal) / sizeof(*unequal); i++) {
		__u64 a = hash_of(unequal[i][0]);

		ok(a && a != hash_of(unequal[i][1]), "uri: %s does not equal %s", unequal[i][0],
		   unequal[i][1]);
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		ok(!hash_of(never[i]), "uri: '%s' never matches", never[i]);
}

/* --- parts ------------------------------------------------------------------------------------ */

static int host_is(const char *text)
{
	const struct sip_slice *host = &parser->uri.host;

	return host->len == strlen(text) && !memcmp(parser->buf + host->off, text, host->len);
}

static void run_parts(void)
{
	__u64 user;

	hash_of("sip:+49%23@[2001:db8::1]:5070;x=1");
	user = parser->uri.user_hash;
	ok(host_is("[2001:db8::1]") && parser->uri.port == 5070 && !parser->uri.plain,
	   "uri: host and port of a whole URI are read");
	hash_of("sip:+49#@203.0.113.66");
	ok(user && parser->uri.user_hash == user && host_is("203.0.113.66") &&
		   parser->uri.port == 5060,
	   "uri: one user at two hosts has one hash");
	hash_of("sip:192.0.2.10:5060;lr");
	ok(parser->uri.plain && !parser->uri.user_hash, "uri: a host, a port and lr are plain");
	hash_of("sip:192.0.2.10;lr;ftag=a");
	ok(!parser->uri.plain, "uri: a host with a parameter is not plain");
	hash_of("sip:b@192.0.2.10;lr");
	ok(!parser->uri.plain, "uri: a host with a user is not plain");
}

/* --- sets ------------------------------------------------------------------------------------- */

static void run_sets(void)
{
	__u32 a = uri_set_of(hash_of("sip:a@h")), b = uri_set_of(hash_of("sip:b@h")), many = 0;
	__u32 both = uri_set_add(a, b);

	ok(both == uri_set_add(b, a) && both != a && uri_set_size(both) == 2,
	   "uri: the order of a set means nothing");
	ok(uri_set_add(both, b) != both && uri_set_add(both, b) != uri_set_add(both, a),
	   "uri: a doubled entry shows");
	ok(uri_set_sub(both, b) == a && uri_set_sub(both, both) == URI_SET_EMPTY,
	   "uri: a set less one of its parts is the other part");
	ok(!uri_set_is_valid(uri_set_sub(a, both)), "uri: less than nothing is no set");
	ok(!uri_set_is_valid(uri_set_of(0)) && !uri_set_is_valid(uri_set_add(a, CG_URIS_NONE)),
	   "uri: a URI that never matches spoils its set");
	for (int i = 0; i < 14; i++)
		many = uri_set_add(many, a);
	ok(uri_set_is_valid(many), "uri: fourteen URIs are a set");
	many = uri_set_add(many, a);
	ok(!uri_set_is_valid(many) && !uri_set_is_valid(uri_set_add(many, b)) &&
		   !uri_set_is_valid(uri_set_sub(many, a)),
	   "uri: fifteen URIs prove nothing");
}

int main(void)
{
	parser = guard_page_parser();
	if (!parser) {
		perror("uri_test: mmap");
		return 1;
	}
	run_pairs();
	run_parts();
	run_sets();
	return tap_done();
}
