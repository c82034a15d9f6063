/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A TCP segment, and the socket of this host that it belongs to. Programs at tc only: XDP has no
 * storage of sockets.
 *
 * Owner of `tcp_streams`, `tcp_programs` and `tcp_scratch`.
 * API: tcp_segment_read(), tcp_connection(), tcp_stream().
 */
#ifndef CG_TCP_SEGMENT_H
#define CG_TCP_SEGMENT_H

#include <linux/tcp.h>

#include "addr.h"
#include "packet.h"
#include "scratch.h"
#include "sip_frame.h"
#include "verdict.h"

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MPTCP 30 /* RFC 8684 3.1 */
#define TCP_OPTIONS_MAX 40
#define TCP_OPTIONS_ROOM 64 /* a power of two */

/* State of both streams of a connection. The kernel frees it with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cg_connection);
} tcp_streams SEC(".maps");

/*
 * The program that judges one message. It is tail-called for each message of a segment. Only
 * userspace writes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, CG_TCP_PROGS);
	__type(key, __u32);
	__type(value, __u32);
} tcp_programs SEC(".maps");

/*
 * The current segment, shared by the programs that handle it. No other segment is handled on this
 * CPU in between: see scratch.h.
 */
struct tcp_segment {
	struct sip_frame frame;
	__u32 header; /* offsets in the frame: of the TCP header, */
	__u32 data; /* ... behind it, */
	__u32 at; /* ... of the byte that is read next, */
	__u32 stop; /* ... and behind the last one */
	__u32 base; /* sequence number that offset 0 would have */
	__u32 kept; /* bytes of the message at `at` that came before; they end in the middle of `work` */
	__u32 rcv_nxt; /* of the socket: it has all bytes before */
	__u8 flags; /* of the TCP header: its 14th byte */
	__u8 direction; /* enum cg_direction */
	__u8 enforce; /* it may be rewritten or dropped */
	__u8 is_first; /* `at` is the first byte of the connection */
	__u8 sock_state; /* enum of BPF_TCP_... */
	__u8 rounds; /* programs that have run out of tail calls */
	__u8 waits; /* ... and messages are left for the next one */
	__u8 pad;
	__u64 received; /* bytes that the socket has received, or that were acknowledged to it */
	__u8 options[TCP_OPTIONS_ROOM]; /* or the whole header */
	__u8 work[2 * CG_STREAM_BYTES + SIP_SLACK];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tcp_segment);
} tcp_scratch SEC(".maps");

bpf_inline struct tcp_segment *tcp_segment_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&tcp_scratch, &zero);
}

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

/* --- the headers ------------------------------------------------------------------------------ */

/*
 * Returns whether an ingress frame may begin with its IP header, by its first byte. See
 * tcp_is_bare().
 */
bpf_inline int tcp_may_be_bare(const void *data)
{
	__u8 version = *(const __u8 *)data >> 4;

	return version == 4 || version == 6;
}

/*
 * Fast path: returns whether a frame is not TCP on a SIP port, by its first 38 bytes, as
 * packet_is_other() does for UDP.
 */
bpf_inline int tcp_is_other(const void *data, const void *end, const struct cg_config *config)
{
	const struct ethhdr *eth = data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const __be16 *ports = (const void *)(ip + 1);
	__u64 bits = config->port_bits;

	if ((const void *)(ports + 2) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    *(const __u8 *)ip != 0x45 || tcp_may_be_bare(data))
		return 0;
	return ip->protocol != IPPROTO_TCP ||
	       !((bits >> (ports[0] & 63) | bits >> (ports[1] & 63)) & 1);
}

/* Bytes of a frame that packet_read() reads by pointer: Ethernet, two VLAN tags, IP, ports. */
#define TCP_HEADERS 66

/*
 * Returns whether a frame begins with its IP header. Generic XDP copies a frame that has little
 * headroom (since Linux 6.9), and the copy has lost mac_len: a program at tc ingress does not get
 * its Ethernet header.
 */
