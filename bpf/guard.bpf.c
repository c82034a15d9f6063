// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Two eyes on one host: cseqguard_in (XDP) sees what comes in, and may drop; cseqguard_out (tc
 * egress) sees what goes out, and never drops. One parser, one rule set, one set of maps.
 *
 *   packet -> packet.h: Ethernet to UDP -> sip_parser.h -> msg_info.h
 *          -> invite_request.h, early_dialog.h, dialog_create.h, invite_response.h: until a dialog stands; dialog_request.h, bye_evidence.h: then
 *          -> events.h: one exit, one reason, one counter
 */
#include <linux/pkt_cls.h>

#include "bye_evidence.h"
#include "invite_response.h"
#include "msg_info.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Of an INVITE or ACK that comes in: two branches, as two Call-IDs, are two calls. */
bpf_inline int guard_branches_differ(const struct guard *g)
{
	const struct facts *f = &g->s->facts;

	return f->direction == CG_IN && (f->method == CG_M_INVITE || f->method == CG_M_ACK) &&
	       (g->s->parser.msg.flags & SIP_REPEATED);
}

/* A request of a known dialog. */
BPF_SUBPROG int guard_dialog_request(struct guard *g, struct cg_dialog *d, struct outcome *o)
{
	const struct facts *f = &g->s->facts;
	struct cg_addr_change *m = move_find(f);

	bpf_spin_lock(&d->lock);
	if (f->direction == CG_OUT && f->method == CG_M_BYE)
		dialog_bye_out(d, f, g->config, o);
	else if (f->direction == CG_OUT)
		dialog_request_out(d, f, m, o);
	else if (f->method == CG_M_BYE)
		dialog_bye_in(d, f, g->config, o);
	else if (f->method == CG_M_ACK)
		dialog_ack_in(d, f, o);
	else if (f->method == CG_M_CANCEL)
		o->reason = CG_R_IN_DIALOG;
	else
		dialog_request_in(d, f, o);
	bpf_spin_unlock(&d->lock);
	if (o->moves && !(m && m->branch_in == branch_short(f->branch)))
		move_note(g); /* a copy of it changes nothing */
	return 0;
}

/* A request of no known dialog, but for a BYE that comes in. */
BPF_SUBPROG int guard_new_request(struct guard *g, struct outcome *o)
{
	const struct facts *f = &g->s->facts;
	int within = g->s->parser.msg.to_tag.len != 0;

	if (f->method == CG_M_INVITE)
		o->reason = f->direction == CG_IN ? invite_in(g) : invite_out(g);
	if (f->method == CG_M_ACK)
		o->reason = early_acked(g, o);
	else if (f->method != CG_M_INVITE || within)
		o->reason = early_request(g);
	return 0;
}

/* A BYE that is refused, the commonest of floods, costs no more than who it is of. */
bpf_inline void guard_request(struct guard *g, struct outcome *o)
{
	struct facts *f = &g->s->facts;
	int bye_in = f->method == CG_M_BYE && f->direction == CG_IN;
	struct cg_dialog *d = NULL;

	if (f->method != CG_M_INVITE || g->s->parser.msg.to_tag.len)
		d = bpf_map_lookup_elem(&dialogs, &f->key);
	if (d && bye_in && dialog_bye_is_low(d, f, g->config, o))
		return;
	if (!d && bye_in) {
		o->reason = early_request(g);
		return;
	}
	facts_routing(g);
	if (guard_branches_differ(g))
		o->reason = CG_R_AMBIGUOUS;
	else if (d)
		guard_dialog_request(g, d, o);
	else
		guard_new_request(g, o);
}

BPF_SUBPROG int guard_response(struct guard *g, struct outcome *o)
{
	const struct facts *f = &g->s->facts;
	struct cg_dialog *d = bpf_map_lookup_elem(&dialogs, &f->key);
	struct cg_addr_change *m = d ? move_find(f) : NULL;
	struct cg_invite *i = d ? invite_outranks(g, d) : NULL;

	if (i) {
		o->reason = dialog_take_over(g, d, i, o);
	} else if (d) {
		bpf_spin_lock(&d->lock);
		if (f->method != CG_M_BYE)
			dialog_answered(d, f, m, o);
		else if (f->direction == CG_IN)
			dialog_bye_answered_in(d, f, o);
		else
			dialog_bye_answered_out(d, f, o);
		bpf_spin_unlock(&d->lock);
	} else if (f->method != CG_M_INVITE) {
		o->reason = CG_R_OUT_OF_DIALOG;
	} else {
		o->reason = f->direction == CG_IN ? invite_answered_in(g, o)
						  : invite_answered_out(g, o);
	}
	return 0;
}

