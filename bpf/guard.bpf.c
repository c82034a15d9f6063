// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The programs. cseqguard_in (XDP) reads what comes in and may drop; cseqguard_out (tc egress)
 * reads what goes out and never drops. cseqguard_tcp_in and its kin (tc) read TCP. All use one
 * parser, one rule set and one set of maps. README.md follows a BYE through the files.
 *
 *   frame      packet.h: Ethernet to UDP; fragment.h: a datagram in fragments
 *   message    sip_parser.h, msg_info.h, msg_route.h, screen.h
 *   new call   invite_note.h, invite_request.h, early_dialog.h, dialog_create.h, invite_response.h
 *   dialog     dialog_request.h, bye_evidence.h
 *   exit       events.h: one exit, one reason, one counter; refusal.h: the 500 to a refused BYE
 *   TCP        tcp_segment.h, tcp_order.h, tcp_message.h, tcp_write.h
 *
 * The whole in ten lines. A call has two legs. Each has a counter that only its own address and
 * port can raise; a BYE below it is dropped. The bill does not look at that. One of the legs is the
 * witness. It ends the call by its own BYE, or by its 2xx to a BYE that left the host with the URI
 * and Routes which that leg had given. If the host itself is the witness, the same is asked of what
 * came in. Every other yes is a "perhaps": it is noted, and after an hour without a sign of life it
 * ends the call for an operator to look at. Whose INVITE it was, the host's own stamp in the Vias
 * says.
 */
#include <linux/pkt_cls.h>

#include "addr_change.h"
#include "bye_evidence.h"
#include "dialog_request.h"
#include "early_dialog.h"
#include "events.h"
#include "fragment.h"
#include "invite_note.h"
#include "invite_request.h"
#include "invite_response.h"
#include "maps.h"
#include "msg_info.h"
#include "msg_route.h"
#include "packet.h"
#include "scratch.h"
#include "screen.h"
#include "sip_parser.h"
#include "tcp_message.h"
#include "verdict.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * Stages 3 and 4: where the message comes from, and its way. Most BYEs of a flood do not need them.
 */
bpf_inline void parse_routing(struct pkt_ctx *ctx)
{
	struct scratch *s = ctx->scratch;

	msg_info_parse_routing(&s->info, &s->parser, ctx->config);
	msg_route_parse(ctx);
	s->info.came_back = s->route.came_back && s->info.remote_is_gateway;
}

/*
 * A request of a known dialog. The element may be another call's by now: a deleted one is given out
 * again at once, and the pointer is older than the lock.
 */
BPF_SUBPROG int handle_dialog_request(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	const struct msg_route *route = &ctx->scratch->route;
	struct msg_info *info = &ctx->scratch->info;
	struct leg_view view;
	int gateway_stamp = 0;

	if (info->direction == CG_OUT && info->method == CG_M_BYE && route->has_stamp)
		gateway_stamp = addr_is_gateway(ctx->config, route->stamp);
	if (info->direction == CG_IN)
		info->moved_leg = addr_change_leg(d, info);
	v->reason = CG_R_UNKNOWN_DIALOG;
	bpf_spin_lock(&d->lock);
	if (!dialog_is_of(d, info))
		goto out;
	leg_view_init(d, msg_is_from_caller(d, info), &view);
	v->leg = view.leg;
	v->clock = d->clock;
	if (info->direction == CG_OUT && info->method == CG_M_BYE)
		dialog_bye_out(d, info, route, &view, gateway_stamp, v);
	else if (info->direction == CG_OUT)
		dialog_request_out(d, info, route, &view, v);
	else if (info->method == CG_M_BYE)
		dialog_bye_in(d, info, route, &view, ctx->config, v);
	else if (info->method == CG_M_ACK)
		dialog_ack_in(info, &view, v);
	else if (info->method == CG_M_CANCEL)
		v->reason = CG_R_IN_DIALOG;
	else
		dialog_request_in(d, info, route, &view, v);
out:
	bpf_spin_unlock(&d->lock);
	if (v->addr_change)
		addr_change_store(ctx, v->addr_change);
	if (info->direction == CG_OUT)
		addr_change_forward(info, route->peer_branch, v->leg,
				    !route->has_peer_via && host_hides_topology(ctx->config));
	return 0;
}

