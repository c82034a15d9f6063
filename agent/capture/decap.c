// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "capture/decap.h"

#include <string.h>

#define LAYERS_MAX 16 /* nested headers; a packet with more is not read */
#define EXTENSIONS_MAX 16

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_MULTICAST 0x8848
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_BRIDGE 0x6558 /* Ethernet in GRE */
#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057
#define PROTOCOL_IPIP 4
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_IPV6 41
#define PROTOCOL_GRE 47
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_AH 51
#define PORT_VXLAN 4789
#define PORT_GTP_U 2152

enum layer { NOTHING, ETHERNET, ETHERTYPE, IP };

struct cursor {
	const uint8_t *at;
	size_t left;
	enum layer layer;
	uint16_t type; /* of ETHERTYPE */
};

static uint16_t read16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* Moves the cursor behind n bytes, to what `layer` says. False: there are not so many. */
static bool skip(struct cursor *c, size_t n, enum layer layer)
{
	if (c->left < n)
		return false;
	c->at += n;
	c->left -= n;
	c->layer = layer;
	return true;
}

/* Moves the cursor to the ethertype at `at` of a header of n bytes. */
static bool skip_to_type(struct cursor *c, size_t at, size_t n)
{
	if (c->left < n)
		return false;
	c->type = read16(c->at + at);
	return skip(c, n, ETHERTYPE);
}

static bool read_link(struct cursor *c, enum cg_link link, uint32_t *ifindex)
{
	switch (link) {
	case CG_LINK_ETHERNET:
		c->layer = ETHERNET;
		return true;
	case CG_LINK_SLL:
		return skip_to_type(c, 14, 16);
	case CG_LINK_SLL2:
		if (c->left >= 8)
			*ifindex = (uint32_t)read16(c->at + 4) << 16 | read16(c->at + 6);
		return skip_to_type(c, 0, 20);
	case CG_LINK_NULL:
		return skip(c, 4, IP);
	case CG_LINK_IP:
		c->layer = IP;
		return true;
	default:
		return false;
	}
}

/*
 * Skips labels up to the bottom of the stack. Behind them there is IP, or a control word and
 * Ethernet.
 */
static bool read_mpls(struct cursor *c)
{
	bool is_bottom = false;

	while (!is_bottom) {
		if (c->left < 5)
			return false;
		is_bottom = c->at[2] & 1;
		skip(c, 4, IP);
	}
	if (*c->at >> 4)
		return true;
	return skip(c, 4, ETHERNET);
}

static bool read_pppoe(struct cursor *c)
{
	uint16_t protocol;

	if (c->left < 8)
		return false;
	protocol = read16(c->at + 6);
	return (protocol == PPP_IPV4 || protocol == PPP_IPV6) && skip(c, 8, IP);
}

static bool read_ethertype(struct cursor *c)
{
	switch (c->type) {
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
		return skip_to_type(c, 2, 4);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		return read_mpls(c);
	case ETHERTYPE_PPPOE:
		return read_pppoe(c);
	case ETHERTYPE_BRIDGE:
		c->layer = ETHERNET;
		return true;
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
		c->layer = IP;
		return true;
	default:
		return false;
	}
}

/* --- IP --------------------------------------------------------------------------------------- */

static void set_address(uint8_t out[16], const uint8_t *v4)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, mapped, 12);
	memcpy(out + 12, v4, 4);
}

/* Cuts what is behind the packet: padding of Ethernet. */
static void set_length(struct cg_ip_packet *p, size_t total)
{
	p->is_cut = total > p->len;
	if (total < p->len)
		p->len = total;
}

static bool read_ipv4(struct cg_ip_packet *p)
{
	const uint8_t *ip = p->bytes;
	size_t header, total;

	if (p->len < 20)
		return false;
	header = (ip[0] & 15) * 4;
	total = read16(ip + 2) ? read16(ip + 2) : p->len; /* 0: cut later, by the interface */
	if (header < 20 || total < header)
		return false;
	set_length(p, total);
	if (p->len < header)
		return false;
	set_address(p->flow.source, ip + 12);
	set_address(p->flow.dest, ip + 16);
	p->protocol = ip[9];
	p->is_fragment = read16(ip + 6) & 0x3fff;
	p->is_first = !(read16(ip + 6) & 0x1fff);
	p->payload = ip + header;
	p->payload_len = p->len - header;
	return true;
}

static bool is_extension(uint8_t next)
{
	return next == 0 || next == 43 || next == 60 || next == PROTOCOL_AH ||
	       next == PROTOCOL_FRAGMENT;
}

