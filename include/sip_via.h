/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The Via values of a message, one after the other, and IP addresses written as text.
 *
 * API: sip_via_first(), sip_via_next(), sip_ip_parse().
 */
#ifndef SIP_VIA_H
#define SIP_VIA_H

#include "sip_fields.h"

/* --- addresses as text ------------------------------------------------------------------------ */

/*
 * Reads one character of an address. Sets ip->error and stops if it cannot be part of one. A number
 * with a letter is not decimal: a.b.c.de is a name.
 */
static long sip_ip_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	struct sip_parser *p = s->p;
	struct sip_ip *ip = &p->ip;
	__u32 pos = s->pos + i;
	__u8 c;

	if (pos >= s->end)
		return 1;
	c = sip_byte(p, pos);
	if (sip_is_hex(c)) {
		ip->hex = ip->hex << 4 | sip_hex_value(c);
		ip->decimal = c <= '9' ? ip->decimal * 10 + sip_hex_value(c) : 256;
		ip->error |= ip->digits++ >= 4;
		return 0;
	}
	if (c == ':' && ip->digits && !ip->dots && ip->groups < 7) {
		ip->group[ip->groups++ & 7] = ip->hex;
	} else if (c == ':' && !ip->digits && ip->colons && !ip->gap &&
		   sip_byte(p, pos - 1) == ':') {
		ip->gap = ip->groups + 1; /* the second colon of "::" */
	} else if (c == '.' && ip->digits && ip->decimal <= 255 && ip->dots < 3) {
		ip->quad = ip->quad << 8 | ip->decimal;
		ip->dots++;
	} else if (c != ':' || i || sip_byte(p, pos + 1) != ':') {
		ip->error = 1; /* it is not the first colon of "::" either */
	}
	ip->colons |= c == ':';
	ip->hex = ip->decimal = ip->digits = 0;
	return ip->error != 0;
}

/* Copies the groups in front of "::" to the front of the address, those behind it to the end. */
static long sip_ip_place_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	struct sip_ip *ip = &s->p->ip;
	__u32 behind = ip->gap ? ip->groups - (ip->gap - 1) : 0, at = i;

	if (i >= ip->groups)
		return 1;
	if (ip->gap && i >= (__u32)(ip->gap - 1))
		at = 8 - behind + (i - (ip->gap - 1));
	ip->addr[2 * at & 15] = ip->group[i & 7] >> 8;
	ip->addr[(2 * at + 1) & 15] = ip->group[i & 7];
	return 0;
}

/*
 * Ends dotted decimals with their last number: an IPv4 address, or the last two groups of an IPv6
 * one. Returns 0, or -1: they are not an address.
 */
bpf_inline int sip_ip_end_quad(struct sip_ip *ip)
{
	if (ip->dots != 3 || !ip->digits || ip->decimal > 255 || ip->groups > 6)
		return -1;
	ip->quad = ip->quad << 8 | ip->decimal;
	if (ip->colons) {
		ip->group[ip->groups++ & 7] = ip->quad >> 16;
		ip->group[ip->groups++ & 7] = ip->quad;
		return 0;
	}
	ip->groups = 0;
	ip->addr[10] = ip->addr[11] = 0xff;
	ip->addr[12] = ip->quad >> 24;
	ip->addr[13] = ip->quad >> 16;
	ip->addr[14] = ip->quad >> 8;
	ip->addr[15] = ip->quad;
	return 0;
}

/*
 * Reads an IPv4 or IPv6 address, the latter with or without brackets, into p->ip.addr: 16 bytes in
 * network order, IPv4 as ::ffff:a.b.c.d. Returns 0, or -1: [pos, end) is not an address.
 */