/* A request of no known dialog. An ingress BYE does not come here. */
BPF_SUBPROG int handle_new_request(struct pkt_ctx *ctx, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	int has_to_tag = ctx->scratch->parser.msg.to_tag.len != 0;

	if (info->method == CG_M_INVITE)
		v->reason = info->direction == CG_IN ? invite_in(ctx) : invite_out(ctx);
	if (info->method == CG_M_ACK)
		v->reason = early_ack(ctx, v);
	else if (info->method != CG_M_INVITE || has_to_tag)
		v->reason = early_request(ctx);
	return 0;
}

/*
 * Fast path: an out-of-order BYE, the usual flood, is dropped after one dialog lookup, before Via
 * and Contact are parsed. Returns 1 if the verdict is made; else *found is the dialog of the
 * request, or NULL.
 */
bpf_inline int handle_early(struct pkt_ctx *ctx, struct cg_dialog **found, struct verdict *v)
{
	struct msg_info *info = &ctx->scratch->info;
	int bye_in = info->method == CG_M_BYE && info->direction == CG_IN;
	struct cg_dialog *d = NULL;

	if (info->status || info->method != CG_M_INVITE || ctx->scratch->parser.msg.to_tag.len)
		d = bpf_map_lookup_elem(&dialogs, &info->key);
	*found = d;
	if (info->status || !bye_in)
		return 0;
	if (msg_bye_is_ambiguous(ctx, d)) {
		v->reason = CG_R_AMBIGUOUS;
		return 1;
	}
	if (!d) {
		v->reason = early_request(ctx);
		return 1;
	}
	return dialog_bye_reject_low(d, info, ctx->config, v);
}

bpf_inline void handle_request(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	if (msg_branches_differ(ctx))
		v->reason = CG_R_AMBIGUOUS;
	else if (d)
		handle_dialog_request(ctx, d, v);
	else
		handle_new_request(ctx, v);
}

BPF_SUBPROG int handle_dialog_response(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	const struct msg_route *route = &ctx->scratch->route;
	const struct msg_info *info = &ctx->scratch->info;
	struct leg_view uas;
	int own_word = 0;

	v->reason = CG_R_OUT_OF_DIALOG;
	bpf_spin_lock(&d->lock);
	if (!dialog_is_of(d, info))
		goto out;
	leg_view_init_uas(d, info, &uas);
	own_word = leg_sends_response(info, &uas);
	v->leg = uas.peer_leg; /* the leg whose tag is in From */
	v->clock = d->clock;
	if (info->method != CG_M_BYE)
		dialog_response(d, info, route, &uas, v);
	else if (info->direction == CG_IN)
		bye_response_in(d, info, &uas, ctx->config, v);
	else
		bye_response_out(d, info, &uas, ctx->config, v);
out:
	bpf_spin_unlock(&d->lock);
	if (own_word)
		addr_change_apply(info, v->leg);
	return 0;
}

BPF_SUBPROG int handle_response(struct pkt_ctx *ctx, struct cg_dialog *d, struct verdict *v)
{
	const struct msg_info *info = &ctx->scratch->info;
	struct answered a = {};

	if (d && invite_takes_over(ctx, d, &a))
		v->reason = dialog_replace(ctx, d, &a, v);
	else if (d)
		handle_dialog_response(ctx, d, v);
	else if (info->method != CG_M_INVITE)
		v->reason = CG_R_OUT_OF_DIALOG;
	else if (info->direction == CG_IN)
		v->reason = invite_response_in(ctx, v);
	else
		v->reason = invite_response_out(ctx, v);
	if (info->direction == CG_OUT && info->method == CG_M_INVITE && info->status >= 200)
		invite_note_final(info);
	return 0;
}

