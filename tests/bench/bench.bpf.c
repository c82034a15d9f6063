// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The guard, and what it is measured against. BPF_PROG_TEST_RUN repeats one packet: entries here
 * write another Call-ID into it before each verdict, and what the writing costs is told by entries
 * that do nothing else.
 */
#include "guard.bpf.c"

#include "digits.h"

#define RANGES 2 /* one a CPU, so that two do not meet at a dialog */
#define FRAME_AT 0x7ff /* where in a frame something can be written */
#define CALL_ID_LONGEST 64

/* bench.c sets these; see there. */
struct bench_range ranges[RANGES];
__u64 call_id_at; /* in the frame */
__u64 cseq_at; /* in the frame; 0: is left alone */
__u64 call_id_len;
__u64 tags; /* of all dialogs: the second half of their keys */
__u64 misses; /* of bench_lookup */
__u32 rising_cseq;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} production_out SEC(".maps");

bpf_inline __u32 draw(void)
{
	struct bench_range *r = &ranges[0];

	if (!r->step) {
		r = &ranges[bpf_get_smp_processor_id() % RANGES];
		return r->first + bpf_get_prandom_u32() % r->count;
	}
	r->at = (r->at + r->step) % r->count; /* in one thread, which may change its CPU */
	return r->first + r->at;
}

bpf_inline int write_digits(void *data, void *end, __u64 at, __u64 digits)
{
	__u64 *to = data + (at & FRAME_AT);

	if ((void *)(to + 1) > end)
		return -1;
	*to = digits;
	return 0;
}

bpf_inline int write_number(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	int err = write_digits(data, end, call_id_at, bench_hex(draw()));

	if (!err && cseq_at)
		err = write_digits(data, end, cseq_at, bench_octal(rising_cseq++));
	return err;
}

SEC("xdp.frags")
int bench_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("xdp.frags")
int bench_random_only(struct xdp_md *ctx)
{
	return write_number(ctx) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp.frags")
int bench_random(struct xdp_md *ctx)
{
	return write_number(ctx) ? XDP_ABORTED : handle_ingress(ctx);
}

/* Call-ID to key as the guard does it; the tags are known. */
bpf_inline int make_key(struct xdp_md *ctx, struct cg_dialog_key *key)
{
	struct scratch *s = scratch_get();
	__u32 len = call_id_len & (CALL_ID_LONGEST - 1);
	__u32 at = (call_id_at & FRAME_AT);

	if (!s || write_number(ctx) || bpf_xdp_load_bytes(ctx, at, s->parser.buf, CALL_ID_LONGEST))
		return -1;
	key->call = hash_exact(&s->parser, 0, len);
	key->tags = tags;
	return 0;
}

SEC("xdp.frags")
int bench_key(struct xdp_md *ctx)
{
	struct cg_dialog_key key;

	if (make_key(ctx, &key))
		return XDP_ABORTED;
	barrier_var(key.call);
	return XDP_PASS;
}

SEC("xdp.frags")
int bench_lookup(struct xdp_md *ctx)
{
	struct cg_dialog_key key;

	if (make_key(ctx, &key))
		return XDP_ABORTED;
	if (!bpf_map_lookup_elem(&dialogs, &key))
		misses++;
	return XDP_PASS;
}

/* The host answers an INVITE: with another Call-ID each time, to the guard's way out. */
SEC("tc")
int bench_answer(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (!write_digits(data, end, call_id_at, bench_hex(draw())))
		bpf_tail_call(skb, &production_out, 0);
	return TC_ACT_SHOT;
}
