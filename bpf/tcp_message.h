/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Finds the next message of a segment, and keeps an unfinished one for the next segment.
 *
 * A connection that does not carry plain SIP is opaque: it is not read any more. What the host
 * sends decides, because a client can send anything: the host's first byte is not text (TLS), or it
 * answers "HTTP/1.1 101" (WebSocket, RFC 6455 1.3). A client's first byte that is not text counts
 * only while the host has sent no text from that port.
 *
 * Of a header block over CG_STREAM_BYTES the first lines are judged, like those of a datagram. The
 * rest is skipped up to the empty line. No honest peer sends a BYE over CG_STREAM_BYTES.
 *
 * API: stream_next_message(), stream_advance(), stream_segment_done(), stream_stall(),
 * stream_give_up(), stream_first_byte(), stream_is_upgrade(), stream_set_opaque().
 */
#ifndef CG_TCP_MESSAGE_H
#define CG_TCP_MESSAGE_H

#include "host_names.h"
#include "tcp_order.h"

/* What stream_next_message() found. */
enum stream_found {
	STREAM_MESSAGE, /* it begins in the parser's buffer, and has seg->frame */
	STREAM_REST, /* lines of a long header block that are skipped: they have seg->frame */
	STREAM_END, /* no more bytes, or no more that can be read */
	STREAM_KEEPALIVE, /* CRLFs and no more bytes */
	STREAM_ODD /* peers find its end in different places */
};

/* Ends the reading of a segment. `unfinished` bytes of a message are kept for the next segment. */
bpf_inline void stream_segment_done(struct cg_stream *stream, __u32 unfinished)
{
	stream->unfinished = unfinished;
	stream_release(stream);
}

/* Stalls the stream: in enforce mode none of its segments pass any more. */
bpf_inline void stream_stall(struct cg_stream *stream)
{
	stream->state = CG_STREAM_STALLED;
	stream_release(stream);
}

/* The stream is out of step: the rest of the segment is not read. */
bpf_inline void stream_give_up(struct cg_stream *stream)
{
	stream->state = CG_STREAM_LOST;
	stream->body = 0;
	stream->rest = 0;
}

/* Returns whether a start line may begin at `pos`. */
bpf_inline int stream_is_start(const struct sip_parser *p, __u32 pos)
{
	__u64 word = sip_word(p, pos), blanks = sip_equal(word, SIP_EACH(' '));
	__u32 length = blanks ? sip_lowest_bit(blanks) >> 3 : 8;

	if (sip_is_version(p, pos) && sip_byte(p, pos + 7) == ' ')
		return 1;
	if (!blanks && sip_byte(p, pos + 8) == ' ')
		return sip_method(p, pos, 8) != CG_M_OTHER;
	if (!blanks && sip_byte(p, pos + 9) == ' ')
		return sip_method(p, pos, 9) != CG_M_OTHER;
	return blanks && sip_method(p, pos, length) != CG_M_OTHER;
}