/* From a payload to a verdict. */
bpf_inline int handle_message(struct pkt_ctx *ctx, struct verdict *v)
{
	struct scratch *s = ctx->scratch;
	struct sip_msg *msg = &s->parser.msg;
	const __u32 identity = SIP_HAS_CALL_ID | SIP_HAS_FROM | SIP_HAS_TO;
	struct cg_dialog *d;
	int err, complete = !s->packet.cut && s->packet.length <= SIP_MAX;
	__u32 len = s->packet.length <= SIP_MAX ? s->packet.length : SIP_MAX;

	err = sip_parse(&s->parser, len, complete);
	complete = s->parser.complete; /* or the verifier walks the parser once for each value */
	msg_info_init(&s->info, &s->packet, msg, ctx->config);
	if (err) {
		v->reason = msg_not_sip_reason(ctx, complete);
		return 0;
	}
	if (!complete && msg_is_truncated(msg)) {
		v->reason = msg_truncated_reason(ctx);
	} else if (msg_is_ambiguous(ctx)) {
		v->reason = CG_R_AMBIGUOUS;
	} else if (msg_cseq_mismatch(s)) {
		v->reason = CG_R_BAD_CSEQ;
	} else if ((msg->flags & identity) != identity) {
		v->reason = CG_R_UNPARSABLE;
	} else if (msg_is_out_of_dialog(msg)) {
		v->reason = CG_R_OUT_OF_DIALOG;
	} else {
		msg_info_set_key(&s->info, &s->parser);
		if (handle_early(ctx, &d, v))
			return 0;
		parse_routing(ctx);
		if (msg->status)
			handle_response(ctx, d, v);
		else
			handle_request(ctx, d, v);
	}
	return 0;
}

/* Reasons of a fragment that is reported, and may be dropped. */
bpf_inline int reason_is_of_fragment(int reason)
{
	return reason >= CG_R_FRAGMENT_UNLIKE && reason <= CG_R_TCP_UNFRAMED;
}

/*
 * Finds the payload. Returns PACKET_SIP, a reason for handle_no_message(), or one that is already
 * counted: the packet passes.
 */
bpf_inline int locate_payload(struct pkt_ctx *ctx, struct cursor *c, __u8 direction, __u32 ifindex)
{
	struct packet *packet;
	int reason;

	ctx->scratch = scratch_get();
	if (!ctx->scratch)
		return CG_R_INTERNAL;
	packet = &ctx->scratch->packet;
	packet->direction = direction;
	packet->ifindex = ifindex;
	packet->tcp = 0;
	packet->enforced = ctx->config->mode;
	reason = packet_read(c, ctx->config, packet, direction);
	if (reason == PACKET_FRAGMENT)
		reason = fragment_gather(ctx, c->ctx, direction);
	if (reason != PACKET_SIP && !reason_is_of_fragment(reason))
		count_packet(direction, reason, CG_PASS);
	return reason;
}

/* A fragment or segment that may be dropped: there is no message to speak of. */
bpf_inline void handle_no_message(struct pkt_ctx *ctx, int reason, struct verdict *v)
{
	struct scratch *s = ctx->scratch;

	__builtin_memset(&s->parser.msg, 0, sizeof(s->parser.msg));
	msg_info_init(&s->info, &s->packet, &s->parser.msg, ctx->config);
	v->reason = reason;
}

/*
 * Returns the bytes to copy, in a form of which the 6.1 verifier also knows that it is 1..SIP_MAX.
 */
bpf_inline __u32 payload_copy_length(const struct pkt_ctx *ctx)
{
	__u32 n = ctx->scratch->packet.length;

	if (n > SIP_MAX)
		n = SIP_MAX;
	n = (n - 1) & (SIP_MAX - 1);
	barrier_var(n);
	return n + 1;
}

/*
 * A subprogram for each direction, so that its stack frame is released before sip_parse() runs, and
 * the direction is a constant: XDP and tc have different helpers.
 */
BPF_SUBPROG int locate_in(struct pkt_ctx *ctx, struct cursor *c, __u32 ifindex)
{
	return locate_payload(ctx, c, CG_IN, ifindex);
}

BPF_SUBPROG int locate_out(struct pkt_ctx *ctx, struct cursor *c, __u32 ifindex)
{
	return locate_payload(ctx, c, CG_OUT, ifindex);
}

/* Returns the enum cg_action of what came in. */
bpf_inline __u8 message_action(const struct pkt_ctx *ctx, __u8 reason)
{
	return reason_action(ctx->config, reason, ctx->scratch->info.enforced);
}

/* After locate_in() or locate_out(). Returns the enum cg_action of the packet. */
bpf_inline int handle_located(struct pkt_ctx *ctx, struct cursor *c, int reason, __u8 direction)
{
	struct verdict v = { .event = CG_EVENTS };
	struct packet *p = &ctx->scratch->packet;
	long err = 0;
	__u8 action;

	if (reason == PACKET_SIP && p->length && !p->gathered)
		err = packet_load(c->ctx, direction, p->offset, ctx->scratch->parser.buf,
				  payload_copy_length(ctx));
	if (reason != PACKET_SIP)
		handle_no_message(ctx, reason, &v);
	else if (err)
		v.reason = CG_R_INTERNAL;
	else
		handle_message(ctx, &v);
	action = direction == CG_IN ? message_action(ctx, v.reason) : CG_PASS;
	action = report_verdict(ctx, &v, action, direction == CG_IN,
				direction == CG_IN ? c->ctx : NULL);
	if (reason == PACKET_SIP && p->gathered)
		fragment_judged(p, action);
	return action;
}

