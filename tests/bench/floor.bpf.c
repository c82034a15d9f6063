// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The floor: the least that any program must do that reads SIP and knows dialogs. It copies the
 * payload, counts line ends, 64 bytes a callback, and looks a random key up in the guard's map. It
 * decides nothing. The guard's costs are told as multiples of its cost.
 *
 * It shares no header with the guard, and it must not change: else a faster guard would raise the
 * ratios, and figures of other releases could not be compared.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define PAYLOAD_AT 42 /* behind Ethernet, IPv4 and UDP headers */
#define PAYLOAD_MAX 4096
#define BLOCK 64
#define EACH(byte) (0x0101010101010101ULL * (byte))

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct payload {
	__u8 bytes[PAYLOAD_MAX + BLOCK];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct payload);
} payloads SEC(".maps");

struct floor_key {
	__u64 words[2];
};

/* The guard's own: the bench sets its descriptor, and with it the size of a value. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct floor_key);
	__type(value, __u64);
} dialogs SEC(".maps");

struct line_count {
	const __u8 *bytes;
	__u64 lines;
};

static long count_block(__u32 block, struct line_count *count)
{
	__u32 at = block * BLOCK & (PAYLOAD_MAX - BLOCK);

	for (int i = 0; i < BLOCK; i += 8) {
		const void *word = count->bytes + at + i;
		__u64 x = *(const __u64 *)word ^ EACH('\n');

		count->lines += (((x - EACH(1)) & ~x & EACH(0x80)) >> 7) * EACH(1) >> 56;
	}
	return 0;
}

SEC("xdp.frags")
int floor_in(struct xdp_md *ctx)
{
	struct payload *payload = bpf_map_lookup_elem(&payloads, &(__u32){ 0 });
	__u64 len = bpf_xdp_get_buff_len(ctx) - PAYLOAD_AT;
	struct line_count count = {};
	struct floor_key key;

	if (!payload || !len)
		return XDP_ABORTED;
	asm volatile(
		""
		: "+r"(len)); /* two comparisons: the verifier learns nothing from one of len - 1 */
	if (len > PAYLOAD_MAX || bpf_xdp_load_bytes(ctx, PAYLOAD_AT, payload->bytes, len))
		return XDP_ABORTED;
	count.bytes = payload->bytes;
	bpf_loop((len + BLOCK - 1) / BLOCK, count_block, &count, 0);
	key.words[0] = bpf_get_prandom_u32() * EACH(3) + count.lines;
	key.words[1] = 7;
	return bpf_map_lookup_elem(&dialogs, &key) ? XDP_DROP : XDP_PASS;
}
