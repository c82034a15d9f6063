/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Overwrites bytes of a TCP segment. The length stays, and the checksum is updated.
 *
 * A refused message is changed so that no peer reads it as what it was:
 * - If the method came with this segment, its first byte: no peer takes XYE for a BYE. The method
 *   in CSeq as well: a stateful proxy that relays the request matches the answer to its own
 *   transaction only if CSeq names the same method. The sender does not recognise that answer, so
 *   its transaction ends by timeout. If the refused CSeq may be above the leg's counter, its first
 *   digit as well: no peer reads a number there, so the true sender of that leg is not locked out.
 * - If the method came with an earlier segment, the last byte of the Call-ID or of a tag that came
 *   with this one: no peer finds the dialog.
 * - If none of these came with this segment, nothing: the connection stalls.
 *
 * A retransmission is overwritten in the same way: tcp_spoil_again().
 *
 * API: tcp_spoil_message(), tcp_spoil_again(), tcp_clear_urgent(), tcp_clear_mptcp().
 */
#ifndef CG_TCP_WRITE_H
#define CG_TCP_WRITE_H

#include "bytes.h"
#include "tcp_segment.h"

#define TCP_CHECK_AT 16 /* in the header */

/*
 * Updates the checksum for a byte that changes. The checksum adds 16-bit words from the start of
 * the header.
 */
bpf_inline long tcp_mend_byte(struct __sk_buff *skb, __u32 header, __u32 at, __u8 was, __u8 is)
{
	__u16 from = was, to = is;

	if (((at - header) & 1) == 0) {
		from <<= 8;
		to <<= 8;
	}
	return bpf_l4_csum_replace(skb, header + TCP_CHECK_AT, bpf_htons(from), bpf_htons(to), 2);
}

/* at: offset in the frame. Returns 0 or an error: the segment must not pass. */
bpf_inline long tcp_write_byte(struct __sk_buff *skb, __u32 header, __u32 at, __u8 byte)
{
	__u8 was;

	if (bpf_skb_load_bytes(skb, at, &was, 1))
		return -1;
	if (was == byte)
		return 0;
	if (bpf_skb_store_bytes(skb, at, &byte, 1, 0))
		return -1;
	return tcp_mend_byte(skb, header, at, was, byte);
}

/*
 * Overwrites a byte, and records it for tcp_spoil_again(). Returns 0, or 1: the segment must not
 * pass.
 */
BPF_SUBPROG int tcp_spoil_byte(struct __sk_buff *skb, const struct tcp_segment *seg,
			       struct cg_stream *stream, __u32 at, __u32 byte)
{
	__u64 slot = stream->n_spoils & (CG_STREAM_SPOILS - 1);

	barrier_var(slot);
	stream->spoils[slot].seq = seg->base + at;
	stream->spoils[slot].byte = byte;
	stream->n_spoils++;
	return tcp_write_byte(skb, seg->header, at, byte) != 0;
}

struct tcp_spoil_walk {
	struct __sk_buff *skb;
	const struct tcp_segment *seg;
	struct cg_stream *stream;
	__u32 from; /* offsets in the frame */
	__u32 to;
	__u32 failed;
};

static long tcp_spoil_step(__u32 i, void *arg)
{
	struct tcp_spoil_walk *w = arg;
	__u64 slot = i & (CG_STREAM_SPOILS - 1);
	__u32 at;
	__u8 byte;

	barrier_var(slot);
	if (i >= w->stream->n_spoils)
		return 1;
	at = w->stream->spoils[slot].seq - w->seg->base;
	byte = w->stream->spoils[slot].byte;
	if (at >= w->from && at < w->to && tcp_write_byte(w->skb, w->seg->header, at, byte))
		w->failed = 1;
	return w->failed != 0;
}

/*
 * Overwrites bytes [from, to) of the frame, which have passed before, as it did then. Returns 0, or
 * 1 if the segment must not pass: it cannot be written, or it is older than the oldest record.
 */
