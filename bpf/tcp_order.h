/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which bytes of a segment are read, and whether it passes. The rule: each position of the stream
 * passes with one content only, and is read once.
 *
 *   the segment                     enforce                            observe
 *   continues what was read         is read                            is read
 *   is ahead of it                  dropped: it is retransmitted       a hole: see below
 *   is behind it                    passes if the socket has it, or    passes
 *                                   if its bytes are those that
 *                                   passed; else it is dropped
 *   is behind it, and ends ahead    both rules apply                   the new bytes are read
 *
 * The socket may discard a segment that passed (wrong checksum, old timestamp, no room). A segment
 * with other bytes at that position is dropped, so the socket reads only what was judged. The
 * connection waits until the sender retransmits the bytes that passed. If the sender repeats other
 * bytes, the connection stalls and is reset: an honest sender opens another one. The guard does not
 * always know what passed, for instance after a change from observe to enforce.
 *
 * A stream that is out of step (after a hole, or from before the attach) is read again from the
 * next segment that begins with a start line.
 *
 * One CPU at a time claims the stream. stream_release() ends the claim after the last message of
 * the segment.
 *
 * API: stream_begin(), stream_release().
 */
#ifndef CG_TCP_ORDER_H
#define CG_TCP_ORDER_H

#include "bytes.h"
#include "tcp_segment.h"
#include "tcp_write.h"

/* The decision about a segment. */
enum stream_step {
	STREAM_READ, /* read from seg->at on; the caller must call stream_release() */
	STREAM_PASS,
	STREAM_HELD, /* it cannot be read now; enforce: dropped, the sender retransmits it */
	STREAM_UNLIKE, /* enforce: dropped, and reported */
	STREAM_STALLED /* the stream is stalled; enforce: dropped */
};

bpf_inline void stream_release(struct cg_stream *stream)
{
	__sync_val_compare_and_swap(&stream->claim, 1, 0);
}

/* Copies up to CG_STREAM_BYTES of the frame to the second half of `work`. Returns 0 or an error. */
bpf_inline long stream_load(struct __sk_buff *skb, struct tcp_segment *seg, __u32 at, __u32 length)
{
	return bpf_skb_load_bytes(skb, at, seg->work + CG_STREAM_BYTES,
				  copy_length(length, CG_STREAM_BYTES));
}

/*
 * Compares `length` bytes of the frame from `at` on, 1 to CG_STREAM_BYTES, with those that passed
 * at their position, `back` bytes before stream->next. Returns whether they are equal.
 */
bpf_inline int stream_is_equal(struct __sk_buff *skb, struct tcp_segment *seg,
			       struct cg_stream *stream, __u32 at, __u32 back, __u32 length)
{
	if (back > stream->have || back > CG_STREAM_BYTES || length > back)
		return 0;
	if (bpf_probe_read_kernel(seg->work, CG_STREAM_BYTES, stream->bytes) ||
	    stream_load(skb, seg, at, length))
		return 0;
	return bytes_equal(seg->work + CG_STREAM_BYTES, seg->work, CG_STREAM_BYTES - back, length);
}
_Static_assert(CG_STREAM_BYTES == SIP_MAX && CG_FRAGMENT_BYTES == SIP_MAX,
	       "bytes_equal() compares all of a stream's, or of a fragment's");

/*
 * The first `old` bytes of a segment have passed before. Returns whether they may pass again. Those
 * that the socket has are not compared: it ignores them.
 */
bpf_inline int stream_old_passes(struct __sk_buff *skb, struct tcp_segment *seg,
				 struct cg_stream *stream, __u32 old)
{
	__u32 seq = seg->base + seg->at, length = seg->stop - seg->at;
	__s32 covered = seg->rcv_nxt - seq;
	__u32 from = covered > 0 ? covered : 0, to = old < length ? old : length;

	if (from < to && !stream_is_equal(skb, seg, stream, seg->at + from, old - from, to - from))
		return 0;
	return from >= to || !tcp_spoil_again(skb, seg, stream, seg->at + from, seg->at + to);
}

/*
 * Appends the new bytes to the last bytes of the stream. Afterwards the first half of `work` holds
 * the last bytes before them, and the second half the first CG_STREAM_BYTES of the new ones.
 * Returns 0 or an error.
 */
bpf_inline long stream_keep(struct __sk_buff *skb, struct tcp_segment *seg,
			    struct cg_stream *stream)
{
	__u32 length = seg->stop - seg->at, have = stream->have;

