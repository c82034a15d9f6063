/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a frame to the payload of a SIP port: Ethernet, VLAN tags, IPv4 with options, IPv6 with
 * extension headers, UDP.
 *
 * API: packet_is_other(), packet_read(). packet_read() returns PACKET_SIP and fills struct packet;
 * or PACKET_FRAGMENT, and packet.fragment is one of what may be a UDP datagram (fragment.h); or the
 * enum cg_reason for which the packet passes unread.
 */
#ifndef CG_PACKET_H
#define CG_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf_attr.h"
#include "cseqguard.h"

#define PACKET_SIP (-1) /* not a reason: there is a payload on a SIP port, go on */
#define PACKET_FRAGMENT (-2) /* ... a fragment */

#define PACKET_VLANS 2 /* 802.1Q within 802.1ad */
#define PACKET_EXTENSIONS 1024 /* IPv6 extension headers: a jumbo frame holds no more */
#define PACKET_HEADERS_MAX 0x3fff /* bytes before the UDP header; bounds an offset */

/*
 * State of the walk over IPv6 extension headers. In map memory for the reason in struct sip_parser.
 */
struct packet_chain {
	__u32 offset;
	__be32 id; /* of the fragment header */
	__be16 fragment; /* offset and M flag of the fragment header; 0: none */
	__u8 next; /* protocol at `offset` */
	__u8 pad;
};

/* What one fragment holds of its datagram. */
struct packet_fragment {
	__u32 at; /* offset in the frame */
	__u16 offset; /* in the datagram; a multiple of 8 */
	__u16 length;
	__be32 id;
	__u8 more; /* it is not the last */
	__u8 protocol; /* of the datagram's first header, if this is the first fragment */
	__u8 version; /* of IP */
	__u8 pad;
};

/* Where its datagram is gathered. Filled by fragment.h. */
struct packet_gather {
	__u64 key;
	__u64 now;
	__u64 units[CG_FRAGMENT_BYTES / 8 / 64]; /* of 8 bytes that the fragment holds */
	__u64 beyond[CG_FRAGMENT_BYTES / 8 / 64]; /* ... that are behind the last one */
	__u32 bucket;
	__u8 set;
	__u8 may_begin; /* a set is made if there is none */
	__u8 hold_s; /* of a set that is made */
	__u8 pad;
};

struct packet {
	__u8 source[16];
	__u8 dest[16];
	__u16 source_port;
	__u16 dest_port;
	__u32 offset; /* of the payload in the frame */
	__u32 length; /* bytes of the payload that are in this frame, or gathered */
	__u8 cut; /* the payload is longer */
	__u8 gathered; /* from fragments: it is in the parser's buffer already */
	__u8 direction; /* enum cg_direction */
	__u8 own_socket; /* it leaves from a socket of this host */
	__u8 tcp; /* it is one of a TCP stream */
	__u8 enforced; /* if it is refused, it is kept from the host */
	__u8 has_options; /* of IPv4, or extension headers */
	__u8 pad;
	__u32 ifindex;
	struct packet_chain chain;
	struct packet_fragment fragment;
	struct packet_gather gather;
};

struct cursor {
	void *ctx; /* of XDP or tc */
	void *data;
	void *pos;
	void *end;
	__u64 frame; /* bytes of the whole frame; [data, end) may be only its head */
	__u64 above_ip; /* offset in the frame of the header above IP */
	__u64 ip_end; /* offset in the frame at which the IP packet ends, by its length field */
	__u8 protocol; /* above IP */
	__u8 version; /* of IP */
	__u8 may_be_big; /* joined by the kernel: its IP length may be 0 (BIG TCP) */
	__be16 bare; /* the frame begins with its IP header: the protocol of that; 0: with Ethernet */
};

struct vlan_tag {
	__be16 tci;
	__be16 protocol;
};

struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment;
	__be32 id;
};

/* Compares with all eight of config.ports at once, 16 bits a lane. Unused entries are 0. */
bpf_inline int packet_is_sip_port(const struct cg_config *config, __u16 port)
{
	const __u64 *lanes = (const void *)config->ports;
	__u64 wanted = 0x0001000100010001ULL * port;
	__u64 a = lanes[0] ^ wanted, b = lanes[1] ^ wanted;

	a = (a - 0x0001000100010001ULL) & ~a;
	b = (b - 0x0001000100010001ULL) & ~b;
	return port && ((a | b) & 0x8000800080008000ULL);
}
_Static_assert(CG_PORTS_MAX == 8 && __builtin_offsetof(struct cg_config, ports) % 8 == 0,
	       "two words of four ports");

