// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSIONS_MAX 32

struct wrap {
	bool vlan, qinq, options, tcp, icmp, arp, pppoe, group, fragment;
	int ext, inner, proto, first, later, id, udplen, iplen, cut, trailer;
};

static __u16 first_id; /* of this case */
static bool fragments; /* this case has some */

void frame_begin_case(void)
{
	first_id += 8;
	fragments = false;
}

bool frame_case_has_fragments(void)
{
	return fragments;
}

static int parse(struct wrap *wrap, const char *words)
{
	const struct {
		const char *name;
		bool *flag;
		int *number;
	} known[] = {
		{ "vlan", &wrap->vlan, NULL },
		{ "qinq", &wrap->qinq, NULL },
		{ "options", &wrap->options, NULL },
		{ "ext", NULL, &wrap->ext },
		{ "proto", NULL, &wrap->proto },
		{ "inner", NULL, &wrap->inner },
		{ "tcp", &wrap->tcp, NULL },
		{ "icmp", &wrap->icmp, NULL },
		{ "arp", &wrap->arp, NULL },
		{ "pppoe", &wrap->pppoe, NULL },
		{ "group", &wrap->group, NULL },
		{ "first", &wrap->fragment, &wrap->first },
		{ "later", &wrap->fragment, &wrap->later },
		{ "id", NULL, &wrap->id },
		{ "udplen", NULL, &wrap->udplen },
		{ "iplen", NULL, &wrap->iplen },
		{ "cut", NULL, &wrap->cut },
		{ "trailer", NULL, &wrap->trailer },
	};
	char copy[128], *rest = copy, *word;

	*wrap = (struct wrap){ .udplen = -1, .iplen = -1, .cut = -1 };
	snprintf(copy, sizeof(copy), "%s", words ? words : "");
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');
		size_t i, count = sizeof(known) / sizeof(*known);

		if (value)
			*value++ = '\0';
		for (i = 0; i < count && strcmp(known[i].name, word); i++)
			;
		if (!*word)
			continue;
		if (i == count || !value != !known[i].number)
			return -EINVAL;
		if (known[i].flag)
			*known[i].flag = true;
		if (value)
			*known[i].number = atoi(value);
	}
	return 0;
}

static void put(struct frame *frame, const void *bytes, size_t len)
{
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
}

static void put16(struct frame *frame, __u16 value)
{
	put(frame, &(__u16){ htons(value) }, 2);
}

static void ethernet(struct frame *frame, const struct wrap *wrap, bool ip6)
{
	put(frame, wrap->group ? "\x03" : "\x02", 1);
	put(frame, "\0\0\0\0\x01\x02\0\0\0\0\x02", 11);
	if (wrap->qinq) {
		put16(frame, ETH_P_8021AD);
		put16(frame, 100);
	}
	if (wrap->vlan || wrap->qinq) {
		put16(frame, ETH_P_8021Q);
		put16(frame, 42);
	}
	put16(frame, wrap->arp	   ? ETH_P_ARP
		     : wrap->pppoe ? ETH_P_PPP_SES
		     : ip6	   ? ETH_P_IPV6
				   : ETH_P_IP);
}

static __u8 protocol(const struct wrap *wrap)
{
	if (wrap->proto)
		return wrap->proto;
	return wrap->tcp ? IPPROTO_TCP : wrap->icmp ? IPPROTO_ICMP : IPPROTO_UDP;
}