bpf_inline int tcp_spoil_again(struct __sk_buff *skb, const struct tcp_segment *seg,
			       struct cg_stream *stream, __u32 from, __u32 to)
{
	struct tcp_spoil_walk walk = {
		.skb = skb, .seg = seg, .stream = stream, .from = from, .to = to
	};
	__u64 oldest = stream->n_spoils & (CG_STREAM_SPOILS - 1);

	barrier_var(oldest);
	if (stream->n_spoils > CG_STREAM_SPOILS &&
	    (__s32)(seg->base + from - stream->spoils[oldest].seq) < 0)
		return 1;
	bpf_loop(CG_STREAM_SPOILS, tcp_spoil_step, &walk, 0);
	return walk.failed;
}

/* --- a refused message ------------------------------------------------------------------------ */

/* Returns whether a CSeq that is refused for this reason is not above the leg's counter. */
bpf_inline int reason_is_harmless_number(__u8 reason)
{
	return reason == CG_R_OUT_OF_ORDER || reason == CG_R_EQUAL_CSEQ;
}

/* Returns the offset of the first digit of the CSeq in the parser's buffer; 0: none. */
bpf_inline __u32 tcp_cseq_digit(struct sip_parser *p)
{
	struct sip_slice v;

	if (!(p->seen & 1 << SIP_H_CSEQ))
		return 0;
	v = sip_header_value(p, SIP_H_CSEQ);
	return v.len ? v.off : 0;
}

/* Returns the offset of the method in the CSeq; 0: none. */
bpf_inline __u32 tcp_cseq_method(struct sip_parser *p, __u32 digit)
{
	__u32 end = p->values[SIP_H_CSEQ].off + p->values[SIP_H_CSEQ].len;
	__u32 at = digit ? sip_skip_blanks(p, sip_number(p, digit, end), end) : 0;

	return at > digit && at < end ? at : 0;
}

/* Returns a letter that differs from the one at `at`. No method begins with it. */
bpf_inline __u8 tcp_other_letter(const struct sip_parser *p, __u32 at)
{
	return (sip_byte(p, at) | 0x20) == 'x' ? 'Z' : 'X';
}

/* Returns the offset of the last byte of a slice; 0: it came with an earlier segment. */
bpf_inline __u32 tcp_last_byte(const struct sip_slice *slice, __u32 kept)
{
	__u32 last = slice->off + slice->len - 1;

	return slice->len && last >= kept ? last : 0;
}

/* The proxy has the method already: returns the offset of a byte that hides the dialog; 0: none. */
bpf_inline __u32 tcp_identity_byte(const struct sip_parser *p, __u32 kept)
{
	__u32 at = tcp_last_byte(&p->msg.call_id, kept);

	if (p->seen_twice || p->msg.flags & SIP_AMBIGUOUS)
		return 0; /* a peer may take another one */
	at = at ? at : tcp_last_byte(&p->msg.to_tag, kept);
	return at ? at : tcp_last_byte(&p->msg.from_tag, kept);
}

/*
 * Overwrites a refused message. Offset 0 of the parser's buffer is seg->at - seg->kept in the
 * frame. The bytes are recorded in their order: tcp_spoil_again() knows all behind its oldest record.
 * Returns 0, or 1 if no byte of the message can be overwritten.
 */
BPF_SUBPROG int tcp_spoil_message(struct __sk_buff *skb, struct sip_parser *p,
				  const struct tcp_segment *seg, struct cg_stream *stream,
				  __u32 reason)
{
	__u32 start = seg->frame.start, kept = seg->kept, to_frame = seg->at - kept;
	__u32 digit, method, at;

	if (start < kept) {
		at = tcp_identity_byte(p, kept);
		return !at ||
		       tcp_spoil_byte(skb, seg, stream, to_frame + at, tcp_other_letter(p, at));
	}
	if (tcp_spoil_byte(skb, seg, stream, to_frame + start, tcp_other_letter(p, start)))
		return 1;
	digit = tcp_cseq_digit(p);
	method = tcp_cseq_method(p, digit);
	if (digit && !reason_is_harmless_number(reason) &&
	    tcp_spoil_byte(skb, seg, stream, to_frame + digit, 'X'))
		return 1;
	return method &&
	       tcp_spoil_byte(skb, seg, stream, to_frame + method, tcp_other_letter(p, method));
}

