// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/hep/hep_stream.c agent/hep/hep_sift.c agent/hep/hep_counts.c agent/hep/hep_read.c agent/hep/time_order.c
#include "hep/hep_counts.h"
#include "hep/hep_sift.h"
#include "hep/hep_stream.h"
#include "hep/time_order.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define MS 1000000ULL
#define NOW (1000000 * MS) /* CLOCK_BOOTTIME of the tests */
#define REAL (1769860800000 * MS)

static const struct cg_config settings = { .n_ports = 1, .ports = { 5060 }, .tcp = CG_TCP_OBSERVE };

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		[10] = 0xff, 0xff, a, b, c, d                                                      \
	}
#define HOST V4(192, 0, 2, 10)
#define CALLER V4(192, 0, 2, 1)
#define V6                                                                                         \
	{                                                                                          \
		0x20, 1, 0xd, 0xb8, [15] = 1                                                       \
	}

static bool is_host(void *ctx, const __u8 addr[16])
{
	static const __u8 host[16] = HOST, other[16] = V4(192, 0, 2, 11);

	(void)ctx;
	return !memcmp(addr, host, 16) || !memcmp(addr, other, 16);
}

static struct cg_hep_sieve sieve = { .config = &settings, .is_host = is_host };

/* A message of a caller in TLS. */
static struct cg_hep_record make_record(const char *text)
{
	return (struct cg_hep_record){
		.source = CALLER,
		.destination = HOST,
		.source_port = 40000,
		.destination_port = 5061,
		.at = REAL - 3 * MS,
		.protocol = IPPROTO_TCP,
		.type = CG_HEP_SIP,
		.payload = (const __u8 *)text,
		.len = strlen(text),
	};
}

static const char options[] = "OPTIONS sip:a SIP/2.0\r\nCall-ID: x\r\n\r\n";

static enum cg_hep_fate sift(const struct cg_hep_record *record, struct cg_hep_sifted *sifted)
{
	const struct cg_hep_clocks clocks = { .boot = NOW, .real = REAL };

	return cg_hep_sift(&sieve, record, &clocks, sifted);
}

static void is_fate(const char *name, const struct cg_hep_record *record, enum cg_hep_fate expected)
{
	struct cg_hep_sifted sifted;
	enum cg_hep_fate fate = sift(record, &sifted);

	ok(fate == expected, "hep: %s: %s", name, cg_hep_fate_word(fate));
}

/* --- what is left out ------------------------------------------------------------------------- */

#define WITH(name, expected, ...)                                                                  \
	do {                                                                                       \
		struct cg_hep_record r = make_record(options);                                     \
		__VA_ARGS__;                                                                       \
		is_fate(name, &r, expected);                                                       \
	} while (0)
#define SET(field, ...) memcpy(r.field, (const __u8[16])__VA_ARGS__, 16)

static void addresses(void)
{
	WITH("a message in TLS is judged", CG_HEP_JUDGED, (void)r);
	WITH("0.0.0.0 is no address", CG_HEP_NO_ADDRESS, SET(destination, V4(0, 0, 0, 0)));
	WITH("no address at all", CG_HEP_NO_ADDRESS, SET(source, { 0 }));
	WITH("destination = source", CG_HEP_SAME_ADDRESS, SET(source, HOST));
	WITH("IPv4 to IPv6", CG_HEP_MIXED_FAMILIES, SET(source, V6));
	WITH("neither address is the host's", CG_HEP_NO_HOST, SET(destination, V4(9, 9, 9, 9)));
	WITH("both addresses are the host's", CG_HEP_HOST_ONLY, SET(source, V4(192, 0, 2, 11)));
	WITH("another protocol than SIP", CG_HEP_NOT_SIP, r.type = 5);
	WITH("no message", CG_HEP_DAMAGED, r.len = 0);
}

static void doubles(void)
{
	struct cg_config off = settings;

	WITH("UDP on a SIP port is read by the guard", CG_HEP_ON_WIRE,
	     (r.protocol = IPPROTO_UDP, r.destination_port = 5060));
	WITH("... also as the source", CG_HEP_ON_WIRE,
	     (r.protocol = IPPROTO_UDP, r.source_port = 5060));
	WITH("TCP on a SIP port, too", CG_HEP_ON_WIRE, r.destination_port = 5060);
	WITH("near miss: UDP on another port is not", CG_HEP_JUDGED, r.protocol = IPPROTO_UDP);
	WITH("near miss: nor another transport on that port", CG_HEP_JUDGED,
	     (r.protocol = 22, r.destination_port = 5060));
	off.tcp = CG_TCP_OFF;
	sieve.config = &off;
	WITH("near miss: nor TCP under tcp=off", CG_HEP_JUDGED, r.destination_port = 5060);
	WITH("UDP is, under tcp=off", CG_HEP_ON_WIRE,
	     (r.protocol = IPPROTO_UDP, r.destination_port = 5060));
	sieve.config = &settings;
}