	if (bpf_probe_read_kernel(seg->work, CG_STREAM_BYTES, stream->bytes))
		return -1;
	if (length > CG_STREAM_BYTES) {
		if (bpf_skb_load_bytes(skb, seg->stop - CG_STREAM_BYTES, stream->bytes,
				       CG_STREAM_BYTES) ||
		    stream_load(skb, seg, seg->at, CG_STREAM_BYTES))
			return -1;
		stream->have = CG_STREAM_BYTES;
		return 0;
	}
	if (stream_load(skb, seg, seg->at, length))
		return -1;
	stream->have = have + length < CG_STREAM_BYTES ? have + length : CG_STREAM_BYTES;
	barrier_var(length);
	if (length > CG_STREAM_BYTES)
		return -1;
	return bpf_probe_read_kernel(stream->bytes, CG_STREAM_BYTES, seg->work + length);
}

/* Puts the stream out of step. It is read again from `seq` on if a start line begins there. */
bpf_inline void stream_lose(struct cg_stream *stream, __u32 seq)
{
	stream->state = CG_STREAM_LOST;
	stream->next = seq;
	stream->have = stream->body = stream->unfinished = 0;
	stream->rest = 0;
}

/*
 * Handles the first segment with data. A socket that received data before it is older than the
 * attach.
 */
bpf_inline void stream_start(struct tcp_segment *seg, struct cg_stream *stream)
{
	__u32 seq = seg->base + seg->at;

	stream_lose(stream, seq);
	if (seg->received)
		return;
	stream->state = CG_STREAM_READ;
	if (seg->direction == CG_IN)
		stream->next = seg->rcv_nxt;
}

/*
 * Returns whether the socket has bytes that the guard did not read: from before the attach, or from
 * while tcp was off. The stream is then read from the socket's rcv_nxt on. A segment ahead of that
 * is not read, because the bytes before it are still to come.
 */
bpf_inline int stream_is_out_of_step(const struct tcp_segment *seg, const struct cg_stream *stream)
{
	return stream->state == CG_STREAM_LOST || (__s32)(seg->rcv_nxt - stream->next) > 0;
}

/*
 * Handles a segment that is unlike what passed. Returns whether the stream must stall: it is the
 * CG_STREAM_TRIES-th that has the byte that the socket waits for.
 */
bpf_inline int stream_is_stuck(const struct tcp_segment *seg, struct cg_stream *stream)
{
	if (seg->rcv_nxt - (seg->base + seg->at) >= seg->stop - seg->at)
		return 0;
	if (stream->stuck_at != seg->rcv_nxt)
		stream->stuck = 0;
	stream->stuck_at = seg->rcv_nxt;
	return ++stream->stuck >= CG_STREAM_TRIES;
}

/* Decides about a segment of a claimed stream. Returns an enum stream_step. */
bpf_inline int stream_order(struct __sk_buff *skb, struct tcp_segment *seg,
			    struct cg_stream *stream)
{
	__u32 seq = seg->base + seg->at, length = seg->stop - seg->at, old;
	__s32 ahead;

	if (seg->enforce && stream_is_out_of_step(seg, stream))
		stream_lose(stream, seg->rcv_nxt);
	ahead = seq - stream->next;
	if (ahead > 0 && seg->enforce)
		return stream->state == CG_STREAM_READ ? STREAM_HELD : STREAM_PASS;
	if (ahead > 0) {
		if (stream->state == CG_STREAM_READ)
			count_packet(seg->direction, CG_R_TCP_HOLE, CG_PASS);
		stream_lose(stream, seq);
		ahead = 0;
	}
	old = -ahead;
	if (old && seg->enforce && stream->state == CG_STREAM_READ &&
	    !stream_old_passes(skb, seg, stream, old)) {
		if (!stream_is_stuck(seg, stream))
			return STREAM_UNLIKE;
		stream->state = CG_STREAM_STALLED;
		return STREAM_STALLED;
	}
	if (old >= length)
		return STREAM_PASS;
	seg->at += old;
	seg->kept = stream->unfinished;
	seg->is_first = stream->state == CG_STREAM_READ && !stream->have;
	if (stream_keep(skb, seg, stream))
		return STREAM_HELD;
	stream->next = seg->base + seg->stop;
	return STREAM_READ;
}

/* Claims the stream and decides about a segment. Returns an enum stream_step. */
bpf_inline int stream_begin(struct __sk_buff *skb, struct tcp_segment *seg,
			    struct cg_stream *stream)
{
	int step;

	if (stream->state == CG_STREAM_OPAQUE)
		return STREAM_PASS;
	if (stream->state == CG_STREAM_STALLED && seg->enforce)
		return STREAM_STALLED;
	if (__sync_val_compare_and_swap(&stream->claim, 0, 1))
		return STREAM_HELD;
	if (stream->state == CG_STREAM_NEW)
		stream_start(seg, stream);
	else if (stream->state == CG_STREAM_STALLED)
		stream_lose(stream, seg->base + seg->at);
	step = stream_order(skb, seg, stream);
	if (step != STREAM_READ)
		stream_release(stream);
	return step;
}

#endif