BPF_GLOBAL int sip_ip_parse(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p };
	struct sip_ip *ip;

	if (!p)
		return -1;
	ip = &p->ip;
	*ip = (struct sip_ip){ 0 };
	if (pos < end && sip_byte(p, pos) == '[') {
		pos++;
		end = sip_find(p, pos, end, SIP_ANY(']', ']', ']'));
	}
	if (pos >= end || end - pos > SIP_IP_TEXT_MAX)
		return -1;
	s.pos = pos;
	s.end = end;
	sip_loop(SIP_IP_TEXT_MAX, sip_ip_step, &s);
	if (ip->dots) {
		if (sip_ip_end_quad(ip))
			return -1;
		if (!ip->colons)
			return ip->error ? -1 : 0;
	} else if (ip->digits) {
		if (ip->groups >= 8)
			return -1;
		ip->group[ip->groups++ & 7] = ip->hex;
	} else if (ip->gap != ip->groups + 1) {
		return -1; /* nothing but "::" ends in a colon */
	}
	if (ip->error || !ip->colons || (ip->gap ? ip->groups > 7 : ip->groups != 8))
		return -1;
	sip_loop(8, sip_ip_place_step, &s);
	return 0;
}

/* --- Via -------------------------------------------------------------------------------------- */

/*
 * Returns a parameter of the Via value whose parameters begin at `pos`. p->found counts how many
 * there are.
 */
bpf_inline struct sip_slice sip_via_param(struct sip_parser *p, __u32 pos, __u32 end, __u64 name,
					  __u32 name_len)
{
	struct sip_params s = { .p = p, .end = end, .name = name, .name_len = name_len, .list = 1 };

	p->at = pos;
	p->quoted = p->found = p->conflict = 0;
	sip_loop(SIP_MAX, sip_param_step, &s);
	return s.value;
}

/* The sent-by of a Via value: behind "SIP/2.0/UDP", up to its port (RFC 3261 20.42). */
bpf_inline struct sip_slice sip_via_host(struct sip_parser *p, __u32 pos, __u32 end)
{
	__u32 stop;

	pos = sip_find(p, pos, end, SIP_ANY('/', '/', '/'));
	pos = sip_find(p, pos + 1, end, SIP_ANY('/', '/', '/'));
	pos = sip_skip_blanks(p, pos + 1, end);
	pos = sip_find(p, pos, end, SIP_ANY(' ', '\t', '\n'));
	pos = sip_skip_blanks(p, pos, end);
	stop = pos;
	if (pos < end && sip_byte(p, pos) == '[')
		stop = sip_find(p, pos, end, SIP_ANY(']', ']', ']'));
	stop = sip_find(p, stop, end, SIP_ANY(':', ';', ','));
	return sip_slice(pos, sip_trim(p, pos, stop));
}

bpf_inline void sip_via_first(struct sip_parser *p)
{
	p->via_idx = 0;
	p->via_pos = p->lines[SIP_VIA_LINES].line[0].off;
}

/*
 * Reads the next Via value into p->via. Returns 1, or 0 if there are no more. Vias behind
 * SIP_LIST_LINES lines are not read.
 */
BPF_GLOBAL int sip_via_next(struct sip_parser *p)
{
	struct sip_slice line;
	__u32 pos, end, i;

	if (!p)
		return 0;
	i = p->via_idx;
	if (i >= p->lines[SIP_VIA_LINES].n || i >= SIP_LIST_LINES)
		return 0;
	line = p->lines[SIP_VIA_LINES].line[i & (SIP_LIST_LINES - 1)];
	end = line.off + line.len;
	pos = p->via_pos;
	p->start = end;
	p->via.host = sip_via_host(p, pos, end);
	p->via.branch =
		sip_via_param(p, pos, end, SIP_LETTERS('b', 'r', 'a', 'n', 'c', 'h', 0, 0), 6);
	p->via.has_branch = p->found != 0;
	p->via.received =
		sip_via_param(p, pos, end, SIP_LETTERS('r', 'e', 'c', 'e', 'i', 'v', 'e', 'd'), 8);
	p->via.n_received = p->found;
	pos = p->at + 1; /* behind the comma */
	if (pos >= end) {
		p->via_idx = ++i;
		pos = p->lines[SIP_VIA_LINES].line[i & (SIP_LIST_LINES - 1)].off;
	}
	p->via_pos = pos;
	return 1;
}

#endif