bpf_inline int action_xdp(int action)
{
	if (action == CG_ANSWERED)
		return XDP_TX;
	return action == CG_DROP ? XDP_DROP : XDP_PASS;
}

bpf_inline int handle_ingress(struct xdp_md *xdp)
{
	struct pkt_ctx ctx = { .config = config_get() };
	struct cursor c = { .ctx = xdp,
			    .data = (void *)(long)xdp->data,
			    .pos = (void *)(long)xdp->data,
			    .end = (void *)(long)xdp->data_end };
	int reason;

	if (!ctx.config)
		return XDP_PASS;
	if (packet_is_other(c.data, c.end, ctx.config)) {
		count_packet(CG_IN, CG_R_OTHER_PORT, CG_PASS);
		return XDP_PASS;
	}
	c.frame = bpf_xdp_get_buff_len(xdp);
	reason = locate_in(&ctx, &c, xdp->ingress_ifindex);
	if (reason != PACKET_SIP && !reason_is_of_fragment(reason))
		return XDP_PASS;
	ctx.scratch->packet.own_socket = 0;
	return action_xdp(handle_located(&ctx, &c, reason, CG_IN));
}

SEC("xdp.frags")
int cseqguard_in(struct xdp_md *xdp)
{
	return handle_ingress(xdp);
}

SEC("tc")
int cseqguard_out(struct __sk_buff *skb)
{
	struct pkt_ctx ctx = { .config = config_get() };
	struct cursor c = { .ctx = skb,
			    .data = (void *)(long)skb->data,
			    .pos = (void *)(long)skb->data,
			    .end = (void *)(long)skb->data_end,
			    .frame = skb->len };
	int reason;

	if (!ctx.config)
		return TC_ACT_UNSPEC;
	if (packet_is_other(c.data, c.end, ctx.config)) {
		count_packet(CG_OUT, CG_R_OTHER_PORT, CG_PASS);
		return TC_ACT_UNSPEC;
	}
	reason = locate_out(&ctx, &c, skb->ifindex);
	if (reason != PACKET_SIP && !reason_is_of_fragment(reason))
		return TC_ACT_UNSPEC;
	ctx.scratch->packet.own_socket = skb->sk != NULL;
	handle_located(&ctx, &c, reason, CG_OUT);
	return TC_ACT_UNSPEC;
}

/* --- TCP: README.md, "A TCP segment" ---------------------------------------------------------- */

/* Reports a segment that holds no message to speak of. Returns the enum cg_action. */
BPF_SUBPROG int report_segment(struct pkt_ctx *ctx, int reason)
{
	__u8 came_in = ctx->scratch->packet.direction == CG_IN;
	struct verdict v = { .event = CG_EVENTS };

	handle_no_message(ctx, reason, &v);
	return report_verdict(ctx, &v, came_in ? message_action(ctx, reason) : CG_PASS, came_in,
			      NULL);
}