static __u16 checksum(const void *bytes, size_t len)
{
	const __u16 *word = bytes;
	__u32 sum = 0;

	for (size_t i = 0; i < len / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void ip4(struct frame *frame, const struct wrap *wrap, const __u8 from[16],
		const __u8 to[16], size_t len)
{
	static const __u8 options[24] = { 148, 4, 0, 0, 7, 19, 4 }; /* router alert, record route */
	size_t header = 20 + (wrap->options ? sizeof(options) : 0);
	__u8 bytes[44] = { 0 };
	struct ip ip = {
		.ip_v = 4,
		.ip_hl = header / 4,
		.ip_len = htons(wrap->iplen >= 0 ? (size_t)wrap->iplen : header + len),
		.ip_id = htons(first_id + wrap->id),
		.ip_off = htons((wrap->first ? IP_MF : 0) | wrap->later / 8),
		.ip_ttl = 64,
		.ip_p = protocol(wrap),
	};

	memcpy(&ip.ip_src, from + 12, 4);
	memcpy(&ip.ip_dst, to + 12, 4);
	memcpy(bytes, &ip, 20);
	memcpy(bytes + 20, options, header - 20);
	memcpy(bytes + 10, &(__u16){ checksum(bytes, header) }, 2);
	put(frame, bytes, header);
}

/*
 * Extension headers of 8 bytes each, RFC 8200 4.1: hop-by-hop, routing, then destination options.
 */
static size_t chain(const struct wrap *wrap, __u8 kinds[EXTENSIONS_MAX + 2])
{
	size_t n = 0;

	for (; n < (size_t)wrap->ext && n < EXTENSIONS_MAX; n++)
		kinds[n] = n == 0 ? IPPROTO_HOPOPTS : n == 1 ? IPPROTO_ROUTING : IPPROTO_DSTOPTS;
	if (wrap->fragment)
		kinds[n++] = IPPROTO_FRAGMENT;
	kinds[n] = wrap->inner ? IPPROTO_DSTOPTS : protocol(wrap);
	return n;
}

static void ip6(struct frame *frame, const struct wrap *wrap, const __u8 from[16],
		const __u8 to[16], size_t len)
{
	__u8 kinds[EXTENSIONS_MAX + 2];
	size_t n = chain(wrap, kinds);
	struct ip6_hdr ip = { .ip6_hlim = 64 };

	ip.ip6_flow = htonl(6U << 28);
	ip.ip6_plen = htons(wrap->iplen >= 0 ? (size_t)wrap->iplen : 8 * n + len);
	ip.ip6_nxt = kinds[0];
	memcpy(&ip.ip6_src, from, 16);
	memcpy(&ip.ip6_dst, to, 16);
	put(frame, &ip, sizeof(ip));
	for (size_t i = 0; i < n; i++) {
		__u16 where = htons(wrap->later | (wrap->first ? 1 : 0));
		__u32 id = htonl(first_id + wrap->id);
		__u8 header[8] = { kinds[i + 1], 0, 1, 4 }; /* PadN, or an empty routing header */

		if (kinds[i] == IPPROTO_FRAGMENT) {
			memcpy(header + 2, &where, 2);
			memcpy(header + 4, &id, 4);
		} else if (kinds[i] == IPPROTO_ROUTING)
			header[2] = header[3] = 0;
		put(frame, header, 8);
	}
}

/* Destination options at the beginning of what is cut into fragments. Returns their bytes. */
static size_t inner_headers(const struct wrap *wrap, __u8 *datagram)
{
	for (int i = 0; i < wrap->inner; i++) {
		__u8 next = i + 1 < wrap->inner ? IPPROTO_DSTOPTS : protocol(wrap);

		memcpy(datagram + 8 * (size_t)i, (__u8[]){ next, 0, 1, 4, 0, 0, 0, 0 }, 8);
	}
	return 8 * (size_t)wrap->inner;
}

int frame_make(struct frame *frame, const struct endpoint *from, const struct endpoint *to,
	       const void *payload, size_t len, const char *words)
{
	__u8 datagram[FRAME_MAX];
	size_t start = 0, end = 8 + len, before;
	struct wrap wrap;
	int err = parse(&wrap, words);

	fragments |= !err && wrap.fragment;

	if (err || len > sizeof(datagram) - 128)
		return -EINVAL;
	struct udphdr udp = {
		.uh_sport = htons(from->port),
		.uh_dport = htons(to->port),
		.uh_ulen = htons(wrap.udplen >= 0 ? (size_t)wrap.udplen : end),
	};
	before = inner_headers(&wrap, datagram);
	end += before;
	memcpy(datagram + before, &udp, 8); /* no checksum: local packets carry partial ones */
	memcpy(datagram + before + 8, payload, len);
	if (wrap.first && (size_t)wrap.first < end)
		end = wrap.first;
	if (wrap.later && (size_t)wrap.later < end)
		start = wrap.later;

	frame->len = 0;
	ethernet(frame, &wrap, from->ip6);
	(from->ip6 ? ip6 : ip4)(frame, &wrap, from->addr, to->addr, end - start);
	put(frame, datagram + start, end - start);
	memset(frame->bytes + frame->len, 0, wrap.trailer);
	frame->len += wrap.trailer;
	if (wrap.cut >= 0 && (size_t)wrap.cut < frame->len)
		frame->len = wrap.cut;
	return 0;
}
