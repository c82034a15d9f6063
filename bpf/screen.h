/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checks before any dialog is looked up: packets that are not SIP, messages that are truncated,
 * ambiguous, or outside any call, and messages with a method that differs from their CSeq's.
 *
 * API: msg_not_sip_reason(), msg_is_truncated(), msg_is_ambiguous(), msg_bye_is_ambiguous(),
 * msg_cseq_mismatch(), msg_is_out_of_dialog(), and after msg_info_parse_routing()
 * msg_branches_differ().
 */
#ifndef CG_SCREEN_H
#define CG_SCREEN_H

#include "addr.h"
#include "bye_pending.h"
#include "scratch.h"
#include "sip_cseq.h"

/* Methods that open, confirm or end a call. */
bpf_inline int method_is_call_control(__u8 method)
{
	return method == CG_M_BYE || method == CG_M_INVITE || method == CG_M_ACK;
}

/*
 * Returns the reason of a payload without a SIP start line. It may be the start of a fragmented
 * one.
 */
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
 * Returns whether an incomplete message (longer than SIP_MAX) lacks a dialog header that it must
 * show.
 *
 * A response copies the request's Via headers. A caller can pad them until the dialog headers of
 * the 2xx are no longer among what is read, or those of the 18x that reveals the To tag. The
 * guard would not see the call being opened. 18x and 2xx are therefore checked as well.
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
 * Returns the reason of a truncated message. A gateway copies the Vias that the caller has padded.
 * Its answer passes, and the ACK to it opens a suspect row.
 */
bpf_inline __u8 msg_truncated_reason(struct pkt_ctx *ctx)
{
	return addr_is_gateway(ctx->config, ctx->scratch->packet.source) ? CG_R_UNPARSABLE
									 : CG_R_FRAGMENTED;
}

/*
 * Returns whether an ingress request is ambiguous: two SIP stacks would assign it to different
 * calls, or one of them could assign it to none (for example, a Call-ID after a bare CR).
 *
 * Sofia-SIP ends a Call-ID at a blank, PJSIP decodes %61. A caller sends an INVITE with such an id.
 * A gateway that reads it differently would open a call that the guard has stored under another
 * key. A gateway's BYE is exempt: the odd identifiers in it were chosen by the other leg.
 */
bpf_inline int msg_is_ambiguous(struct pkt_ctx *ctx)
{
	const __u32 identity = SIP_HAS_CALL_ID | SIP_HAS_FROM | SIP_HAS_TO;
	const struct sip_msg *msg = &ctx->scratch->parser.msg;
	int opens_call;

	if (msg->status || ctx->scratch->packet.direction == CG_OUT)
		return 0;
	if (msg->method == CG_M_BYE) /* one with an identity: msg_bye_is_ambiguous() */
		return (msg->flags & SIP_AMBIGUOUS) && (msg->flags & identity) != identity &&
		       !addr_is_gateway(ctx->config, ctx->scratch->packet.source);
	if (msg->method != CG_M_INVITE && msg->method != CG_M_ACK)
		return 0;
	if (msg->flags & SIP_REPEATED)
		return 1;
	if ((msg->flags & SIP_AMBIGUOUS) && (msg->flags & identity) != identity)
		return 1;
	opens_call = msg->method == CG_M_INVITE && !msg->to_tag.len;
	return opens_call && (msg->flags & SIP_AMBIGUOUS_ID) &&
	       !addr_is_gateway(ctx->config, ctx->scratch->packet.source);
}

/*
 * Returns whether an ingress BYE of this dialog (NULL: of none) is ambiguous. A BYE repeats what
 * the other leg chose: its tag, its Contact as Request-URI, its Record-Route as Route. Odd bytes
 * there do not drop the BYE if its tags are byte for byte those of the opening. Otherwise the other
 * leg could keep the caller from hanging up. What only the sender writes is refused: two CSeqs, two
 * Call-IDs, an odd start line.
 */
bpf_inline int msg_bye_is_ambiguous(struct pkt_ctx *ctx, const struct cg_dialog *d)
{
	const struct sip_msg *msg = &ctx->scratch->parser.msg;
	const struct msg_info *info = &ctx->scratch->info;

	if (!(msg->flags & SIP_AMBIGUOUS) ||
	    addr_is_gateway(ctx->config, ctx->scratch->packet.source))
		return 0;
	if (!d || (msg->flags & (SIP_AMBIGUOUS_SENDER | SIP_REPEATED)))
		return 1;
	return !bye_has_same_tags(d, info);
}

/*
 * Returns whether request line and CSeq of an ingress request name different methods, in a way that
 * matters: an INVITE with any other method in its CSeq, or any request but BYE with BYE in its
 * CSeq. The callee copies the CSeq (RFC 3261 8.2.6.2), so the response would be matched to the
 * wrong method.
 */
bpf_inline int msg_cseq_mismatch(const struct scratch *s)
{
	const struct sip_msg *msg = &s->parser.msg;

	if (msg->status || s->packet.direction == CG_OUT || msg->cseq_method == msg->method)
		return 0;
	return msg->method == CG_M_INVITE ||
	       (msg->method != CG_M_BYE && msg->cseq_method == CG_M_BYE);
}

/* Fast path: returns whether a message cannot belong to a call, so that it needs no lookup. */
bpf_inline int msg_is_out_of_dialog(const struct sip_msg *msg)
{
	if (msg->method == CG_M_REGISTER || msg->method == CG_M_PUBLISH)
		return 1;
	/* ACK and BYE are not in this list: a dialog may lack the To tag (RFC 3261 12.1.1). */
	return !msg->status && !msg->to_tag.len && msg->method != CG_M_INVITE &&
	       msg->method != CG_M_ACK && msg->method != CG_M_BYE;
}

/*
 * Two different branch parameters make an ingress INVITE or ACK ambiguous, as two Call-IDs do.
 * Valid only after msg_info_parse_routing(), which parses the Vias.
 */
bpf_inline int msg_branches_differ(const struct pkt_ctx *ctx)
{
	const struct msg_info *info = &ctx->scratch->info;

	return info->direction == CG_IN &&
	       (info->method == CG_M_INVITE || info->method == CG_M_ACK) &&
	       (ctx->scratch->parser.msg.flags & SIP_REPEATED);
}

#endif
