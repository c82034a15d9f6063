// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/capture/decap.c agent/capture/splitter.c agent/capture/tcp_stream.c agent/hep/hep_read.c agent/hep/hep.c
/* From the bytes of a capture to messages: tunnels, TCP streams, HEP. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/decap.h"
#include "capture/splitter.h"
#include "capture/tcp_stream.h"
#include "hep/hep.h"
#include "hep/hep_read.h"
#include "tap.h"

/* --- frames ----------------------------------------------------------------------------------- */

struct bytes {
	uint8_t at[2048];
	size_t len;
};

static void put(struct bytes *b, const void *from, size_t len)
{
	memcpy(b->at + b->len, from, len);
	b->len += len;
}

/* hex: blanks as one likes */
static void put_hex(struct bytes *b, const char *hex)
{
	unsigned int byte;
	int used;

	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used)
		b->at[b->len++] = byte;
}

#define UDP "13c4 13c4 000d 0000 4142434445" /* port 5060 to 5060: "ABCDE" */
#define IPV4 "4500 0021 0001 0000 4011 0000 c0000201 c000020a " UDP
#define MACS "000000000001 000000000002 "

static const uint8_t from_addr[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
static const uint8_t to_addr[16] = { [10] = 0xff, 0xff, 192, 0, 2, 10 };

static void reads(const char *name, enum cg_link link, const char *hex)
{
	struct cg_ip_packet p;
	struct bytes b = {};
	bool good;

	put_hex(&b, hex);
	good = !cg_decap(link, b.at, b.len, &p) && p.protocol == 17 && p.payload_len == 13 &&
	       !memcmp(p.payload + 8, "ABCDE", 5) && p.flow.source_port == 5060 &&
	       !memcmp(p.flow.source, from_addr, 16) && !memcmp(p.flow.dest, to_addr, 16) &&
	       p.is_first && !p.is_fragment && !p.is_cut;
	ok(good, "decap: %s", name);
	for (size_t n = 0; n < b.len && good;
	     n++) { /* a heap copy: ASan sees what is read behind it */
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, b.at, n);
		good = cg_decap(link, copy, n, &p) || p.is_cut || p.payload_len == 13;
		free(copy);
	}
	ok(good, "decap: %s, cut anywhere, is no whole packet", name);
}

static void refuses(const char *name, enum cg_link link, const char *hex)
{
	struct cg_ip_packet p;
	struct bytes b = {};

	put_hex(&b, hex);
	ok(cg_decap(link, b.at, b.len, &p), "decap: %s is no IP packet", name);
}

