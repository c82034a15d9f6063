/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a parsed message to struct facts: identity, branches, targets.
 *
 * API: facts_basic(), facts_identity(), facts_routing().
 */
#ifndef CG_MSG_INFO_H
#define CG_MSG_INFO_H

#include "hash.h"
#include "scratch.h"

#define FACTS_USER_MAX 128 /* a longer user part is compared as it stands */

struct facts_user {
	struct sip_parser *p;
	__u32 from; /* the byte before this one is the next to read */
	__u32 to; /* ... and to write */
	__u32 start;
	__u32 pad;
};

bpf_inline __u8 facts_hex(__u8 c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* RFC 3261 19.1.4 and 25.1: unreserved; and '+', with which telephone numbers begin. */
bpf_inline int facts_unreserved(__u8 c)
{
	return (__u8)(c - '0') <= 9 || (__u8)((c | 0x20) - 'a') <= 25 || c == '-' || c == '_' ||
	       c == '.' || c == '!' || c == '~' || (c >= '\'' && c <= '+');
}

static long facts_user_step(__u32 i, void *arg)
{
	struct facts_user *u = arg;
	struct sip_parser *p = u->p;
	__u8 c, high;

	if (u->from <= u->start)
		return 1;
	c = sip_byte(p, --u->from);
	if (u->from >= u->start + 2 && sip_byte(p, u->from - 2) == '%' && sip_hex(c) &&
	    sip_hex(high = sip_byte(p, u->from - 1)) &&
	    facts_unreserved(facts_hex(high) << 4 | facts_hex(c))) {
		c = facts_hex(high) << 4 | facts_hex(c);
		u->from -= 2;
	}
	p->buf[--u->to & (SIP_MAX - 1)] = c;
	return 0;
}

/*
 * Decodes a user part's escapes where it stands, towards its end; returns where it begins then.
 * Nobody else reads a Contact, or the Request-URI of a BYE.
 */
BPF_SUBPROG __u32 facts_user(struct guard *g, __u32 start, __u32 end)
{
	struct facts_user u = { .p = &g->s->parser, .from = end, .to = end, .start = start };

	if (end - start <= FACTS_USER_MAX &&
	    sip_find(u.p, start, end, SIP_ANY('%', '%', '%')) < end) {
		sip_loop(FACTS_USER_MAX, facts_user_step, &u);
		return u.to;
	}
	return start;
}

/*
 * A URI up to its parameters and headers: RFC 3261 12.2.1.1 has the remote target copied, and 19.1.4
 * lets a client escape what needs none, and write a host in any letter case. A ';' or '?' before the
 * '@' belongs to the user.
 */
BPF_SUBPROG __u32 facts_target(struct guard *g, const struct sip_slice *uri)
{
	struct sip_parser *p = &g->s->parser;
	__u32 end = uri->off + uri->len, at, stop, start;
	__u64 hash;

	if (!uri->len)
		return 0;
	at = sip_find(p, uri->off, end, SIP_ANY('@', '@', '@'));
	stop = sip_find(p, at < end ? at : uri->off, end, SIP_ANY(';', '?', '>'));
	if (at == end)
		at = uri->off; /* no user */
	start = facts_user(g, uri->off, at);
	hash = hash_exact(p, g->config, start, at - start);
	hash = HASH_ROTATE(hash, 1) + hash_folded(p, g->config, at, stop - at);
	return (__u32)(hash >> 32) | 1;
}

/* The port that the Request-URI names; 5060 where it names none (RFC 3261 19.1.2). */
BPF_SUBPROG __u16 facts_request_port(struct guard *g)
{
	struct sip_parser *p = &g->s->parser;
	struct sip_slice uri = p->msg.request_uri;
	__u32 end = uri.off + uri.len, pos;

	pos = sip_find(p, uri.off, end, SIP_ANY('@', '@', '@'));
	if (pos == end)
		pos = sip_find(p, uri.off, end, SIP_ANY(':', ':', ':'));
	pos++;
	if (pos < end && sip_byte(p, pos) == '[')
		pos = sip_find(p, pos, end, SIP_ANY(']', ']', ']'));
	pos = sip_find(p, pos, end, SIP_ANY(':', ';', '?'));
	if (pos >= end || sip_byte(p, pos) != ':')
		return 5060;
	sip_number(p, pos + 1, end);
	return p->number <= 0xffff ? p->number : 0;
}

bpf_inline void facts_basic(struct guard *g)
{
	const struct packet *packet = &g->s->packet;
	const struct sip_msg *msg = &g->s->parser.msg;
	struct facts *f = &g->s->facts;

	__builtin_memset(f, 0, sizeof(*f));
	f->cseq = msg->cseq;
	f->cseq_valid = !(msg->flags & SIP_BAD_CSEQ);
	f->status = msg->status;
	f->method = msg->method;
	f->direction = packet->direction;
	if (g->config->strict_interface)
		f->interface = cg_ifindex_hash8(packet->ifindex);
	if (packet->direction == CG_IN) {
		__builtin_memcpy(f->peer, packet->source, 16);
		f->peer_port = packet->source_port;
	} else {
		__builtin_memcpy(f->peer, packet->dest, 16);
		f->peer_port = packet->dest_port;
	}
}

/* Whose message it is: enough for what is refused at once. */
bpf_inline void facts_identity(struct guard *g)
{
	struct sip_parser *p = &g->s->parser;
	struct facts *f = &g->s->facts;

	f->key.call = hash_slice(g->config, p, &p->msg.call_id);
	f->from = hash_tag(g->config, p, &p->msg.from_tag, &f->from_case);
	f->to = hash_tag(g->config, p, &p->msg.to_tag, &f->to_case);
	f->key.tags = f->from + f->to;
	if (p->msg.flags & SIP_LOOSE)
		f->from_case = ~0ULL; /* a 481 to it is no evidence, rule 3 */
}

/* What all else needs: the time, where it goes, and who stands at the far end. */
BPF_SUBPROG int facts_routing(struct guard *g)
{
	struct sip_parser *p = &g->s->parser;
	struct facts *f = &g->s->facts;

	f->now = bpf_ktime_get_boot_ns();
	f->peer_gateway = addr_is_gateway(g->config, f->peer);
	sip_routing(p);
	f->relayed = p->vias > 1;
	if (f->method == CG_M_INVITE || f->method == CG_M_BYE || f->method == CG_M_UPDATE)
		f->branch = hash_slice(g->config, p, &p->msg.branch);
	if (f->branch && f->relayed) /* even an empty one: RFC 2543 knew none */
		f->branch2 = hash_slice(g->config, p, &p->msg.branch2);
	if (f->method == CG_M_INVITE || f->method == CG_M_UPDATE)
		f->contact = facts_target(g, &p->msg.contact);
	if (f->method == CG_M_BYE && !f->status && f->direction == CG_OUT) {
		f->request_uri = facts_target(g, &p->msg.request_uri);
		f->request_port = facts_request_port(g);
	}
	return 0;
}

#endif