bpf_inline __u8 config_enforces_tcp(const struct cg_config *config)
{
	return config->mode == CG_ENFORCE && config->tcp == CG_TCP_ENFORCE;
}

/* Ports in host order. */
bpf_inline int packet_is_for_sip(const struct cg_config *config, __u16 source, __u16 dest)
{
	return packet_is_sip_port(config, dest) || packet_is_sip_port(config, source);
}

/*
 * Copies bytes of the frame. `direction` must be a compile-time constant: XDP and tc have different
 * helpers. Returns 0 or an error.
 */
bpf_inline long packet_load(void *ctx, __u8 direction, __u32 offset, void *to, __u32 length)
{
	return direction == CG_IN ? bpf_xdp_load_bytes(ctx, offset, to, length)
				  : bpf_skb_load_bytes(ctx, offset, to, length);
}

/* Only names the reason: what is in a tunnel is read on the device at its end, if on any. */
bpf_inline int packet_other_protocol(__u8 protocol)
{
	return protocol == IPPROTO_GRE || protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6
		       ? CG_R_TUNNEL
		       : CG_R_NOT_UDP;
}

#define PACKET_IS_TUNNEL_PORT(NAME, port) || dest == (port)
bpf_inline int packet_other_port(__u16 dest)
{
	return 0 CG_TUNNEL_PORT_LIST(PACKET_IS_TUNNEL_PORT) ? CG_R_TUNNEL : CG_R_OTHER_PORT;
}

bpf_inline int packet_udp(struct cursor *c, const struct cg_config *config, struct packet *p)
{
	struct udphdr *udp = c->pos;
	__u64 length, room, offset;

	if ((void *)(udp + 1) > c->end)
		return CG_R_MALFORMED;
	p->source_port = bpf_ntohs(udp->source);
	p->dest_port = bpf_ntohs(udp->dest);
	if (!packet_is_for_sip(config, p->source_port, p->dest_port))
		return packet_other_port(p->dest_port);
	length = bpf_ntohs(udp->len);
	offset = (void *)(udp + 1) - c->data;
	if (c->ip_end > c->frame || c->ip_end < offset)
		return CG_R_MALFORMED;
	room = c->ip_end - offset;
	if (c->version == 6 && !length) /* jumbogram (RFC 2675 4); Linux accepts any size */
		length = room + sizeof(*udp);
	if (length < sizeof(*udp))
		return CG_R_MALFORMED;
	length -= sizeof(*udp);
	p->offset = offset;
	if (length > room)
		return CG_R_MALFORMED;
	p->length = length;
	p->cut = 0;
	p->gathered = 0;
	return PACKET_SIP;
}

bpf_inline void packet_mapped(__u8 out[16], __be32 addr)
{
	__be32 *words = (__be32 *)out;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = addr;
}

/*
 * Returns the offset of c->pos as a scalar. Otherwise clang adds a length to the packet pointer
 * first, and the 6.1 verifier has no bounds for the 16-bit length.
 */
bpf_inline __u64 packet_offset(const struct cursor *c)
{
	__u64 offset = c->pos - c->data;

	barrier_var(offset);
	return offset;
}

/*
 * Finds the TCP header: p->offset, and the ports. tcp_segment.h reads it at tc, XDP counts it only.
 * The header may be behind what can be read by pointer.
 */
bpf_inline int packet_tcp(struct cursor *c, const struct cg_config *config, struct packet *p,
			  __u8 direction)
{
	__u64 offset = c->above_ip;
	__be16 ports[2];

	barrier_var(offset);
	if (offset > PACKET_HEADERS_MAX ||
	    packet_load(c->ctx, direction, offset, ports, sizeof(ports)))
		return CG_R_NOT_UDP;
	p->source_port = bpf_ntohs(ports[0]);
	p->dest_port = bpf_ntohs(ports[1]);
	p->offset = offset;
	return packet_is_for_sip(config, p->source_port, p->dest_port) ? CG_R_TCP : CG_R_NOT_UDP;
}

/*
 * A first fragment of a TCP segment. TCP does not fragment (RFC 9293 3.7.2); its streams are read
 * behind XDP, before the host joins the fragments.
 */
bpf_inline int packet_tcp_fragment(struct cursor *c, const struct cg_config *config,
				   struct packet *p, __u8 direction)
{
	if (direction == CG_OUT || config->tcp == CG_TCP_OFF ||
	    packet_tcp(c, config, p, direction) != CG_R_TCP)
		return CG_R_NOT_UDP;
	p->tcp = 1;
	p->enforced = config_enforces_tcp(config);
	return CG_R_TCP_UNFRAMED;
}