bpf_inline int method_must_show(__u8 method)
{
	return method == CG_M_BYE || method == CG_M_INVITE || method == CG_M_ACK;
}

/* No start line in sight: a fragment too short to tell, or something else on a SIP port. */
bpf_inline __u8 guard_not_sip(struct guard *g, int complete)
{
	struct sip_parser *p = &g->s->parser;
	__u32 len = g->s->packet.length, end;
	__u8 method;

	if (complete)
		return len <= 4 || sip_byte(p, 0) <= 1 ? CG_R_KEEPALIVE : CG_R_NOT_SIP;
	if (p->failed)
		return CG_R_NOT_SIP;
	end = sip_find(p, p->line, p->len, SIP_ANY(' ', '\t', ' '));
	method = sip_method(p, p->line, end - p->line);
	return end == p->len || method_must_show(method) ? CG_R_FRAGMENTED : CG_R_NOT_SIP;
}

/*
 * A first fragment, or a frame longer than what is looked at, must show whose BYE, INVITE or ACK it is.
 * The Vias that a request came with come back in what answers it: in the 2xx, and in the 18x that tells
 * the To tag for an ACK sent blindly.
 */
bpf_inline int guard_hides(const struct sip_msg *msg)
{
	if ((msg->flags & SIP_HAS_ALL) == SIP_HAS_ALL)
		return 0;
	if (msg->status)
		return msg->status > 100 && msg->status < 300;
	return method_must_show(msg->method);
}

/*
 * Of what comes in: a BYE, or an INVITE or ACK of which two peers read two calls, or none (its Call-ID
 * behind a CR alone). A gateway that reads its Call-ID or From tag in another way (Sofia-SIP ends a
 * Call-ID at a blank, PJSIP decodes %61) would answer to a call that nobody has noted. Not of a gateway's
 * BYE: who made the dialog so is the other leg.
 */
bpf_inline int guard_two_ways(struct guard *g)
{
	const __u32 identity = SIP_HAS_CALL_ID | SIP_HAS_FROM | SIP_HAS_TO;
	const struct sip_msg *msg = &g->s->parser.msg;

	if (msg->status || g->s->packet.direction == CG_OUT)
		return 0;
	if (msg->method == CG_M_BYE)
		return (msg->flags & SIP_AMBIGUOUS) &&
		       !addr_is_gateway(g->config, g->s->packet.source);
	if (msg->method != CG_M_INVITE && msg->method != CG_M_ACK)
		return 0;
	return (msg->flags & SIP_REPEATED) ||
	       ((msg->flags & SIP_ODD_ID) && msg->method == CG_M_INVITE && !msg->to_tag.len &&
		!addr_is_gateway(g->config, g->s->packet.source)) ||
	       ((msg->flags & SIP_AMBIGUOUS) && (msg->flags & identity) != identity);
}

/*
 * A response tells its method by its CSeq, which the callee copies from the request (RFC 3261
 * 8.2.6.2): an INVITE under another method's, or another request under BYE's, would be answered by
 * what it is not.
 */
bpf_inline int guard_contradicts(const struct scratch *s)
{
	const struct sip_msg *msg = &s->parser.msg;

	if (msg->status || s->packet.direction == CG_OUT || msg->cseq_method == msg->method)
		return 0;
	return msg->method == CG_M_INVITE ||
	       (msg->method != CG_M_BYE && msg->cseq_method == CG_M_BYE);
}

/* What cannot belong to a call costs no hash and no look-up. */
bpf_inline int guard_outside(const struct sip_msg *msg)
{
	if (msg->method == CG_M_REGISTER || msg->method == CG_M_PUBLISH)
		return 1;
	/* A dialog without To tag (RFC 3261 12.1.1) has its ACK and BYE without one. */
	return !msg->status && !msg->to_tag.len && msg->method != CG_M_INVITE &&
	       msg->method != CG_M_ACK && msg->method != CG_M_BYE;
}

