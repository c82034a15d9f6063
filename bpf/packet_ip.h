/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The headers of IPv4 with options, and of IPv6 with extension headers.
 *
 * API: packet_ipv4(), packet_ipv6().
 */
#ifndef CG_PACKET_IP_H
#define CG_PACKET_IP_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>

#include "addr.h"
#include "packet_types.h"

/*
 * Returns the reason of a protocol that is not read. What is in a tunnel is read, if at all, on the
 * device at its end.
 */
bpf_inline int packet_other_protocol(__u8 protocol)
{
	return protocol == IPPROTO_GRE || protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6
		       ? CG_R_TUNNEL
		       : CG_R_NOT_UDP;
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
 * Fills *f for a fragment whose bytes begin at c->above_ip. Linux cuts every fragment but the last
 * to a multiple of 8 bytes.
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
bpf_inline int packet_ipv4(struct cursor *c, struct packet *p)
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
		return PACKET_TCP_FRAGMENT;
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

bpf_inline int packet_extensions(struct cursor *c, struct packet *p, __u8 direction)
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
			return PACKET_TCP_FRAGMENT;
		p->fragment.id = w.at->id;
		return packet_fragment(c, &p->fragment, bpf_ntohs(w.at->fragment));
	}
	return packet_is_extension(w.at->next) ? CG_R_MALFORMED : PACKET_SIP;
}

bpf_inline int packet_ipv6(struct cursor *c, struct packet *p, __u8 direction)
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
	if (addr_is_ipv4(p->source))
		return CG_R_MALFORMED;
	c->protocol = ip->nexthdr;
	c->above_ip = packet_offset(c) + sizeof(*ip);
	c->pos = ip + 1;
	p->has_options = packet_is_extension(c->protocol);
	return p->has_options ? packet_extensions(c, p, direction) : PACKET_SIP;
}

#endif