static void decap(void)
{
	reads("Ethernet", CG_LINK_ETHERNET, MACS "0800" IPV4);
	reads("Ethernet with padding", CG_LINK_ETHERNET, MACS "0800" IPV4 "000000000000");
	reads("two VLAN tags", CG_LINK_ETHERNET, MACS "88a8 0001 8100 0002 0800" IPV4);
	reads("raw IP", CG_LINK_IP, IPV4);
	reads("loopback", CG_LINK_NULL, "02000000" IPV4);
	reads("cooked", CG_LINK_SLL, "0000 0001 0006 0000000000000000 0800" IPV4);
	reads("cooked, version 2", CG_LINK_SLL2,
	      "0800 0000 00000007 0001 00 06 0000000000000000" IPV4);
	reads("two MPLS labels", CG_LINK_ETHERNET, MACS "8847 00010040 00020140" IPV4);
	reads("MPLS with a control word", CG_LINK_ETHERNET,
	      MACS "8847 00020140 00000000" MACS "0800" IPV4);
	reads("PPPoE", CG_LINK_ETHERNET, MACS "8864 1100 0001 0023 0021" IPV4);
	reads("IPIP", CG_LINK_IP, "4500 0035 0000 0000 4004 0000 0a000001 0a000002" IPV4);
	reads("GRE with checksum, key and sequence", CG_LINK_IP,
	      "4500 0045 0000 0000 402f 0000 0a000001 0a000002 b000 0800 00000000 00000001 "
	      "00000002" IPV4);
	reads("Ethernet in GRE", CG_LINK_IP,
	      "4500 0047 0000 0000 402f 0000 0a000001 0a000002 0000 6558" MACS "0800" IPV4);
	reads("VXLAN", CG_LINK_IP,
	      "4500 0053 0000 0000 4011 0000 0a000001 0a000002 c000 12b5 003f 0000 08000000 "
	      "00000700" MACS "0800" IPV4);
	reads("GTP-U with an extension header", CG_LINK_IP,
	      "4500 004d 0000 0000 4011 0000 0a000001 0a000002 0868 0868 0039 0000 "
	      "34ff 0029 00000001 0000 00 85 01 0000 00" IPV4);
	reads("IPv6 with extension headers around IPv4", CG_LINK_IP,
	      "60000000 0031 00 40 20010db8000000000000000000000001 "
	      "20010db8000000000000000000000002 "
	      "3c 00 0000 00000000 04 00 0000 00000000" IPV4);
	refuses("ARP", CG_LINK_ETHERNET, MACS "0806 0001 0800 0604 0001");
	refuses("an unknown link type", CG_LINK_OTHER, IPV4);
	refuses("IPv4 with a header of 16 bytes", CG_LINK_IP,
		"4400 0021 0001 0000 4011 0000 c0000201 c000020a");
}

static void fragments(void)
{
	struct cg_ip_packet p;
	struct bytes b = {};

	put_hex(&b, "4500 0021 0001 2000 4011 0000 c0000201 c000020a" UDP);
	ok(!cg_decap(CG_LINK_IP, b.at, b.len, &p) && p.is_fragment && p.is_first &&
		   p.flow.dest_port == 5060,
	   "decap: a first fragment has ports");
	b.at[7] = 1;
	ok(!cg_decap(CG_LINK_IP, b.at, b.len, &p) && p.is_fragment && !p.is_first &&
		   !p.flow.dest_port,
	   "decap: a later fragment has none");
	b.at[6] = b.at[7] = 0;
	ok(!cg_decap(CG_LINK_IP, b.at, b.len - 1, &p) && p.is_cut,
	   "decap: a packet that was cut says so");
}

/* --- streams ---------------------------------------------------------------------------------- */

static char got[4096]; /* the messages, each with a blank behind it */

static void note_message(void *ctx, const struct cg_flow *flow, const uint8_t *text, size_t len)
{
	(void)ctx, (void)flow;
	snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s ", (int)len, text);
}

enum way { FORTH, BACK };
#define SYN 0x02
#define ACK 0x10
#define FIN 0x01

static void segment(struct cg_tcp *tcp, enum way way, uint32_t seq, uint32_t ack, uint8_t flags,
		    const char *data)
{
	struct bytes b = {};
	struct cg_ip_packet p = { .payload = b.at };

	memcpy(p.flow.source, way == FORTH ? from_addr : to_addr, 16);
	memcpy(p.flow.dest, way == FORTH ? to_addr : from_addr, 16);
	p.flow.source_port = p.flow.dest_port = 5060;
	put_hex(&b, "13c4 13c4");
	put(&b,
	    (uint8_t[]){ seq >> 24, seq >> 16, seq >> 8, seq, ack >> 24, ack >> 16, ack >> 8, ack },
	    8);
	put(&b, (uint8_t[]){ 5 << 4, flags, 0, 0, 0, 0, 0, 0 }, 8);
	put(&b, data, strlen(data));
	p.payload_len = b.len;
	cg_tcp_handle(tcp, &p);
}

struct step {
	enum way way;
	uint32_t seq, ack;
	uint8_t flags;
	const char *data;
};

#define A "A a SIP/2.0\n\n"
#define B "B b SIP/2.0\nl: 3\n\nxyz"
#define STEPS 8

