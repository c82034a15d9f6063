/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a parsed message to struct msg_info: identity, branches, targets.
 *
 * API: msg_info_init(), msg_info_set_key(), msg_info_parse_routing().
 */
#ifndef CG_MSG_INFO_H
#define CG_MSG_INFO_H

#include "hash.h"
#include "scratch.h"

#define URI_USER_MAX 128 /* a longer user part is compared as it stands */

struct uri_unescape {
	struct sip_parser *p;
	__u32 from; /* the byte before this one is the next to read */
	__u32 to; /* ... and to write */
	__u32 start;
	__u32 pad;
};

bpf_inline __u8 hex_value(__u8 c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* RFC 3261 19.1.4 and 25.1: unreserved; and '+', with which telephone numbers begin. */
bpf_inline int uri_char_is_unreserved(__u8 c)
{
	return (__u8)(c - '0') <= 9 || (__u8)((c | 0x20) - 'a') <= 25 || c == '-' || c == '_' ||
	       c == '.' || c == '!' || c == '~' || (c >= '\'' && c <= '+');
}

static long uri_unescape_step(__u32 i, void *arg)
{
	struct uri_unescape *u = arg;
	struct sip_parser *p = u->p;
	__u8 c, high;

	if (u->from <= u->start)
		return 1;
	c = sip_byte(p, --u->from);
	if (u->from >= u->start + 2 && sip_byte(p, u->from - 2) == '%' && sip_hex(c) &&
	    sip_hex(high = sip_byte(p, u->from - 1)) &&
	    uri_char_is_unreserved(hex_value(high) << 4 | hex_value(c))) {
		c = hex_value(high) << 4 | hex_value(c);
		u->from -= 2;
	}
	p->buf[--u->to & (SIP_MAX - 1)] = c;
	return 0;
}

/*
 * Decodes a user part's escapes where it stands, towards its end; returns where it begins then.
 * Nobody else reads a Contact, or the Request-URI of a BYE.
 */
BPF_SUBPROG __u32 uri_unescape_user(struct pkt_ctx *ctx, __u32 start, __u32 end)
{
	struct uri_unescape u = {
		.p = &ctx->scratch->parser, .from = end, .to = end, .start = start
	};

	if (end - start <= URI_USER_MAX &&
	    sip_find(u.p, start, end, SIP_ANY('%', '%', '%')) < end) {
		sip_loop(URI_USER_MAX, uri_unescape_step, &u);
		return u.to;
	}
	return start;
}

/*
 * A URI up to its parameters and headers: RFC 3261 12.2.1.1 has the remote target copied, and 19.1.4
 * lets a client escape what needs none, and write a host in any letter case. A ';' or '?' before the
 * '@' belongs to the user.
 */
BPF_SUBPROG __u32 uri_target_hash32(struct pkt_ctx *ctx, const struct sip_slice *uri)
{
	struct sip_parser *p = &ctx->scratch->parser;
	__u32 end = uri->off + uri->len, at, stop, start;
	__u64 hash;

	if (!uri->len)
		return 0;
	at = sip_find(p, uri->off, end, SIP_ANY('@', '@', '@'));
	stop = sip_find(p, at < end ? at : uri->off, end, SIP_ANY(';', '?', '>'));
	if (at == end)
		at = uri->off; /* no user */
	start = uri_unescape_user(ctx, uri->off, at);
	hash = hash_exact(p, ctx->config, start, at - start);
	hash = HASH_ROTATE(hash, 1) + hash_folded(p, ctx->config, at, stop - at);
	return (__u32)(hash >> 32) | 1;
}

/* The port that the Request-URI names; 5060 where it names none (RFC 3261 19.1.2). */
BPF_SUBPROG __u16 request_uri_port(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
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

bpf_inline void msg_info_init(struct pkt_ctx *ctx)
{
	const struct packet *packet = &ctx->scratch->packet;
	const struct sip_msg *msg = &ctx->scratch->parser.msg;
	struct msg_info *info = &ctx->scratch->info;

	__builtin_memset(info, 0, sizeof(*info));
	info->cseq = msg->cseq;
	info->cseq_valid = !(msg->flags & SIP_BAD_CSEQ);
	info->status = msg->status;
	info->method = msg->method;
	info->direction = packet->direction;
	if (ctx->config->strict_interface)
		info->ifindex_hash = cg_ifindex_hash8(packet->ifindex);
	if (packet->direction == CG_IN) {
		__builtin_memcpy(info->remote, packet->source, 16);
		info->remote_port = packet->source_port;
	} else {
		__builtin_memcpy(info->remote, packet->dest, 16);
		info->remote_port = packet->dest_port;
	}
}

/* Whose message it is: enough for what is refused at once. */
bpf_inline void msg_info_set_key(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
	struct msg_info *info = &ctx->scratch->info;

	info->key.call = hash_slice(ctx->config, p, &p->msg.call_id);
	info->from_hash = hash_tag(ctx->config, p, &p->msg.from_tag, &info->from_case_mask);
	info->to_hash = hash_tag(ctx->config, p, &p->msg.to_tag, &info->to_case_mask);
	info->key.tags = info->from_hash + info->to_hash;
	if (p->msg.flags & SIP_LOOSE)
		info->from_case_mask = ~0ULL; /* a 481 to it is no evidence, rule 3 */
}

/* What all else needs: the time, where it goes, and who stands at the far end. */
BPF_SUBPROG int msg_info_parse_routing(struct pkt_ctx *ctx)
{
	struct sip_parser *p = &ctx->scratch->parser;
	struct msg_info *info = &ctx->scratch->info;

	info->now = bpf_ktime_get_boot_ns();
	info->remote_is_gateway = addr_is_gateway(ctx->config, info->remote);
	sip_routing(p);
	info->relayed = p->vias > 1;
	if (info->method == CG_M_INVITE || info->method == CG_M_BYE || info->method == CG_M_UPDATE)
		info->branch_hash = hash_slice(ctx->config, p, &p->msg.branch);
	if (info->branch_hash && info->relayed) /* even an empty one: RFC 2543 knew none */
		info->branch2_hash = hash_slice(ctx->config, p, &p->msg.branch2);
	if (info->method == CG_M_INVITE || info->method == CG_M_UPDATE)
		info->contact_hash = uri_target_hash32(ctx, &p->msg.contact);
	if (info->method == CG_M_BYE && !info->status && info->direction == CG_OUT) {
		info->request_uri_hash = uri_target_hash32(ctx, &p->msg.request_uri);
		info->request_port = request_uri_port(ctx);
	}
	return 0;
}

#endif
