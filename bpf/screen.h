/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is decided before any dialog is looked up: a packet that is no SIP, a message that is cut off,
 * one that can be read in two ways, one whose methods contradict each other, one outside any call.
 *
 * API: msg_not_sip_reason(), msg_is_truncated(), msg_is_ambiguous(), msg_cseq_mismatch(),
 * msg_is_out_of_dialog(), and after msg_info_parse_routing() msg_branches_differ().
 */
#ifndef CG_SCREEN_H
#define CG_SCREEN_H

#include "addr.h"
#include "scratch.h"
#include "sip_cseq.h"

bpf_inline int method_is_call_control(__u8 method)
{
	return method == CG_M_BYE || method == CG_M_INVITE || method == CG_M_ACK;
}

/* No start line in sight: a fragment too short to tell, or something else on a SIP port. */
bpf_inline __u8 msg_not_sip_reason(struct pkt_ctx *ctx, int complete)
{
	struct sip_parser *p = &ctx->scratch->parser;
	__u32 len = ctx->scratch->packet.length, end;
	__u8 method;

	if (complete)
		return len <= 4 || sip_byte(p, 0) <= 1 ? CG_R_KEEPALIVE : CG_R_NOT_SIP;
	if (p->failed)
		return CG_R_NOT_SIP;
	end = sip_find(p, p->line, p->len, SIP_ANY(' ', '\t', ' '));
	method = sip_method(p, p->line, end - p->line);
	return end == p->len || method_is_call_control(method) ? CG_R_FRAGMENTED : CG_R_NOT_SIP;
}

/*
 * A first fragment, or a frame longer than what is looked at, must show whose BYE, INVITE or ACK it is.
 * The Vias that a request came with come back in what answers it: in the 2xx, and in the 18x that tells
 * the To tag for an ACK sent blindly.
 */
bpf_inline int msg_is_truncated(const struct sip_msg *msg)
{
	if ((msg->flags & SIP_HAS_ALL) == SIP_HAS_ALL)
		return 0;
	if (msg->status)
		return msg->status > 100 && msg->status < 300;
	return method_is_call_control(msg->method);
}

/*
 * Of what comes in: a BYE, or an INVITE or ACK of which two peers read two calls, or none (its Call-ID
 * behind a CR alone). A gateway that reads its Call-ID or From tag in another way (Sofia-SIP ends a
 * Call-ID at a blank, PJSIP decodes %61) would answer to a call that nobody has noted. Not of a gateway's
 * BYE: who made the dialog so is the other leg.
 */
bpf_inline int msg_is_ambiguous(struct pkt_ctx *ctx)
{
	const __u32 identity = SIP_HAS_CALL_ID | SIP_HAS_FROM | SIP_HAS_TO;
	const struct sip_msg *msg = &ctx->scratch->parser.msg;

	if (msg->status || ctx->scratch->packet.direction == CG_OUT)
		return 0;
	if (msg->method == CG_M_BYE)
		return (msg->flags & SIP_AMBIGUOUS) &&
		       !addr_is_gateway(ctx->config, ctx->scratch->packet.source);
	if (msg->method != CG_M_INVITE && msg->method != CG_M_ACK)
		return 0;
	return (msg->flags & SIP_REPEATED) ||
	       ((msg->flags & SIP_AMBIGUOUS_ID) && msg->method == CG_M_INVITE && !msg->to_tag.len &&
		!addr_is_gateway(ctx->config, ctx->scratch->packet.source)) ||
	       ((msg->flags & SIP_AMBIGUOUS) && (msg->flags & identity) != identity);
}

/*
 * A response tells its method by its CSeq, which the callee copies from the request (RFC 3261
 * 8.2.6.2): an INVITE under another method's, or another request under BYE's, would be answered by
 * what it is not.
 */
bpf_inline int msg_cseq_mismatch(const struct scratch *s)
{
	const struct sip_msg *msg = &s->parser.msg;

	if (msg->status || s->packet.direction == CG_OUT || msg->cseq_method == msg->method)
		return 0;
	return msg->method == CG_M_INVITE ||
	       (msg->method != CG_M_BYE && msg->cseq_method == CG_M_BYE);
}

/* What cannot belong to a call costs no hash and no look-up. */
bpf_inline int msg_is_out_of_dialog(const struct sip_msg *msg)
{
	if (msg->method == CG_M_REGISTER || msg->method == CG_M_PUBLISH)
		return 1;
	/* A dialog without To tag (RFC 3261 12.1.1) has its ACK and BYE without one. */
	return !msg->status && !msg->to_tag.len && msg->method != CG_M_INVITE &&
	       msg->method != CG_M_ACK && msg->method != CG_M_BYE;
}

/* Of an INVITE or ACK that comes in: two branches, as two Call-IDs, are two calls. */
bpf_inline int msg_branches_differ(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;

	return info->direction == CG_IN &&
	       (info->method == CG_M_INVITE || info->method == CG_M_ACK) &&
	       (ctx->scratch->parser.msg.flags & SIP_REPEATED);
}

#endif