static void streams(const char *name, const char *expected, uint64_t gaps, const struct step *steps)
{
	struct cg_tcp *tcp = cg_tcp_new(note_message, NULL);
	bool good;

	*got = '\0';
	for (int i = 0; i < STEPS && steps[i].data; i++)
		segment(tcp, steps[i].way, steps[i].seq, steps[i].ack, steps[i].flags,
			steps[i].data);
	cg_tcp_flush(tcp);
	good = !strcmp(got, expected) && cg_tcp_get_counters(tcp)->gaps == gaps;
	ok(good, "tcp: %s%s%s", name, good ? "" : ": got ", good ? "" : got);
	cg_tcp_free(tcp);
}

static void tcp(void)
{
	streams("two messages in one segment", A " " B " ", 0,
		(struct step[STEPS]){ { FORTH, 9, 0, SYN, "" }, { FORTH, 10, 0, ACK, A B } });
	streams("one message in three segments, over the end of the numbers", B " ", 0,
		(struct step[STEPS]){ { FORTH, 0xfffffffe, 0, ACK, "B b" },
				      { FORTH, 1, 0, ACK, " SIP/2.0\nl: 3\n" },
				      { FORTH, 15, 0, ACK, "\nxyz" } });
	streams("segments in another order, and sent again", A " " B " ", 0,
		(struct step[STEPS]){ { FORTH, 9, 0, SYN, "" },
				      { FORTH, 20, 0, ACK, "0\n\n" B },
				      { FORTH, 15, 0, ACK, "IP/2.0" },
				      { FORTH, 10, 0, ACK, "A a S" },
				      { FORTH, 10, 0, ACK, "A a S" } });
	streams("an overlap does not replace what came first", A " ", 0,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, "A a SIP" },
				      { FORTH, 10, 0, ACK, "X x XXX/2.0\n\n" } });
	streams("keep-alives between messages", A " " A " ", 0,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, "\r\n\r\n" A "\r\n" A } });
	streams("an acknowledged hole costs the message in it", A " " B " ", 1,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, A },
				      { FORTH, 23, 0, ACK, "C c SIP" },
				      { FORTH, 35, 0, ACK, "\n" B },
				      { BACK, 1, 58, ACK, "" },
				      { FORTH, 30, 0, ACK, "/2.0\n" } });
	streams("a hole that is filled late costs nothing", A " " A " ", 0,
		(struct step[STEPS]){ { FORTH, 9, 0, SYN, "" },
				      { FORTH, 23, 0, ACK, A },
				      { BACK, 1, 10, ACK, "" },
				      { FORTH, 10, 0, ACK, A } });
	streams("a hole at the end of the capture", B " ", 1,
		(struct step[STEPS]){ { FORTH, 9, 0, SYN, "" }, { FORTH, 30, 0, ACK, B } });
	streams("a capture that begins within a message", A " ", 0,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, "f: 1\nt: 2\n\nbody\n" A } });
	streams("TLS is no message", "", 0,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, "\x16\x03\x01 SIP/2.0\x01\n\n" } });
	streams("a new connection with the same ports", A " " B " ", 0,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, A },
				      { FORTH, 23, 0, FIN | ACK, "" },
				      { FORTH, 7000, 0, SYN, "" },
				      { FORTH, 7001, 0, ACK, B } });
	streams("data that is sent again after the end", A " ", 0,
		(struct step[STEPS]){ { FORTH, 10, 0, ACK, A },
				      { FORTH, 23, 0, FIN | ACK, "" },
				      { FORTH, 10, 0, ACK, A } });
}

