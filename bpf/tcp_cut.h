/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A segment without its data.
 * - The last segment of a handshake becomes its bare ACK. There is no socket yet that can note the
 *   data, and without the ACK there never is one: with SYN cookies the host repeats nothing. The
 *   sender repeats the data.
 * - The segment of a stalled connection becomes an RST. A trunk has one connection for the calls of
 *   many. One of them can send a BYE that cannot be rewritten. Without the RST the trunk's sender
 *   would repeat it for minutes; with it, he opens another connection at once.
 *
 * API: tcp_cut_data().
 */
#ifndef CG_TCP_CUT_H
#define CG_TCP_CUT_H

#include "bytes.h"
#include "tcp_segment.h"
#include "tcp_write.h"

#define TCP_HEADER_MAX 60
#define IPV4_LENGTH_AT 18 /* bytes before the TCP header, without options */
#define IPV4_CHECK_AT 10
#define IPV6_LENGTH_AT 36 /* without extension headers */

bpf_inline __u16 tcp_fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Writes a new length of TCP header and data into the IP header. Returns 0 or an error. */
bpf_inline long tcp_write_ip_length(struct __sk_buff *skb, const struct packet *p, __u32 header,
				    __u32 length)
{
	__be16 was, is = bpf_htons(length);

	if (!addr_is_ipv4(p->source))
		return bpf_skb_store_bytes(skb, header - IPV6_LENGTH_AT, &is, sizeof(is),
					   BPF_F_RECOMPUTE_CSUM);
	is = bpf_htons(sizeof(struct iphdr) + length);
	if (bpf_skb_load_bytes(skb, header - IPV4_LENGTH_AT, &was, sizeof(was)) ||
	    bpf_l3_csum_replace(skb, header - IPV4_CHECK_AT, was, is, sizeof(is)))
		return -1;
	return bpf_skb_store_bytes(skb, header - IPV4_LENGTH_AT, &is, sizeof(is), 0);
}

/*
 * Cuts the data off, and the flags that belong behind them. flags: TCP_RST or 0. The header's
 * checksum is made anew. It is that of the pseudo-header alone if the kernel or the device adds the
 * rest, as over veth. Returns 0 or an error.
 */
BPF_SUBPROG int tcp_cut_data(struct __sk_buff *skb, const struct packet *p, struct tcp_segment *seg,
			     __u32 flags)
{
	__u32 header = seg->header, length = seg->data - header, whole = seg->stop - header;
	struct tcphdr *tcp = (void *)seg->options;
	__u64 sum;
	int is_partial;

	if (p->has_options || length > TCP_HEADER_MAX || whole > 0xffff ||
	    bpf_skb_change_tail(skb, seg->data, 0))
		return -1;
	__builtin_memset(seg->options, 0, sizeof(seg->options));
	length = copy_length(length, TCP_OPTIONS_ROOM);
	if (bpf_skb_load_bytes(skb, header, seg->options, length))
		return -1;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)p->source, sizeof(p->source) + sizeof(p->dest),
			    bpf_htons(IPPROTO_TCP));
	is_partial = tcp->check == tcp_fold(sum + bpf_htons(whole));
	((__u8 *)tcp)[13] = (((__u8 *)tcp)[13] & ~(TCP_FIN | TCP_PSH)) | flags;
	if (flags & TCP_RST) /* RFC 5961 3: the host accepts no other number */
		tcp->seq = bpf_htonl(seg->rcv_nxt);
	tcp->check = 0;
	sum += bpf_htons(length);
	if (is_partial)
		tcp->check = tcp_fold(sum);
	else
		tcp->check =
			~tcp_fold(sum + bpf_csum_diff(NULL, 0, (__be32 *)tcp, TCP_OPTIONS_ROOM, 0));
	if (bpf_skb_store_bytes(skb, header, seg->options, length, BPF_F_RECOMPUTE_CSUM))
		return -1;
	return tcp_write_ip_length(skb, p, header, length) != 0;
}
_Static_assert(__builtin_offsetof(struct packet, dest) ==
		       __builtin_offsetof(struct packet, source) + 16,
	       "the addresses of a pseudo-header");

#endif
