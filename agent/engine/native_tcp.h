/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The BPF helpers that the programs for TCP use, in plain C, as native_bpf.h: one socket, or none,
 * in the state that the caller sets. Include it behind native_bpf.h. Owner of struct native_tcp.
 *
 * API: native_tcp, native_segment().
 */
#ifndef NATIVE_TCP_H
#define NATIVE_TCP_H

#include "native_bpf.h"

#define NATIVE_TAIL_CALL (-1000) /* result of a program that has made a tail call */
#define NATIVE_TAIL_CALLS 33 /* of each program that is attached (MAX_TAIL_CALL_CNT) */

static struct {
	struct bpf_sock
		*sock; /* what a lookup finds, and the socket of what goes out; NULL: none */
	struct bpf_tcp_sock tcp;
	void *storage; /* struct cg_connection of the socket */
	int cookie; /* a segment completes a handshake by a SYN cookie */
	int held; /* sockets that are looked up and not released */
	int tail_calls; /* of the program that is attached */
} native_tcp;

static inline struct bpf_sock *bpf_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple,
						  __u32 size, __u64 netns, __u64 flags)
{
	(void)ctx, (void)tuple, (void)size, (void)netns, (void)flags;
	native_helper();
	native_tcp.held += native_tcp.sock != NULL;
	return native_tcp.sock;
}

static inline long bpf_sk_release(void *sock)
{
	native_helper();
	if (sock != native_tcp.sock || !native_tcp.held--)
		native_refuse("a socket is released that is not held");
	return 0;
}

static inline struct bpf_sock *bpf_sk_fullsock(struct bpf_sock *sock)
{
	return sock;
}

static inline struct bpf_tcp_sock *bpf_tcp_sock(struct bpf_sock *sock)
{
	return sock ? &native_tcp.tcp : NULL;
}

static inline void *bpf_sk_storage_get(void *map, void *sock, void *value, __u64 flags)
{
	(void)map, (void)value, (void)flags;
	native_helper();
	return sock ? native_tcp.storage : NULL;
}

static inline long bpf_tcp_check_syncookie(void *sock, void *ip, __u32 ip_len, void *tcp,
					   __u32 tcp_len)
{
	(void)sock, (void)ip, (void)ip_len, (void)tcp, (void)tcp_len;
	return native_tcp.cookie ? 0 : -ENOENT;
}

/* --- the frame -------------------------------------------------------------------------------- */

static inline long bpf_skb_pull_data(struct __sk_buff *skb, __u32 len)
{
	if (len > native.frame_len)
		return -ENOMEM;
	skb->data_end = skb->data + len;
	return 0;
}

static inline long bpf_skb_store_bytes(void *ctx, __u32 offset, const void *from, __u32 len,
				       __u64 flags)
{
	(void)ctx, (void)flags;
	native_helper();
	if (offset > native.frame_len || len > native.frame_len - offset)
		return -EFAULT;
	memcpy((__u8 *)native.frame + offset, from, len);
	return 0;
}

static inline __u32 native_fold(__u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline long bpf_skb_change_tail(struct __sk_buff *skb, __u32 len, __u64 flags)
{
	(void)flags;
	native_helper();
	if (len > native.frame_len)
		return -EINVAL;
	native.frame_len = len;
	skb->len = len;
	skb->data_end = skb->data + len;
	return 0;
}

/* size: 2, from and to are words; 0: `to` is a difference of bpf_csum_diff(). */
static inline long bpf_l4_csum_replace(void *ctx, __u32 offset, __u64 from, __u64 to, __u64 size)
{
	__u16 sum;

	(void)ctx;
	native_helper();
	if (offset > native.frame_len || sizeof(sum) > native.frame_len - offset || size & ~2ULL)
		return -EINVAL;
	memcpy(&sum, native.frame + offset, sizeof(sum));
	sum = ~native_fold((__u16)~sum + (size ? (__u16)~from + (__u16)to : (__u32)to));
	memcpy((__u8 *)native.frame + offset, &sum, sizeof(sum));
	return 0;
}

static inline long bpf_l3_csum_replace(void *ctx, __u32 offset, __u64 from, __u64 to, __u64 size)
{
	return bpf_l4_csum_replace(ctx, offset, from, to, size);
}

static inline __s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size,
				  __u32 seed)
{
	__u64 sum = seed;

	native_helper();
	for (__u32 i = 0; i < from_size / 4; i++)
		sum += (__u32)~from[i];
	for (__u32 i = 0; i < to_size / 4; i++)
		sum += to[i];
	while (sum >> 32)
		sum = (sum & 0xffffffff) + (sum >> 32);
	return sum;
}

/* --- programs --------------------------------------------------------------------------------- */

/* Leaves the program, as the kernel does, if there is a call left. */
#define bpf_tail_call(ctx, map, index)                                                             \
	do {                                                                                       \
		if (native_tcp.tail_calls++ < NATIVE_TAIL_CALLS)                                   \
			return NATIVE_TAIL_CALL;                                                   \
	} while (0)

/*
 * Runs the programs of a hook over native.frame: the first, the one that it calls, and those behind
 * them. Returns the verdict.
 */
static inline int native_segment(struct __sk_buff *skb, int (*first)(struct __sk_buff *),
				 int (*message)(struct __sk_buff *),
				 int (*more)(struct __sk_buff *), int rounds)
{
	int verdict = -1; /* TC_ACT_UNSPEC: continue with the next filter */

	for (int round = 0; round < rounds && verdict == -1; round++) {
		native_tcp.tail_calls = 0;
		verdict = round ? more(skb) : first(skb);
		while (verdict == NATIVE_TAIL_CALL)
			verdict = message(skb);
	}
	if (native_tcp.held)
		native_refuse("a socket is not released");
	return verdict;
}

#endif