bpf_inline int tcp_is_bare(struct __sk_buff *skb)
{
	__u64 frame[2], ip[2];

	if (bpf_skb_load_bytes(skb, 0, frame, sizeof(frame)) ||
	    bpf_skb_load_bytes_relative(skb, 0, ip, sizeof(ip), BPF_HDR_START_NET))
		return 0;
	return frame[0] == ip[0] && frame[1] == ip[1];
}

/*
 * Finds the segment. Returns 0 and fills *seg, and addresses and ports of *p. Returns -1 if the
 * frame is not TCP on a SIP port, or if no peer would accept it.
 */
bpf_inline int tcp_segment_read(struct __sk_buff *skb, const struct cg_config *config,
				struct packet *p, struct tcp_segment *seg)
{
	struct cursor c = { .ctx = skb, .frame = skb->len, .may_be_big = skb->gso_size != 0 };
	struct tcphdr tcp;
	__u32 length;

	if ((void *)(long)skb->data + TCP_HEADERS > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < TCP_HEADERS ? skb->len : TCP_HEADERS);
	c.data = c.pos = (void *)(long)skb->data;
	c.end = (void *)(long)skb->data_end;
	if (seg->direction == CG_IN && c.data + 1 <= c.end && tcp_may_be_bare(c.data) &&
	    tcp_is_bare(skb))
		c.bare = skb->protocol;
	if (packet_read(&c, config, p, CG_OUT) != CG_R_TCP)
		return -1;
	seg->header = p->offset;
	if (bpf_skb_load_bytes(skb, seg->header, &tcp, sizeof(tcp)))
		return -1;
	length = tcp.doff * 4;
	seg->flags = ((__u8 *)&tcp)[13];
	seg->at = seg->data = seg->header + length;
	seg->stop = c.ip_end;
	seg->base = bpf_ntohl(tcp.seq) - seg->at;
	if (length < sizeof(tcp) || c.ip_end > c.frame || seg->at > seg->stop)
		return -1;
	return 0;
}

/* --- the socket ------------------------------------------------------------------------------- */

/* Fills the tuple of an ingress segment. Returns its length, for bpf_skc_lookup_tcp(). */
bpf_inline __u32 tcp_tuple(const struct packet *p, struct bpf_sock_tuple *tuple)
{
	__builtin_memset(tuple, 0, sizeof(*tuple));
	if (addr_is_ipv4(p->source)) {
		__builtin_memcpy(&tuple->ipv4.saddr, p->source + 12, 4);
		__builtin_memcpy(&tuple->ipv4.daddr, p->dest + 12, 4);
		tuple->ipv4.sport = bpf_htons(p->source_port);
		tuple->ipv4.dport = bpf_htons(p->dest_port);
		return sizeof(tuple->ipv4);
	}
	__builtin_memcpy(tuple->ipv6.saddr, p->source, 16);
	__builtin_memcpy(tuple->ipv6.daddr, p->dest, 16);
	tuple->ipv6.sport = bpf_htons(p->source_port);
	tuple->ipv6.dport = bpf_htons(p->dest_port);
	return sizeof(tuple->ipv6);
}

/*
 * Returns whether this segment to a listening socket completes a handshake by a SYN cookie. The
 * kernel accepts its data at once, before there is a socket that can hold the state of the stream.
 */
bpf_inline int tcp_is_cookie(struct __sk_buff *skb, struct bpf_sock *sk, const struct packet *p,
			     const struct tcp_segment *seg)
{
	struct ipv6hdr ip6 = { .version = 6 };
	struct iphdr ip = { .version = 4, .ihl = 5 };
	struct tcphdr tcp;

	if (bpf_skb_load_bytes(skb, seg->header, &tcp, sizeof(tcp)))
		return 0;
	if (addr_is_ipv4(p->source)) {
		__builtin_memcpy(&ip.saddr, p->source + 12, 4);
		__builtin_memcpy(&ip.daddr, p->dest + 12, 4);
		return !bpf_tcp_check_syncookie(sk, &ip, sizeof(ip), &tcp, sizeof(tcp));
	}
	__builtin_memcpy(&ip6.saddr, p->source, 16);
	__builtin_memcpy(&ip6.daddr, p->dest, 16);
	return !bpf_tcp_check_syncookie(sk, &ip6, sizeof(ip6), &tcp, sizeof(tcp));
}