/* Stops at a fragment header. */
static bool read_extensions(struct cg_ip_packet *p)
{
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(p->protocol); i++) {
		const uint8_t *header = p->payload;
		size_t n;

		if (p->payload_len < 8)
			return false;
		n = p->protocol == PROTOCOL_FRAGMENT ? 8
		    : p->protocol == PROTOCOL_AH     ? (header[1] + 2) * 4
						     : (header[1] + 1) * 8;
		if (p->payload_len < n)
			return false;
		if (p->protocol == PROTOCOL_FRAGMENT) {
			p->is_fragment = read16(header + 2) & 0xfff9;
			p->is_first = !(read16(header + 2) & 0xfff8);
		}
		p->protocol = header[0];
		p->payload += n;
		p->payload_len -= n;
		if (p->is_fragment)
			return true;
	}
	return true;
}

static bool read_ipv6(struct cg_ip_packet *p)
{
	const uint8_t *ip = p->bytes;

	if (p->len < 40)
		return false;
	set_length(p, 40 + read16(ip + 4));
	memcpy(p->flow.source, ip + 8, 16);
	memcpy(p->flow.dest, ip + 24, 16);
	p->protocol = ip[6];
	p->is_fragment = false;
	p->is_first = true;
	p->payload = ip + 40;
	p->payload_len = p->len - 40;
	return read_extensions(p);
}

static bool read_ip(const struct cursor *c, struct cg_ip_packet *p)
{
	p->bytes = c->at;
	p->len = c->left;
	if (!c->left)
		return false;
	return *c->at >> 4 == 4 ? read_ipv4(p) : *c->at >> 4 == 6 && read_ipv6(p);
}

static void read_ports(struct cg_ip_packet *p)
{
	bool has_ports = p->protocol == PROTOCOL_UDP || p->protocol == PROTOCOL_TCP;

	p->flow.source_port = p->flow.dest_port = 0;
	if (!has_ports || !p->is_first || p->payload_len < 4)
		return;
	p->flow.source_port = read16(p->payload);
	p->flow.dest_port = read16(p->payload + 2);
}

/* --- tunnels ---------------------------------------------------------------------------------- */

/* RFC 2784, 2890: checksum, key and sequence number are optional. Version 0 only. */
static bool enter_gre(struct cursor *c)
{
	uint16_t flags;
	size_t n = 4;

	if (c->left < 4)
		return false;
	flags = read16(c->at);
	n += flags & 0x8000 ? 4 : 0;
	n += flags & 0x2000 ? 4 : 0;
	n += flags & 0x1000 ? 4 : 0;
	return !(flags & 7) && skip_to_type(c, 2, n);
}

/* 3GPP TS 29.281: a G-PDU, with optional fields and extension headers. */
static bool enter_gtp(struct cursor *c)
{
	uint8_t flags, next;

	if (c->left < 8 || c->at[0] >> 4 != 3 || c->at[1] != 255)
		return false;
	flags = c->at[0] & 7;
	if (!skip(c, 8, IP) || !flags)
		return c->layer == IP;
	if (!skip(c, 4, IP))
		return false;
	next = flags & 4 ? c->at[-1] : 0;
	for (int i = 0; next && i < EXTENSIONS_MAX; i++) {
		size_t n = c->left ? *c->at * 4 : 0;

		if (!n || !skip(c, n, IP))
			return false;
		next = c->at[-1];
	}
	return true;
}

/* VXLAN has a flag for its network number, and zeros around it. */
static bool enter_vxlan(struct cursor *c)
{
	return c->left >= 8 && c->at[0] == 8 && !c->at[7] && skip(c, 8, ETHERNET);
}

/* Moves the cursor into the tunnel. False: the packet is not a tunnel's. */
static bool enter_tunnel(const struct cg_ip_packet *p, struct cursor *c)
{
	*c = (struct cursor){ .at = p->payload, .left = p->payload_len };
	if (p->is_fragment)
		return false;
	switch (p->protocol) {
	case PROTOCOL_IPIP:
	case PROTOCOL_IPV6:
		c->layer = IP;
		return true;
	case PROTOCOL_GRE:
		return enter_gre(c);
	case PROTOCOL_UDP:
		if (!skip(c, 8, NOTHING))
			return false;
		if (p->flow.dest_port == PORT_GTP_U)
			return enter_gtp(c);
		return p->flow.dest_port == PORT_VXLAN && enter_vxlan(c);
	default:
		return false;
	}
}

int cg_decap(enum cg_link link, const uint8_t *bytes, size_t len, struct cg_ip_packet *packet)
{
	struct cursor c = { .at = bytes, .left = len }, inner;
	bool good;

	*packet = (struct cg_ip_packet){ .ifindex = 1 };
	good = read_link(&c, link, &packet->ifindex);
	for (int i = 0; good && i < LAYERS_MAX; i++) {
		if (c.layer == ETHERNET) {
			good = skip_to_type(&c, 12, 14);
		} else if (c.layer == ETHERTYPE) {
			good = read_ethertype(&c);
		} else {
			if (!read_ip(&c, packet))
				return -1;
			read_ports(packet);
			if (!enter_tunnel(packet, &inner))
				return 0;
			c = inner;
		}
	}
	return -1;
}