/*
 * A fragment: its bytes begin at c->above_ip. Linux cuts a fragment that is not the last to a multiple
 * of 8.
 */
bpf_inline int packet_fragment(const struct cursor *c, struct packet_fragment *f, __u16 where)
{
	__u64 at = c->above_ip, length;

	if (c->ip_end > c->frame || c->ip_end < at)
		return CG_R_MALFORMED;
	length = c->ip_end - at;
	f->more = where & 1;
	if (f->more)
		length &= ~7ULL;
	f->offset = where & 0xfff8;
	if (!length || f->offset + length > 0xffff)
		return CG_R_MALFORMED;
	f->at = at;
	f->length = length;
	f->protocol = c->protocol;
	f->version = c->version;
	return PACKET_FRAGMENT;
}

/*
 * packet_ipv4() and packet_ipv6() set c->pos behind the IP headers. They return as packet_read().
 */
bpf_inline int packet_ipv4(struct cursor *c, const struct cg_config *config, struct packet *p,
			   __u8 direction)
{
	struct iphdr *ip = c->pos;
	__u64 header, total;
	__u32 where;

	if ((void *)(ip + 1) > c->end)
		return CG_R_MALFORMED;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (!total && !c->may_be_big)
		return CG_R_MALFORMED;
	if (!total)
		total = c->frame - packet_offset(c);
	if (header < sizeof(*ip) || total < header)
		return CG_R_MALFORMED;
	c->above_ip = packet_offset(c);
	c->ip_end = c->above_ip + total;
	c->above_ip += header;
	c->protocol = ip->protocol;
	c->version = 4;
	packet_mapped(p->source, ip->saddr);
	packet_mapped(p->dest, ip->daddr);
	where = bpf_ntohs(ip->frag_off) & 0x3fff;
	p->fragment.id = ip->id;
	p->has_options = header > sizeof(*ip);
	c->pos += header;
	if (!where)
		return PACKET_SIP;
	if (c->protocol == IPPROTO_TCP && !(where & 0x1fff))
		return packet_tcp_fragment(c, config, p, direction);
	if (c->protocol != IPPROTO_UDP)
		return packet_other_protocol(c->protocol);
	return packet_fragment(c, &p->fragment, where << 3 | where >> 13);
}

struct packet_walk {
	void *ctx;
	struct packet_chain *at;
};

/* Returns the bytes of an IPv6 extension header of this type. */
bpf_inline __u32 packet_extension_length(__u8 type, const struct extension *x)
{
	if (type == IPPROTO_FRAGMENT)
		return 8;
	return type == IPPROTO_AH ? (x->length + 2) * 4 : (x->length + 1) * 8;
}

/* Skips one extension header. Returns 1 at the end, which is a fragment header. */
bpf_inline long packet_extension(struct packet_chain *at, const struct extension *x)
{
	if (at->next == IPPROTO_FRAGMENT) {
		at->fragment = x->fragment & bpf_htons(0xfff9);
		at->id = x->id;
	}
	at->offset += packet_extension_length(at->next, x);
	at->next = x->next;
	return at->fragment != 0;
}

bpf_inline int packet_is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH || next == IPPROTO_FRAGMENT;
}

/*
 * A loop, not an unrolled walk: a packet of 1.5 kB holds some 180 headers, and Linux reads them
 * all. XDP and tc load bytes with different helpers.
 */
#define PACKET_STEP(name, load_bytes)                                                              \
	static long name(__u32 i, void *arg)                                                       \
	{                                                                                          \
		struct packet_walk *w = arg;                                                       \
		struct extension x;                                                                \
                                                                                                   \
		(void)i;                                                                           \
		if (!packet_is_extension(w->at->next) ||                                           \
		    load_bytes(w->ctx, w->at->offset, &x, sizeof(x)))                              \
			return 1;                                                                  \
		return packet_extension(w->at, &x);                                                \
	}
PACKET_STEP(packet_step_in, bpf_xdp_load_bytes)
PACKET_STEP(packet_step_out, bpf_skb_load_bytes)