/* What becomes of a segment whose bytes are not read, and why. Returns TC_ACT_... */
bpf_inline int segment_held(struct tcp_segment *seg, int reason)
{
	count_packet(seg->direction, reason, CG_PASS);
	return seg->enforce ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* The bytes come before there is a socket to note them in. Returns TC_ACT_... */
bpf_inline int segment_without_stream(struct tcp_segment *seg)
{
	if (seg->sock_state == TCP_NO_SOCKET) {
		count_packet(seg->direction, CG_R_TCP_FORWARDED, CG_PASS);
		return TC_ACT_UNSPEC;
	}
	if (seg->sock_state == BPF_TCP_LISTEN || seg->sock_state == BPF_TCP_TIME_WAIT)
		return TC_ACT_UNSPEC; /* the host takes no byte of it */
	return segment_held(seg, CG_R_TCP_HELD);
}

#define SEGMENT_GOES_ON (-2) /* none of TC_ACT_... */

/*
 * What is no matter of the stream: SYN, urgent data, segments without bytes. Returns TC_ACT_..., or
 * SEGMENT_GOES_ON: there are bytes to read.
 */
bpf_inline int segment_headers(struct __sk_buff *skb, struct tcp_segment *seg)
{
	int empty = seg->at == seg->stop;

	if (seg->enforce && (seg->flags & TCP_URG) && tcp_clear_urgent(skb, seg))
		return segment_held(seg, CG_R_TCP_HELD);
	if (seg->flags & TCP_RST)
		return TC_ACT_UNSPEC;
	if (seg->flags & TCP_SYN) {
		if (seg->enforce && tcp_clear_mptcp(skb, seg))
			return segment_held(seg, CG_R_TCP_HELD);
		return empty ? TC_ACT_UNSPEC : segment_held(seg, CG_R_TCP_HELD);
	}
	if (empty)
		return TC_ACT_UNSPEC;
	return seg->flags & TCP_ACK ? SEGMENT_GOES_ON : segment_held(seg, CG_R_TCP_HELD);
}

/* Returns TC_ACT_..., or SEGMENT_GOES_ON: cseqguard_tcp_message reads it. */
bpf_inline int handle_segment(struct __sk_buff *skb, struct pkt_ctx *ctx, struct tcp_segment *seg)
{
	struct packet *p = &ctx->scratch->packet;
	struct cg_connection *connection;
	struct cg_stream *stream;
	int step, action;

	p->direction = seg->direction;
	p->ifindex = skb->ifindex;
	p->tcp = 1;
	p->enforced = seg->enforce;
	p->own_socket = seg->direction == CG_OUT;
	p->cut = p->gathered = 0;
	action = segment_headers(skb, seg);
	if (action != SEGMENT_GOES_ON)
		return action;
	connection = tcp_connection(skb, p, seg);
	if (!connection)
		return segment_without_stream(seg);
	stream = seg->direction == CG_IN ? &connection->in : &connection->out;
	step = stream_begin(skb, seg, stream);
	if (step == STREAM_READ && seg->is_first && stream_first_byte(ctx, seg, connection)) {
		stream_set_opaque(connection, seg->direction);
		stream_release(stream);
		return TC_ACT_UNSPEC;
	}
	switch (step) {
	case STREAM_READ:
		return SEGMENT_GOES_ON;
	case STREAM_HELD:
		return segment_held(seg, seg->enforce ? CG_R_TCP_HELD : CG_R_TCP_HOLE);
	case STREAM_UNLIKE:
		return report_segment(ctx, CG_R_TCP_UNLIKE) == CG_DROP ? TC_ACT_SHOT
								       : TC_ACT_UNSPEC;
	case STREAM_STANDS:
		return segment_held(seg, CG_R_TCP_STALLED);
	}
	return TC_ACT_UNSPEC;
}

/* tcp_programs is empty: the segment is not read. */
bpf_inline int segment_is_abandoned(struct __sk_buff *skb, struct pkt_ctx *ctx,
				    struct tcp_segment *seg)
{
	struct cg_connection *c = tcp_connection(skb, &ctx->scratch->packet, seg);

	if (c)
		stream_release(seg->direction == CG_IN ? &c->in : &c->out);
	return segment_held(seg, CG_R_INTERNAL);
}

/* The first program of a segment. direction: a constant. */
bpf_inline int handle_tcp(struct __sk_buff *skb, __u8 direction)
{
	struct pkt_ctx ctx = { .config = config_get() };
	struct tcp_segment *seg = tcp_segment_get();
	int action;

	if (!ctx.config || !seg)
		return TC_ACT_UNSPEC;
	seg->waits = seg->rounds = 0; /* of this frame, also if no program stood behind the last */
	if (ctx.config->tcp == CG_TCP_OFF ||
	    tcp_is_other((void *)(long)skb->data, (void *)(long)skb->data_end, ctx.config))
		return TC_ACT_UNSPEC;
	ctx.scratch = scratch_get();
	if (!ctx.scratch)
		return TC_ACT_UNSPEC;
	seg->direction = direction;
	seg->enforce = direction == CG_IN && config_enforces_tcp(ctx.config);
	if (tcp_segment_read(skb, ctx.config, &ctx.scratch->packet, seg))
		return TC_ACT_UNSPEC;
	action = handle_segment(skb, &ctx, seg);
	if (action != SEGMENT_GOES_ON)
		return action;
	bpf_tail_call(skb, &tcp_programs, CG_TCP_PROG_MESSAGE);
	return segment_is_abandoned(skb, &ctx, seg);
}

SEC("tc")
int cseqguard_tcp_in(struct __sk_buff *skb)
{
	return handle_tcp(skb, CG_IN);
}

SEC("tc")
int cseqguard_tcp_out(struct __sk_buff *skb)
{
	return handle_tcp(skb, CG_OUT);
}

/*
 * Stands behind each of the two, CG_TCP_ROUNDS - 1 times. A program has 33 tail calls, so each goes
 * on where the one before has stopped.
 */
SEC("tc")
int cseqguard_tcp_more(struct __sk_buff *skb)
{
	struct tcp_segment *seg = tcp_segment_get();

	if (!seg || !seg->waits)
		return TC_ACT_UNSPEC;
	seg->waits = 0;
	bpf_tail_call(skb, &tcp_programs, CG_TCP_PROG_MESSAGE);
	return seg->enforce ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* The stream cannot be read on: it stands still, or is taken up again at a start line. */
bpf_inline int segment_is_odd(struct pkt_ctx *ctx, struct tcp_segment *seg,
			      struct cg_stream *stream)
{
	report_segment(ctx, CG_R_TCP_UNFRAMED);
	if (seg->enforce) {
		stream_stall(stream);
		return TC_ACT_SHOT;
	}
	stream_give_up(stream);
	stream_message_done(seg, stream, 0);
	return TC_ACT_UNSPEC;
}

/* A message is in the parser's buffer. Returns whether the segment may pass. */
bpf_inline int judge_stream_message(struct __sk_buff *skb, struct pkt_ctx *ctx,
				    struct tcp_segment *seg, struct cg_connection *connection,
				    struct cg_stream *stream)
{
	struct verdict v = { .event = CG_EVENTS };
	struct scratch *s = ctx->scratch;
	__u8 came_in = seg->direction == CG_IN, action = CG_PASS;

	s->packet.length = seg->frame.end;
	handle_message(ctx, &v);
	if (came_in)
		action = message_action(ctx, v.reason);
	if (action == CG_DROP)
		action = CG_REWRITTEN;
	report_verdict(ctx, &v, action, came_in, NULL);
	if (action == CG_REWRITTEN && tcp_spoil_message(skb, &s->parser, seg, stream, v.reason))
		return 0;
	if (v.reason == CG_R_NOT_SIP && seg->direction == CG_OUT &&
	    stream_is_upgrade(&s->parser, seg->frame.start))
		stream_set_opaque(connection, seg->direction);
	return 1;
}

/* Judges one message of a segment, and calls itself for the next. */
SEC("tc")
int cseqguard_tcp_message(struct __sk_buff *skb)
{
	struct pkt_ctx ctx = { .config = config_get(), .scratch = scratch_get() };
	struct tcp_segment *seg = tcp_segment_get();
	struct cg_connection *connection;
	struct cg_stream *stream;
	__u32 unfinished;
	int found;

	if (!ctx.config || !ctx.scratch || !seg)
		return TC_ACT_SHOT;
	connection = tcp_connection(skb, &ctx.scratch->packet, seg);
	if (!connection)
		return seg->enforce ? TC_ACT_SHOT : TC_ACT_UNSPEC;
	stream = seg->direction == CG_IN ? &connection->in : &connection->out;
	found = stream_next_message(skb, &ctx, seg, stream, &unfinished);
	if (found == STREAM_ODD)
		return segment_is_odd(&ctx, seg, stream);
	if (found != STREAM_MESSAGE) {
		if (found == STREAM_KEEPALIVE)
			count_packet(seg->direction, CG_R_KEEPALIVE, CG_PASS);
		stream_message_done(seg, stream, unfinished);
		return TC_ACT_UNSPEC;
	}
	if (!judge_stream_message(skb, &ctx, seg, connection, stream)) {
		stream_stall(stream);
		return segment_held(seg, CG_R_TCP_STALLED);
	}
	stream_advance(seg, stream);
	if (!stream_skip_body(seg, stream) || stream->state == CG_STREAM_OPAQUE) {
		stream_message_done(seg, stream, 0);
		return TC_ACT_UNSPEC;
	}
	bpf_tail_call(skb, &tcp_programs, CG_TCP_PROG_MESSAGE);
	if (++seg->rounds < CG_TCP_ROUNDS) {
		seg->waits = 1;
		return TC_ACT_UNSPEC;
	}
	return segment_is_odd(&ctx, seg, stream);
}
