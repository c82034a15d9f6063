/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The verdict on a TCP segment. README.md describes the steps in "A TCP segment".
 *
 * API: handle_tcp(), handle_tcp_more(), handle_tcp_message(), one for each program.
 */
#ifndef CG_TCP_VERDICT_H
#define CG_TCP_VERDICT_H

#include <linux/pkt_cls.h>

#include "events.h"
#include "message.h"
#include "tcp_cut.h"
#include "tcp_message.h"

/* Reports a segment as a whole, without a message. Returns its enum cg_action. */
BPF_SUBPROG int report_segment(struct pkt_ctx *ctx, int reason)
{
	__u8 came_in = ctx->scratch->packet.direction == CG_IN;
	struct verdict v = { .event = CG_EVENTS };

	handle_no_message(ctx, reason, &v);
	return report_verdict(ctx, &v, came_in ? message_action(ctx, reason) : CG_PASS, came_in,
			      NULL);
}

/* Counts a segment whose bytes are not read. Returns TC_ACT_...: in enforce mode it is dropped. */
bpf_inline int segment_held(struct tcp_segment *seg, int reason)
{
	count_packet(seg->direction, reason, CG_PASS);
	return seg->enforce ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/*
 * Handles a segment of a stalled connection: no byte of it passes, and the host's socket is reset.
 * Returns TC_ACT_...
 */
bpf_inline int segment_stalled(struct __sk_buff *skb, const struct packet *p,
			       struct tcp_segment *seg)
{
	return tcp_cut_data(skb, p, seg, TCP_RST) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* Handles the last segment of a handshake, with data: only its ACK passes. Returns TC_ACT_... */
bpf_inline int segment_opens(struct __sk_buff *skb, const struct packet *p, struct tcp_segment *seg)
{
	if (!seg->enforce || tcp_cut_data(skb, p, seg, 0))
		return segment_held(seg, CG_R_TCP_HELD);
	count_packet(seg->direction, CG_R_TCP_HELD, CG_PASS);
	return TC_ACT_UNSPEC;
}

/* Handles a segment without a socket that can hold the state of the stream. Returns TC_ACT_... */
bpf_inline int segment_without_stream(struct __sk_buff *skb, const struct packet *p,
				      struct tcp_segment *seg)
{
	if (seg->sock_state == TCP_NO_SOCKET) {
		count_packet(seg->direction, CG_R_TCP_FORWARDED, CG_PASS);
		return TC_ACT_UNSPEC;
	}
	if (seg->sock_state == BPF_TCP_LISTEN || seg->sock_state == BPF_TCP_TIME_WAIT)
		return TC_ACT_UNSPEC; /* the host takes no byte of it */
	if (seg->sock_state == BPF_TCP_NEW_SYN_RECV || seg->sock_state == TCP_COOKIE)
		return segment_opens(skb, p, seg);
	return segment_held(seg, CG_R_TCP_HELD);
}

#define SEGMENT_IS_READ (-2) /* not a TC_ACT_... value */

/*
 * Handles what is not data of the stream: SYN, RST, urgent data, segments without data. Returns
 * TC_ACT_..., or SEGMENT_IS_READ if there is data to read.
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
	return seg->flags & TCP_ACK ? SEGMENT_IS_READ : segment_held(seg, CG_R_TCP_HELD);
}

/* Returns TC_ACT_..., or SEGMENT_IS_READ: cseqguard_tcp_message reads it. */
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
	if (action != SEGMENT_IS_READ)
		return action;
	connection = tcp_connection(skb, p, seg);
	if (!connection)
		return segment_without_stream(skb, p, seg);
	stream = tcp_stream(connection, seg->direction);
	step = stream_begin(skb, seg, stream);
	if (step == STREAM_READ && seg->is_first && stream_first_byte(ctx, seg, connection)) {
		stream_set_opaque(connection, seg->direction);
		stream_release(stream);
		return TC_ACT_UNSPEC;
	}
	switch (step) {
	case STREAM_READ:
		return SEGMENT_IS_READ;
	case STREAM_HELD:
		return segment_held(seg, seg->enforce ? CG_R_TCP_HELD : CG_R_TCP_HOLE);
	case STREAM_UNLIKE:
		return report_segment(ctx, CG_R_TCP_UNLIKE) == CG_DROP ? TC_ACT_SHOT
								       : TC_ACT_UNSPEC;
	case STREAM_STALLED:
		count_packet(seg->direction, CG_R_TCP_STALLED, CG_PASS);
		return segment_stalled(skb, p, seg);
	}
	return TC_ACT_UNSPEC;
}

/* tcp_programs is empty: releases the stream. Returns TC_ACT_... */
bpf_inline int segment_is_abandoned(struct __sk_buff *skb, struct pkt_ctx *ctx,
				    struct tcp_segment *seg)
{
	struct cg_connection *c = tcp_connection(skb, &ctx->scratch->packet, seg);

	if (c)
		stream_release(tcp_stream(c, seg->direction));
	return segment_held(seg, CG_R_INTERNAL);
}

/* The first program of a segment. `direction` must be a compile-time constant. */
bpf_inline int handle_tcp(struct __sk_buff *skb, __u8 direction)
{
	struct pkt_ctx ctx = { .config = config_get() };
	struct tcp_segment *seg = tcp_segment_get();
	int action;

	if (!ctx.config || !seg)
		return TC_ACT_UNSPEC;
	/* Cleared first: if a filter is missing, the last segment has left them set. */
	seg->waits = seg->rounds = 0;
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
	if (action != SEGMENT_IS_READ)
		return action;
	bpf_tail_call(skb, &tcp_programs, CG_TCP_PROG_MESSAGE);
	return segment_is_abandoned(skb, &ctx, seg);
}

/* Continues where a program has run out of tail calls. */
bpf_inline int handle_tcp_more(struct __sk_buff *skb)
{
	struct tcp_segment *seg = tcp_segment_get();

	if (!seg || !seg->waits)
		return TC_ACT_UNSPEC;
	seg->waits = 0;
	bpf_tail_call(skb, &tcp_programs, CG_TCP_PROG_MESSAGE);
	return seg->enforce ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* The rest of the stream cannot be read: it stalls, or is read again from a start line on. */
bpf_inline int segment_is_odd(struct __sk_buff *skb, struct pkt_ctx *ctx, struct tcp_segment *seg,
			      struct cg_stream *stream)
{
	report_segment(ctx, CG_R_TCP_UNFRAMED);
	if (seg->enforce) {
		stream_stall(stream);
		return segment_stalled(skb, &ctx->scratch->packet, seg);
	}
	stream_give_up(stream);
	stream_segment_done(stream, 0);
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

	s->packet.cut = seg->frame.result != SIP_FRAME_WHOLE;
	s->packet.length = s->packet.cut ? SIP_MAX : seg->frame.end;
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

/* Judges one message of a segment, and calls its program for the next. */
bpf_inline int handle_tcp_message(struct __sk_buff *skb)
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
	stream = tcp_stream(connection, seg->direction);
	found = stream_next_message(skb, &ctx, seg, stream, &unfinished);
	if (found == STREAM_ODD)
		return segment_is_odd(skb, &ctx, seg, stream);
	if (found != STREAM_MESSAGE && found != STREAM_REST) {
		if (found == STREAM_KEEPALIVE)
			count_packet(seg->direction, CG_R_KEEPALIVE, CG_PASS);
		stream_segment_done(stream, unfinished);
		return TC_ACT_UNSPEC;
	}
	if (found == STREAM_MESSAGE && !judge_stream_message(skb, &ctx, seg, connection, stream)) {
		stream_stall(stream);
		count_packet(seg->direction, CG_R_TCP_STALLED, CG_PASS);
		return segment_stalled(skb, &ctx.scratch->packet, seg);
	}
	stream_advance(seg, stream);
	if (!stream_skip_body(seg, stream) || stream->state == CG_STREAM_OPAQUE) {
		stream_segment_done(stream, 0);
		return TC_ACT_UNSPEC;
	}
	bpf_tail_call(skb, &tcp_programs, CG_TCP_PROG_MESSAGE);
	if (++seg->rounds < CG_TCP_ROUNDS) {
		seg->waits = 1;
		return TC_ACT_UNSPEC;
	}
	return segment_is_odd(skb, &ctx, seg, stream);
}

#endif