bpf_inline int packet_extensions(struct cursor *c, const struct cg_config *config, struct packet *p,
				 __u8 direction)
{
	struct packet_walk w = { .ctx = c->ctx, .at = &p->chain };
	__u64 offset;

	w.at->offset = packet_offset(c);
	w.at->next = c->protocol;
	w.at->fragment = 0;
	if (direction == CG_IN)
		bpf_loop(PACKET_EXTENSIONS, packet_step_in, &w, 0);
	else
		bpf_loop(PACKET_EXTENSIONS, packet_step_out, &w, 0);
	offset = w.at->offset;
	if (offset > PACKET_HEADERS_MAX)
		return CG_R_MALFORMED;
	c->protocol = w.at->next;
	c->pos = c->data + offset;
	c->above_ip = offset;
	if (w.at->fragment) {
		if (c->protocol == IPPROTO_TCP && !(w.at->fragment & bpf_htons(0xfff8)))
			return packet_tcp_fragment(c, config, p, direction);
		p->fragment.id = w.at->id;
		return packet_fragment(c, &p->fragment, bpf_ntohs(w.at->fragment));
	}
	return packet_is_extension(w.at->next) ? CG_R_MALFORMED : PACKET_SIP;
}

bpf_inline int packet_ipv6(struct cursor *c, const struct cg_config *config, struct packet *p,
			   __u8 direction)
{
	struct ipv6hdr *ip = c->pos;

	if ((void *)(ip + 1) > c->end)
		return CG_R_MALFORMED;
	c->ip_end = packet_offset(c) + sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (!ip->payload_len && c->may_be_big)
		c->ip_end = c->frame;
	c->version = 6;
	__builtin_memcpy(p->source, &ip->saddr, 16);
	__builtin_memcpy(p->dest, &ip->daddr, 16);
	/* An IPv4-mapped source would equal that of an IPv4 packet. Linux drops it since 5.5. */
	if (!ip->saddr.in6_u.u6_addr32[0] && !ip->saddr.in6_u.u6_addr32[1] &&
	    ip->saddr.in6_u.u6_addr32[2] == bpf_htonl(0xffff))
		return CG_R_MALFORMED;
	c->protocol = ip->nexthdr;
	c->above_ip = packet_offset(c) + sizeof(*ip);
	c->pos = ip + 1;
	p->has_options = packet_is_extension(c->protocol);
	return p->has_options ? packet_extensions(c, config, p, direction) : PACKET_SIP;
}

/*
 * Fast path: recognises packets that are not SIP by their first 42 bytes (untagged IPv4 without
 * options, unfragmented UDP, no SIP port). packet_read() would return CG_R_OTHER_PORT for all of
 * them.
 */
bpf_inline int packet_is_other(const void *data, const void *end, const struct cg_config *config)
{
	const struct ethhdr *eth = data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct udphdr *udp = (const void *)(ip + 1);
	__u64 bits = config->port_bits;

	if ((const void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return 0;
	return *(const __u8 *)ip == 0x45 && ip->protocol == IPPROTO_UDP &&
	       !(ip->frag_off & bpf_htons(0x3fff)) && bpf_ntohs(ip->tot_len) >= sizeof(*ip) &&
	       !((bits >> (udp->dest & 63) | bits >> (udp->source & 63)) & 1);
}

/* `direction` must be a compile-time constant: XDP and tc have different helpers. */
bpf_inline int packet_read(struct cursor *c, const struct cg_config *config, struct packet *p,
			   __u8 direction)
{
	struct ethhdr *eth = c->pos;
	int reason = CG_R_NOT_UDP;
	__be16 protocol = c->bare;

	if (!protocol) {
		if ((void *)(eth + 1) > c->end)
			return CG_R_NOT_UDP;
		protocol = eth->h_proto;
		c->pos = eth + 1;
	}
	for (__u32 i = 0; i < PACKET_VLANS; i++) {
		struct vlan_tag *tag = c->pos;

		if (protocol != bpf_htons(ETH_P_8021Q) && protocol != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > c->end)
			return CG_R_MALFORMED;
		protocol = tag->protocol;
		c->pos = tag + 1;
	}
	if (protocol == bpf_htons(ETH_P_IP))
		reason = packet_ipv4(c, config, p, direction);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		reason = packet_ipv6(c, config, p, direction);
	else if (protocol == bpf_htons(ETH_P_PPP_SES))
		reason = CG_R_TUNNEL;
	if (reason != PACKET_SIP)
		return reason;
	if (c->protocol == IPPROTO_UDP)
		return packet_udp(c, config, p);
	return c->protocol == IPPROTO_TCP ? packet_tcp(c, config, p, direction)
					  : packet_other_protocol(c->protocol);
}

#endif