/* Values of sock_state that are not BPF_TCP_...: */
#define TCP_NO_SOCKET 0
#define TCP_COOKIE 0xff /* it listens, and tcp_is_cookie() is true */

/*
 * Reads the counters of a full socket. Returns the state of its connection, or NULL without memory.
 */
bpf_inline struct cg_connection *tcp_full_socket(struct bpf_sock *sk, struct tcp_segment *seg)
{
	struct bpf_tcp_sock *tp = bpf_tcp_sock(sk);

	if (!tp)
		return NULL;
	seg->rcv_nxt = tp->rcv_nxt;
	/* An active open counts its SYN as acknowledged. */
	seg->received = seg->direction == CG_IN ? tp->bytes_received : tp->bytes_acked & ~1ULL;
	return bpf_sk_storage_get(&tcp_streams, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

bpf_inline int tcp_state_is_full(__u8 state)
{
	return state != BPF_TCP_NEW_SYN_RECV && state != BPF_TCP_LISTEN &&
	       state != BPF_TCP_TIME_WAIT;
}

/* Finds the socket of an ingress segment. Returns the state of its connection, or NULL. */
BPF_SUBPROG struct cg_connection *tcp_connection_in(struct __sk_buff *skb, const struct packet *p,
						    struct tcp_segment *seg)
{
	struct cg_connection *connection = NULL;
	struct bpf_sock_tuple tuple;
	__u32 size = tcp_tuple(p, &tuple);
	struct bpf_sock *sk;

	seg->sock_state = TCP_NO_SOCKET;
	if (size == sizeof(tuple.ipv4))
		sk = bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	else
		sk = bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return NULL;
	seg->sock_state = sk->state;
	if (tcp_state_is_full(seg->sock_state))
		connection = tcp_full_socket(sk, seg);
	else if (seg->sock_state == BPF_TCP_LISTEN && tcp_is_cookie(skb, sk, p, seg))
		seg->sock_state = TCP_COOKIE;
	bpf_sk_release(sk);
	return connection;
}

/* Finds the socket of an egress segment. Returns the state of its connection, or NULL. */
BPF_SUBPROG struct cg_connection *tcp_connection_out(struct __sk_buff *skb, struct tcp_segment *seg)
{
	struct bpf_sock *sk = skb->sk;

	seg->sock_state = TCP_NO_SOCKET;
	if (!sk)
		return NULL;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return NULL;
	seg->sock_state = sk->state;
	return tcp_state_is_full(seg->sock_state) ? tcp_full_socket(sk, seg) : NULL;
}

/*
 * Selects the stream by arithmetic: with a branch the verifier walks all rules once for each
 * direction.
 */
bpf_inline struct cg_stream *tcp_stream(struct cg_connection *connection, __u8 direction)
{
	__u64 way = direction & 1;

	barrier_var(way);
	return (struct cg_stream *)connection + way;
}
_Static_assert(CG_IN == 0 && CG_OUT == 1 && __builtin_offsetof(struct cg_connection, in) == 0 &&
		       __builtin_offsetof(struct cg_connection, out) == sizeof(struct cg_stream),
	       "a connection is its streams by direction");

bpf_inline struct cg_connection *tcp_connection(struct __sk_buff *skb, const struct packet *p,
						struct tcp_segment *seg)
{
	return seg->direction == CG_IN ? tcp_connection_in(skb, p, seg)
				       : tcp_connection_out(skb, seg);
}

#endif
