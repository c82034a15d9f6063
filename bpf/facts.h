/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a parsed message to struct facts: identity, branches, targets.
 *
 * API: facts_basic(), facts_identity(), facts_request_port().
 */
#ifndef CG_FACTS_H
#define CG_FACTS_H

/*
 * A URI up to its parameters and headers, as it stands: RFC 3261 12.2.1.1 has the remote target
 * copied. A ';' or '?' before the '@' belongs to the user.
 */
static __noinline __u32 facts_target(struct guard *g, const struct sip_slice *uri)
{
	struct sip_parser *p = &g->s->parser;
	__u32 end = uri->off + uri->len, at, stop;
	__u64 hash;

	if (!uri->len)
		return 0;
	at = sip_find(p, uri->off, end, SIP_ANY('@', '@', '@'));
	stop = sip_find(p, at < end ? at : uri->off, end, SIP_ANY(';', '?', '>'));
	hash = hash_text(p, g->config, uri->off, stop - uri->off, 0);
	return (__u32)(hash >> 32) | 1;
}

/* The port that the Request-URI names; 5060 where it names none (RFC 3261 19.1.2). */
static __noinline __u16 facts_request_port(struct guard *g)
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

static __always_inline void facts_basic(struct guard *g)
{
	const struct packet *packet = &g->s->packet;
	const struct sip_msg *msg = &g->s->parser.msg;
	struct facts *f = &g->s->facts;

	__builtin_memset(f, 0, sizeof(*f));
	f->now = bpf_ktime_get_boot_ns();
	f->cseq = msg->cseq;
	f->cseq_valid = !(msg->flags & SIP_BAD_CSEQ);
	f->status = msg->status;
	f->method = msg->method;
	f->direction = packet->direction;
	if (g->config->strict_interface)
		f->interface = cg_interface_short(packet->ifindex);
	if (packet->direction == CG_IN) {
		__builtin_memcpy(f->peer, packet->source, 16);
		f->peer_port = packet->source_port;
	} else {
		__builtin_memcpy(f->peer, packet->dest, 16);
		f->peer_port = packet->dest_port;
	}
}

static __always_inline void facts_identity(struct guard *g)
{
	struct sip_parser *p = &g->s->parser;
	struct facts *f = &g->s->facts;

	f->key.call = hash_slice(g->config, p, &p->msg.call_id);
	f->from = hash_tag(g->config, p, &p->msg.from_tag, &f->from_case);
	f->to = hash_tag(g->config, p, &p->msg.to_tag, &f->to_case);
	f->key.tags = f->from + f->to;
	if (p->msg.flags & SIP_LOOSE)
		f->from_case = ~0ULL; /* a 481 to it is no evidence, rule 3 */
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
	f->peer_gateway = addr_is_gateway(g->config, f->peer);
}

#endif