/* Whatever a stream sends, it holds so much at most. */
static void bounds(void)
{
	static char line[1401];
	struct cg_tcp *tcp = cg_tcp_new(note_message, NULL);

	memset(line, 'x', sizeof(line) - 1);
	*got = '\0';
	segment(tcp, FORTH, 9, 0, SYN, "");
	segment(tcp, FORTH, 10, 0, ACK, "A a SIP/2.0\n");
	for (int i = 0; i < 60; i++) /* headers without an end */
		segment(tcp, FORTH, 22 + i * 1400, 0, ACK, line);
	segment(tcp, FORTH, 22 + 60 * 1400, 0, ACK, "\n" A);
	ok(!strcmp(got, A " ") && cg_tcp_get_counters(tcp)->gaps == 1,
	   "tcp: headers that do not end are given up, and the next message is read");
	for (int i = 0; i < 400; i++)
		segment(tcp, BACK, 5000 + i * 1400, 0, ACK, line);
	*got = '\0';
	segment(tcp, BACK, 4000, 0, ACK, "y");
	ok(!*got, "tcp: bytes behind a long way back are ignored");
	cg_tcp_free(tcp);
}

/* --- HEP -------------------------------------------------------------------------------------- */

static void hep(void)
{
	const struct cg_hep sent = { .source = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
				     .destination = { [10] = 0xff, 0xff, 192, 0, 2, 10 },
				     .source_port = 5061,
				     .destination_port = 40000,
				     .at = 1769860800123456,
				     .type = CG_HEP_SIP,
				     .correlation = "",
				     .payload = A };
	struct cg_hep_record r;
	struct bytes b = {};
	uint8_t out[256];
	int len = cg_hep_encode(&sent, out, sizeof(out)), bad = 0;

	ok(!cg_hep_read(out, len, &r) && !memcmp(r.source, from_addr, 16) &&
		   !memcmp(r.destination, to_addr, 16) && r.source_port == 5061 &&
		   r.destination_port == 40000 && r.at == 1769860800123456000ULL &&
		   r.type == CG_HEP_SIP && r.len == strlen(A) && !memcmp(r.payload, A, r.len),
	   "hep: what was encoded is read");
	for (int n = 0; n < len; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, out, n);
		bad += cg_hep_read(copy, n, &r) != -EINVAL;
		free(copy);
	}
	ok(!bad, "hep: a record that is cut anywhere is damaged");
	put_hex(&b, "48455033 0011 0000 0003 000b c000020105");
	ok(cg_hep_read(b.at, b.len, &r) == -EINVAL, "hep: an address of five bytes is damaged");
}

static void count_record(void *ctx, const uint8_t *text, size_t len)
{
	struct cg_hep_record r;
	int *records = ctx;

	*records += !cg_hep_read(text, len, &r) && r.len == strlen("\n" A) ? 1 : 100;
}

/* The payload of a record begins with a start line: it is no message of the stream. */
static void hep_stream(void)
{
	const struct cg_hep sent = { .type = CG_HEP_SIP, .correlation = "", .payload = "\n" A };
	struct cg_splitter splitter = {};
	uint8_t out[256];
	int len = cg_hep_encode(&sent, out, sizeof(out)), records = 0;

	for (int i = 0; i < 3 * len; i++)
		cg_splitter_append(&splitter, &out[i % len], 1, count_record, &records);
	ok(records == 3, "hep: three records of a stream, byte by byte");
	cg_splitter_lose(&splitter);
	cg_splitter_append(&splitter, out + 8, len - 8, count_record, &records);
	cg_splitter_append(&splitter, (const uint8_t *)"HHEP", 4, count_record, &records);
	cg_splitter_append(&splitter, out, len, count_record, &records);
	ok(records == 4, "hep: behind a gap the stream continues at the next record");
	ok(!cg_splitter_append(&splitter, (const uint8_t *)"HEP3\0\5", 6, count_record, &records),
	   "hep: a record without room for its own header is damaged");
	cg_splitter_append(&splitter, out, len, count_record, &records);
	ok(records == 5, "hep: ... and the one behind it is read");
	cg_splitter_clear(&splitter);
}

int main(void)
{
	decap();
	fragments();
	tcp();
	bounds();
	hep();
	hep_stream();
	return tap_done();
}