bpf_inline int stream_is_text(__u8 c)
{
	return (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n' || c == '\t';
}

/* --- opaque connections ----------------------------------------------------------------------- */

/* Returns the slot of a port in cg_host_state.text_ports, or NULL if it is not a SIP port. */
bpf_inline __u16 *stream_text_port(struct cg_host_state *host, const struct cg_config *config,
				   __u16 port)
{
	for (__u32 i = 0; i < CG_PORTS_MAX; i++)
		if (port && config->ports[i] == port)
			return &host->text_ports[i];
	return NULL;
}

/* Reads the first byte of one direction. Returns whether the connection is opaque. */
bpf_inline int stream_first_byte(const struct pkt_ctx *ctx, const struct tcp_segment *seg,
				 const struct cg_connection *connection)
{
	const struct packet *p = &ctx->scratch->packet;
	__u16 port = seg->direction == CG_IN ? p->dest_port : p->source_port, *noted;
	int text = stream_is_text(seg->work[CG_STREAM_BYTES]);
	struct cg_host_state *host = host_state_get();

	if (!host)
		return 0;
	noted = stream_text_port(host, ctx->config, port);
	if (seg->direction == CG_OUT) {
		if (text && noted && *noted != port)
			*noted = port;
		return !text;
	}
	return !text && !connection->out.have && !(noted && *noted == port);
}

/* An egress message that is not SIP: returns whether it switches to WebSocket. */
bpf_inline int stream_is_upgrade(const struct sip_parser *p, __u32 pos)
{
	const __u64 http = SIP_LETTERS('H', 'T', 'T', 'P', '/', '1', '.', '1');

	return sip_word(p, pos) == http &&
	       (sip_word(p, pos + 8) & sip_mask(4)) == SIP_LETTERS(' ', '1', '0', '1', 0, 0, 0, 0);
}

bpf_inline void stream_set_opaque(struct cg_connection *connection, __u8 direction)
{
	connection->in.state = CG_STREAM_OPAQUE;
	connection->out.state = CG_STREAM_OPAQUE;
	count_packet(direction, CG_R_TCP_OPAQUE, CG_PASS);
}

/* --- the message ------------------------------------------------------------------------------ */

/* Skips what is left of a body. Returns the bytes of the segment that are left. */
bpf_inline __u32 stream_skip_body(struct tcp_segment *seg, struct cg_stream *stream)
{
	__u32 left = seg->stop - seg->at, skip = stream->body < left ? stream->body : left;

	stream->body -= skip;
	seg->at += skip;
	return left - skip;
}

/*
 * Copies the bytes from seg->at on into the parser's buffer, after those of earlier segments.
 * Returns the number of bytes in the buffer, or 0 on an error.
 */
bpf_inline __u32 stream_fill(struct __sk_buff *skb, struct tcp_segment *seg, struct sip_parser *p,
			     __u32 left)
{
	__u32 kept = seg->kept, length;

	if (kept) {
		if (kept > CG_STREAM_BYTES ||
		    bpf_probe_read_kernel(p->buf, SIP_MAX, seg->work + (CG_STREAM_BYTES - kept)))
			return 0;
		return kept + left < SIP_MAX ? kept + left : SIP_MAX;
	}
	length = copy_length(left < SIP_MAX ? left : SIP_MAX, SIP_MAX);
	return bpf_skb_load_bytes(skb, seg->at, p->buf, length) ? 0 : length;
}

/* Fills *f with what the earlier lines of a long header block said. */
bpf_inline void stream_resume_frame(const struct cg_stream *stream, struct sip_frame *f)
{
	f->rest = stream->rest;
	f->body = stream->rest ? stream->length : 0;
	f->has_length = stream->rest && stream->has_length;
	f->after_length = stream->rest && stream->after_length;
}

/* Returns whether the message is a response, or a request with a known method other than BYE. */
bpf_inline int stream_may_be_long(const struct sip_parser *p, __u32 pos)
{
	return stream_is_start(p, pos) && (sip_fold(sip_word(p, pos)) & sip_mask(3)) !=
						  SIP_LETTERS('b', 'y', 'e', 0, 0, 0, 0, 0);
}

/*
 * Takes the whole lines of a header block that does not end in the parser's buffer, which is full.
 * Returns an enum stream_found.
 */
bpf_inline int stream_take_lines(struct tcp_segment *seg, struct cg_stream *stream,
				 const struct sip_parser *p)
{
	struct sip_frame *f = &seg->frame;

	if (p->line <= f->start || (!f->rest && !stream_may_be_long(p, f->start)))
		return STREAM_ODD;
	f->end = p->line;
	stream->state = CG_STREAM_READ;
	return f->rest ? STREAM_REST : STREAM_MESSAGE;
}

/*
 * Finds the next message. Returns an enum stream_found. After STREAM_MESSAGE the caller judges the
 * message and calls stream_advance(), after STREAM_REST it only calls that. After any other value
 * the segment is at its end, and the caller must call stream_segment_done() or stream_stall().
 * *unfinished: bytes to keep.
 */
bpf_inline int stream_next_message(struct __sk_buff *skb, struct pkt_ctx *ctx,
				   struct tcp_segment *seg, struct cg_stream *stream,
				   __u32 *unfinished)
{
	struct sip_parser *p = &ctx->scratch->parser;
	__u32 left = seg->kept ? seg->stop - seg->at : stream_skip_body(seg, stream), length;

	*unfinished = 0;
	if (!left)
		return STREAM_END;
	length = stream_fill(skb, seg, p, left);
	if (!length)
		return STREAM_ODD;
	stream_resume_frame(stream, &seg->frame);
	sip_frame_find(p, &seg->frame, length);
	if (stream->state == CG_STREAM_LOST && !stream_is_start(p, seg->frame.start)) {
		count_packet(seg->direction, CG_R_TCP_UNREAD, CG_PASS);
		return STREAM_END;
	}
	if (seg->frame.result == SIP_FRAME_WHOLE) {
		stream->state = CG_STREAM_READ;
		return seg->frame.rest ? STREAM_REST : STREAM_MESSAGE;
	}
	if (seg->frame.result == SIP_FRAME_ODD)
		return STREAM_ODD;
	if (seg->kept + left >= SIP_MAX)
		return stream_take_lines(seg, stream, p);
	if (seg->frame.start == length)
		return STREAM_KEEPALIVE;
	stream->state = CG_STREAM_READ;
	*unfinished = length - seg->frame.start;
	return STREAM_END;
}

/* Moves behind the header block of a message, or behind the lines of it that were found. */
bpf_inline void stream_advance(struct tcp_segment *seg, struct cg_stream *stream)
{
	const struct sip_frame *f = &seg->frame;
	__u32 end = f->end, kept = seg->kept, taken = end < kept ? end : kept;

	seg->kept = end < kept ? kept - end : 0;
	seg->at += end - taken;
	stream->rest = f->result != SIP_FRAME_WHOLE;
	stream->body = stream->rest ? 0 : f->body;
	stream->length = f->body;
	stream->has_length = f->has_length;
	stream->after_length = f->after_length;
}

#endif