/* --- what would let a peer read other bytes than were judged ---------------------------------- */

/* Writes two bytes of the header at an even offset. Returns 0 or an error. */
bpf_inline long tcp_write_header(struct __sk_buff *skb, __u32 header, __u32 at, __be16 was,
				 __be16 is)
{
	if (was == is)
		return 0;
	if (bpf_skb_store_bytes(skb, header + at, &is, 2, 0))
		return -1;
	return bpf_l4_csum_replace(skb, header + TCP_CHECK_AT, was, is, 2);
}

/*
 * Clears flag and pointer of urgent data (RFC 9293 3.8.5): a socket takes one byte of it out of the
 * stream. Returns 0 or an error.
 */
bpf_inline long tcp_clear_urgent(struct __sk_buff *skb, struct tcp_segment *seg)
{
	__be16 words[2]; /* at 12: data offset and flags; at 18: the pointer */

	if (bpf_skb_load_bytes(skb, seg->header + 12, &words[0], 2) ||
	    bpf_skb_load_bytes(skb, seg->header + 18, &words[1], 2))
		return -1;
	if (tcp_write_header(skb, seg->header, 12, words[0], words[0] & bpf_htons((__u16)~TCP_URG)))
		return -1;
	return tcp_write_header(skb, seg->header, 18, words[1], 0);
}

struct tcp_option_walk {
	struct tcp_segment *seg;
	__u32 length; /* of all options */
	__u32 at; /* of the next option */
	__u32 left; /* bytes of an MPTCP option that are still to be cleared */
	__u32 found;
};

/* Handles a byte of the options. Those of an MPTCP option become NOPs. */
static long tcp_option_step(__u32 i, void *arg)
{
	struct tcp_option_walk *w = arg;
	__u64 at = i & (TCP_OPTIONS_ROOM - 1);
	__u8 kind, length;

	barrier_var(at);
	if (i >= w->length)
		return 1;
	kind = w->seg->options[at];
	length = w->seg->options[(at + 1) & (TCP_OPTIONS_ROOM - 1)];
	if (i == w->at) {
		if (kind == TCP_OPTION_END)
			return 1;
		w->at += kind == TCP_OPTION_NOP ? 1 : length;
		if (kind == TCP_OPTION_MPTCP)
			w->left = length;
	}
	if (w->left) {
		w->left--;
		w->found = 1;
		w->seg->options[at] = TCP_OPTION_NOP;
	}
	return 0;
}

/*
 * Clears the MPTCP option of a SYN, so that the connection is ordinary TCP. An MPTCP connection
 * (RFC 8684) joins its stream from several sockets, which the guard does not. Returns 0 or an
 * error.
 */
BPF_SUBPROG int tcp_clear_mptcp(struct __sk_buff *skb, struct tcp_segment *seg)
{
	struct tcp_option_walk walk = { .seg = seg,
					.length = seg->at - seg->header - sizeof(struct tcphdr) };
	__u32 at = seg->header + sizeof(struct tcphdr), length = walk.length;
	__s64 sum;

	if (!length || length > TCP_OPTIONS_MAX)
		return 0;
	__builtin_memset(seg->options, TCP_OPTION_NOP, sizeof(seg->options));
	length = copy_length(length, TCP_OPTIONS_ROOM);
	if (bpf_skb_load_bytes(skb, at, seg->options, length))
		return -1;
	sum = bpf_csum_diff((__be32 *)seg->options, TCP_OPTIONS_MAX, NULL, 0, 0);
	bpf_loop(TCP_OPTIONS_MAX, tcp_option_step, &walk, 0);
	if (!walk.found)
		return 0;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)seg->options, TCP_OPTIONS_MAX, sum);
	if (bpf_skb_store_bytes(skb, at, seg->options, length, 0))
		return -1;
	return bpf_l4_csum_replace(skb, seg->header + TCP_CHECK_AT, 0, sum, 0) != 0;
}

#endif