static void keys(void)
{
	sieve.key = "secret";
	WITH("no key", CG_HEP_BAD_KEY, (void)r);
	WITH("the key", CG_HEP_JUDGED, (r.key = (const __u8 *)"secret", r.key_len = 6));
	WITH("another key", CG_HEP_BAD_KEY, (r.key = (const __u8 *)"secreT", r.key_len = 6));
	WITH("a part of it", CG_HEP_BAD_KEY, (r.key = (const __u8 *)"secre", r.key_len = 5));
	WITH("twice the key", CG_HEP_BAD_KEY,
	     (r.key = (const __u8 *)"secretsecret", r.key_len = 12));
	WITH("an empty one", CG_HEP_BAD_KEY, (r.key = (const __u8 *)"", r.key_len = 0));
	sieve.key = NULL;
}

/* --- reading ------------------------------------------------------------------------------------- */

static void two_families(void)
{
	static const __u8 bytes[] = "HEP3\0\x26"
				    "\0\0\0\5\0\x16\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
				    "\0\0\0\3\0\xa\xc0\0\2\1";
	const __u8 caller[16] = CALLER;
	struct cg_hep_record r = {};

	ok(!cg_hep_read(bytes, sizeof(bytes) - 1, &r) && !memcmp(r.source, caller, 16),
	   "hep: of an IPv6 and an IPv4 source the last one counts, whole");
}

/* --- reports ---------------------------------------------------------------------------------- */

static __u64 time_of(__u64 at, bool *off)
{
	struct cg_hep_record r = make_record(options);
	struct cg_hep_sifted sifted = {};

	r.at = at;
	sift(&r, &sifted);
	*off = sifted.clock_off;
	return sifted.report.at;
}

static void times(void)
{
	bool off;

	ok(time_of(REAL - 150 * MS, &off) == NOW - 150 * MS && !off,
	   "hep: the time is the proxy's");
	ok(time_of(REAL - 2000 * MS, &off) == NOW && off,
	   "hep: a time that is 2 s old is not believed");
	ok(time_of(REAL + 2000 * MS, &off) == NOW && off, "hep: nor one that is to come");
	ok(time_of(REAL + 5 * MS, &off) == NOW && !off, "hep: a clock that is 5 ms fast is");
	ok(time_of(0, &off) == NOW && off, "hep: without a time the arrival counts");
}

static void reports(void)
{
	static char big[3 * 4096];
	struct cg_hep_record r = make_record("INVITE sip:a SIP/2.0\r\nTo: <sip:b>\r\n\r\n");
	struct cg_hep_sifted s;

	ok(sift(&r, &s) == CG_HEP_JUDGED && s.report.direction == CG_IN && s.is_early &&
		   s.report.source_port == 40000 && s.report.dest_port == 5061 && !s.report.cut,
	   "hep: an INVITE to the host comes in, and does not wait");
	r = make_record("INVITE sip:a SIP/2.0\r\nTo: <sip:b>;tag=1\r\n\r\n");
	ok(!sift(&r, &s) && !s.is_early, "hep: near miss: one with a To tag waits");
	SET(source, HOST);
	SET(destination, CALLER);
	ok(!sift(&r, &s) && s.report.direction == CG_OUT, "hep: what the host sends goes out");
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "BYE sip:a SIP/2.0\r\nX: ", 22);
	r = make_record(big);
	ok(!sift(&r, &s) && s.report.cut && s.len == 4096, "hep: a long message is cut");
}

/* --- TCP -------------------------------------------------------------------------------------- */

/* Adds the bytes in parts of `part`, and notes the lengths of the records that come out. */
static int feed(struct cg_hep_stream *stream, const __u8 *bytes, size_t len, size_t part, int *lens)
{
	const __u8 *record;
	int n = 0, got = 0;
	size_t room;

	*stream = (struct cg_hep_stream){};
	for (size_t at = 0, size; at < len && got >= 0; at += size) {
		void *to = cg_hep_stream_room(stream, &room);

		size = len - at < part ? len - at : part;
		size = size < room ? size : room;
		memcpy(to, bytes + at, size);
		cg_hep_stream_add(stream, size);
		while ((got = cg_hep_stream_next(stream, &record)) > 0)
			lens[n++] = got;
	}
	return got < 0 ? got : n;
}

