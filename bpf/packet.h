/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a frame to the payload of a SIP port: Ethernet, VLAN tags, IP (packet_ip.h), UDP or TCP.
 *
 * API: packet_is_other(), packet_read(). packet_read() returns PACKET_SIP and fills struct packet;
 * or PACKET_FRAGMENT, and packet.fragment is one of what may be a UDP datagram (fragment.h); or the
 * enum cg_reason for which the packet passes unread.
 */
#ifndef CG_PACKET_H
#define CG_PACKET_H

#include <linux/if_ether.h>
#include <linux/udp.h>

#include "packet_ip.h"

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

/*
 * Finds the TCP header: sets p->offset and the ports. XDP only counts the segment; tcp_segment.h
 * reads it at tc. The header may lie behind the bytes that can be read by pointer.
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
 * Handles the first fragment of a TCP segment. TCP avoids fragments (RFC 9293 3.7.2). The guard
 * does not read them, because tc ingress sees them before the host reassembles them.
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
		reason = packet_ipv4(c, p);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		reason = packet_ipv6(c, p, direction);
	else if (protocol == bpf_htons(ETH_P_PPP_SES))
		reason = CG_R_TUNNEL;
	if (reason == PACKET_TCP_FRAGMENT)
		return packet_tcp_fragment(c, config, p, direction);
	if (reason != PACKET_SIP)
		return reason;
	if (c->protocol == IPPROTO_UDP)
		return packet_udp(c, config, p);
	return c->protocol == IPPROTO_TCP ? packet_tcp(c, config, p, direction)
					  : packet_other_protocol(c->protocol);
}

#endif