bpf_inline int guard_message(struct guard *g, struct outcome *o)
{
	struct scratch *s = g->s;
	struct sip_msg *msg = &s->parser.msg;
	const __u32 identity = SIP_HAS_CALL_ID | SIP_HAS_FROM | SIP_HAS_TO;
	int complete = !s->packet.first_fragment && s->packet.length <= SIP_MAX;
	__u32 len = s->packet.length <= SIP_MAX ? s->packet.length : SIP_MAX;

	if (sip_parse(&s->parser, len, complete)) {
		facts_basic(g);
		o->reason = guard_not_sip(g, complete);
		return 0;
	}
	facts_basic(g);
	if (!complete && guard_hides(msg)) {
		o->reason = CG_R_FRAGMENTED;
	} else if (guard_two_ways(g)) {
		o->reason = CG_R_AMBIGUOUS;
	} else if (guard_contradicts(s)) {
		o->reason = CG_R_BAD_CSEQ;
	} else if ((msg->flags & identity) != identity) {
		o->reason = CG_R_UNPARSABLE;
	} else if (guard_outside(msg)) {
		o->reason = CG_R_OUT_OF_DIALOG;
	} else {
		facts_identity(g);
		if (msg->status) {
			facts_routing(g);
			guard_response(g, o);
		} else {
			guard_request(g, o);
		}
	}
	return 0;
}

/*
 * Finds the payload; anything but PACKET_SIP is counted, and passes. A frame of its own: what lies
 * below the parser's on the stack is dear.
 */
BPF_SUBPROG int guard_locate(struct guard *g, struct cursor *c, __u8 direction, __u32 ifindex)
{
	struct packet *packet;
	int reason;

	g->s = scratch_get();
	if (!g->s)
		return CG_R_INTERNAL;
	packet = &g->s->packet;
	packet->direction = direction;
	packet->ifindex = ifindex;
	reason = packet_read(c, g->config, packet, direction);
	if (reason != PACKET_SIP)
		count(direction, reason, CG_PASS);
	return reason;
}

/* A length that 6.1's verifier, too, sees to lie within 1..SIP_MAX. */
bpf_inline __u32 guard_copy_length(const struct guard *g)
{
	__u32 n = g->s->packet.length;

	if (n > SIP_MAX)
		n = SIP_MAX;
	n = (n - 1) & (SIP_MAX - 1);
	barrier_var(n);
	return n + 1;
}

bpf_inline int guard_in(struct xdp_md *ctx)
{
	struct outcome o = { .event = CG_EVENTS };
	struct guard g = { .config = config_get() };
	struct cursor c = { .ctx = ctx,
			    .data = (void *)(long)ctx->data,
			    .pos = (void *)(long)ctx->data,
			    .end = (void *)(long)ctx->data_end };

	if (!g.config)
		return XDP_PASS;
	if (packet_is_other(c.data, c.end, g.config)) {
		count(CG_IN, CG_R_OTHER_PORT, CG_PASS);
		return XDP_PASS;
	}
	c.frame = bpf_xdp_get_buff_len(ctx);
	if (guard_locate(&g, &c, CG_IN, ctx->ingress_ifindex) != PACKET_SIP)
		return XDP_PASS;
	if (g.s->packet.length &&
	    bpf_xdp_load_bytes(ctx, g.s->packet.offset, g.s->parser.buf, guard_copy_length(&g)))
		o.reason = CG_R_INTERNAL;
	else
		guard_message(&g, &o);
	return report(&g, &o) == CG_DROP ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int cseqguard_in(struct xdp_md *ctx)
{
	return guard_in(ctx);
}

SEC("tc")
int cseqguard_out(struct __sk_buff *skb)
{
	struct outcome o = { .event = CG_EVENTS };
	struct guard g = { .config = config_get() };
	struct cursor c = { .ctx = skb,
			    .data = (void *)(long)skb->data,
			    .pos = (void *)(long)skb->data,
			    .end = (void *)(long)skb->data_end,
			    .frame = skb->len };

	if (!g.config)
		return TC_ACT_UNSPEC;
	if (packet_is_other(c.data, c.end, g.config)) {
		count(CG_OUT, CG_R_OTHER_PORT, CG_PASS);
		return TC_ACT_UNSPEC;
	}
	if (guard_locate(&g, &c, CG_OUT, skb->ifindex) != PACKET_SIP)
		return TC_ACT_UNSPEC;
	if (g.s->packet.length &&
	    bpf_skb_load_bytes(skb, g.s->packet.offset, g.s->parser.buf, guard_copy_length(&g)))
		o.reason = CG_R_INTERNAL;
	else
		guard_message(&g, &o);
	report(&g, &o);
	return TC_ACT_UNSPEC;
}