static void streams(void)
{
	static struct cg_hep_stream stream;
	static __u8 bytes[6 + 65535 + 20] = "HEP3\0\6HEP3\xff\xff";
	int lens[16] = {}, n, wrong = 0;

	memcpy(bytes + 6 + 65535, "HEP3\0\x14", 6);
	for (size_t part = 1; part <= 4096; part = part < 64 ? part + 1 : part * 2) {
		n = feed(&stream, bytes, sizeof(bytes), part, lens);
		wrong += n != 3 || lens[0] != 6 || lens[1] != 65535 || lens[2] != 20;
	}
	ok(!wrong, "hep: records of a connection come out whole, wherever segments cut them");
	ok(feed(&stream, (const __u8 *)"HEP2", 4, 1, lens) == -EINVAL,
	   "hep: a connection that is no HEP is not read");
	ok(feed(&stream, (const __u8 *)"HEP3\0\5", 6, 6, lens) == -EINVAL,
	   "hep: a record that is shorter than its head neither");
	ok(feed(&stream, (const __u8 *)"GET / HTTP/1.1", 14, 1, lens) == -EINVAL,
	   "hep: the first byte tells");
}

/* --- order and counts ------------------------------------------------------------------------- */

static char order[32];

static void note_item(void *ctx, uint64_t at, const void *head, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)at, (void)head;
	strncat(order, (const char *)bytes, len);
}

static void in_order(void)
{
	struct cg_time_order *items = cg_time_order_new(UINT64_MAX, 0, note_item, NULL);
	uint64_t oldest = 0;

	cg_time_order_add(items, 200, "", (const uint8_t *)"c", 1);
	cg_time_order_add(items, 100, "", (const uint8_t *)"a", 1);
	cg_time_order_add(items, 150, "", (const uint8_t *)"b", 1);
	cg_time_order_add(items, 300, "", (const uint8_t *)"d", 1);
	ok(cg_time_order_count(items, &oldest) == 4 && oldest == 100, "hep: what waits is counted");
	ok(cg_time_order_give(items, 250, 2) == 2 && !strcmp(order, "ab"),
	   "hep: at most so many go at once: %s", order);
	ok(cg_time_order_give(items, 250, 9) == 1 && !strcmp(order, "abc"),
	   "hep: what is younger waits on: %s", order);
	for (int i = 0; i < CG_TIME_ORDER_ITEMS; i++)
		cg_time_order_add(items, 1000, "", (const uint8_t *)"", 0);
	ok(cg_time_order_count(items, &oldest) == CG_TIME_ORDER_ITEMS && !strcmp(order, "abcd"),
	   "hep: of too many the oldest goes early, and none is lost: %s", order);
	cg_time_order_free(items);
}

static void senders(void)
{
	static struct cg_hep_counts counts;
	const __u8 honest[16] = CALLER;
	const struct cg_hep_sender *most;
	__u8 liar[16] = V4(10, 0, 0, 0);

	cg_hep_count(&counts, honest, CG_HEP_JUDGED, false, 1);
	for (int i = 0; i < 1000; i++) {
		liar[15] = i;
		liar[14] = i >> 8;
		cg_hep_count(&counts, honest, CG_HEP_JUDGED, false, 2 + i);
		cg_hep_count(&counts, liar, CG_HEP_NO_ADDRESS, false, 2 + i);
	}
	ok(counts.fates[CG_HEP_NO_ADDRESS] == 1000 && counts.fates[CG_HEP_JUDGED] == 1001,
	   "hep: all records are counted");
	most = cg_hep_find_most(&counts, CG_HEP_JUDGED);
	ok(most && most->fates[CG_HEP_JUDGED] == 1001,
	   "hep: a flood of addresses leaves a sender that goes on his place");
	cg_hep_count(&counts, liar, CG_HEP_NO_ADDRESS, false, 2000);
	most = cg_hep_find_most(&counts, CG_HEP_NO_ADDRESS);
	ok(most && !memcmp(most->addr, liar, 16), "hep: who sends most wrong addresses is named");
	ok(!cg_hep_find_most(&counts, CG_HEP_BAD_KEY),
	   "hep: near miss: nobody is, for another fault");
}

int main(void)
{
	addresses();
	doubles();
	keys();
	two_families();
	times();
	reports();
	streams();
	in_order();
	senders();
	return tap_done();
}
