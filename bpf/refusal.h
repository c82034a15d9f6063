/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The answer to a refused BYE: `500 Request Out of Order` (RFC 3261 12.2.2), sent back through the
 * interface that the BYE came in by (XDP_TX). Without an answer a user agent retransmits the BYE
 * for 32 s.
 *
 * The BYE becomes its own answer. A status line of the same length replaces the request line. Via,
 * From, To, Call-ID and CSeq, which a response copies, stay where they are. Addresses and ports are
 * swapped, which keeps the checksum of the IPv4 header. The answer is as long as the BYE, and goes
 * to the port that the BYE came from, as if its Via had an `rport`.
 *
 * API: refusal_answer().
 */
#ifndef CG_REFUSAL_H
#define CG_REFUSAL_H

#include "addr.h"
#include "bytes.h"
#include "leg.h"
#include "scratch.h"
#include "sip_parser.h"
#include "verdict.h"

#define REFUSAL_LINE_MIN 12 /* bytes of `SIP/2.0 500 `; the reason phrase may be empty */

const char refusal_line[32] = "SIP/2.0 500 Request Out of Order"; /* not static: README.md, Types */

/* Writes a byte of the status line, which is padded with blanks. */
static long refusal_line_step(__u32 i, void *arg)
{
	struct sip_parser *p = ((struct sip_walk *)arg)->p;

	p->buf[i & (SIP_MAX - 1)] = i < sizeof(refusal_line) ? refusal_line[i] : ' ';
	return 0;
}

static long refusal_sum_step(__u32 i, void *arg)
{
	struct sip_parser *p = ((struct sip_walk *)arg)->p;
	__u64 word = SIP_LOAD64(p->buf + (8 * i & (SIP_MAX - 8)));

	p->number += (word & 0xffffffff) + (word >> 32);
	return 0;
}

/*
 * Returns the UDP checksum of the answer. That of the BYE cannot be updated: a frame from a local
 * veth has only the sum of its pseudo-header. An IPv4-mapped address adds 0xffff, which is 0 here.
 */
bpf_inline __u16 refusal_checksum(struct sip_parser *p, const struct packet *packet)
{
	const __u32 *source = (const void *)packet->source, *dest = (const void *)packet->dest;
	__u32 udp = packet->length + sizeof(struct udphdr);
	struct sip_walk walk = { .p = p };
	__u64 sum;

	*(__u64 *)(p->buf + (packet->length & (SIP_MAX - 1))) = 0; /* completes the last word */
	p->number = bpf_htons(IPPROTO_UDP) + 2 * bpf_htons(udp) + bpf_htons(packet->source_port) +
		    bpf_htons(packet->dest_port);
	sip_loop(packet->length / 8 + 1, refusal_sum_step, &walk);
	sum = p->number;
	for (int i = 0; i < 4; i++)
		sum += (__u64)source[i] + dest[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	for (int i = 0; i < 3; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0xffff : ~sum;
}

/* Swaps two adjacent fields of the frame, of `bytes` each. Returns 0 or an error. */
bpf_inline long refusal_swap(struct xdp_md *xdp, __u32 at, __u32 bytes)
{
	__u8 pair[32];
	long err = bpf_xdp_load_bytes(xdp, at, pair, 2 * bytes);

	err = err ? err : bpf_xdp_store_bytes(xdp, at, pair + bytes, bytes);
	return err ? err : bpf_xdp_store_bytes(xdp, at + bytes, pair, bytes);
}

/*
 * Returns whether the BYE is answered. Its reason must be its CSeq, because a user agent can
 * correct that. It must come from the leg's own address, which has completed a handshake. Otherwise
 * the host would send packets to a forged source. The lock is not taken. If the element is given to
 * another call meanwhile, the BYE gets no answer.
 */
bpf_inline int refusal_is_for_leg(const struct scratch *s)
{
	const struct msg_info *info = &s->info;
	const struct cg_dialog *d;

	if (s->reason != CG_R_OUT_OF_ORDER && s->reason != CG_R_EQUAL_CSEQ)
		return 0;
	d = bpf_map_lookup_elem(&dialogs, &info->key);
	if (!d || !dialog_is_of(d, info))
		return 0;
	return msg_is_from_caller(d, info) ? remote_is_leg(info, &d->caller, 0, d->caller_ifindex)
					   : remote_is_leg(info, &d->callee, 0, d->callee_ifindex);
}

/* Returns whether the frame can become the answer. */
bpf_inline int refusal_fits(struct xdp_md *xdp, const struct scratch *s)
{
	const struct packet *p = &s->packet;
	int multicast = addr_is_ipv4(p->source) ? p->dest[12] >= 224 : p->dest[0] == 0xff;
	__u8 group = 1; /* bit of the MAC address */
	__be16 length = 0;

	bpf_xdp_load_bytes(xdp, 0, &group, sizeof(group));
	bpf_xdp_load_bytes(xdp, p->offset - 4, &length, sizeof(length));
	/* Not every driver sends a frame of several buffers. */
	if (bpf_xdp_get_buff_len(xdp) != xdp->data_end - xdp->data || multicast || (group & 1))
		return 0;
	return !p->gathered && !p->has_options && p->length < SIP_MAX &&
	       bpf_ntohs(length) == p->length + sizeof(struct udphdr) &&
	       !(s->parser.msg.flags & SIP_AMBIGUOUS);
}

/* Writes the answer over the BYE, whose request line has `line` bytes. Returns 0 or an error. */
bpf_inline long refusal_write(struct xdp_md *xdp, struct scratch *s, __u32 line)
{
	struct sip_walk walk = { .p = &s->parser };
	__u32 offset = s->packet.offset, size = addr_is_ipv4(s->packet.source) ? 4 : 16;
	__u16 check;
	long err;

	sip_loop(line, refusal_line_step, &walk);
	check = refusal_checksum(&s->parser, &s->packet);
	err = bpf_xdp_store_bytes(xdp, offset, s->parser.buf, copy_length(line, SIP_MAX));
	err = err ? err : bpf_xdp_store_bytes(xdp, offset - 2, &check, sizeof(check));
	err = err ? err : refusal_swap(xdp, offset - 8, 2);
	err = err ? err : refusal_swap(xdp, offset - 8 - 2 * size, size);
	return err ? err : refusal_swap(xdp, 0, ETH_ALEN);
}

/*
 * Turns a message that is to be dropped for scratch.reason into its answer, if it may have one.
 * Returns CG_ANSWERED or CG_DROP.
 */
BPF_GLOBAL int refusal_answer(struct xdp_md *xdp)
{
	struct scratch *s = scratch_get();
	__u32 line;

	if (!s || !refusal_is_for_leg(s) || !refusal_fits(xdp, s))
		return CG_DROP;
	scratch_begin_second(s);
	line = sip_find(&s->parser, 0, s->packet.length, SIP_ANY('\r', '\n', '\n'));
	if (line < REFUSAL_LINE_MIN || s->answers++ >= CG_ANSWERS_PER_SECOND)
		return CG_DROP;
	if (refusal_write(xdp, s, line))
		return CG_DROP;
	count_answer();
	return CG_ANSWERED;
}

#endif
