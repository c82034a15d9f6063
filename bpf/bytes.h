/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Bytes of a frame that are copied and compared, in forms that the 6.1 verifier follows.
 *
 * API: copy_length(), bytes_equal().
 */
#ifndef CG_BYTES_H
#define CG_BYTES_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf_attr.h"
#include "sip_types.h"

/*
 * Returns a length, which the caller knows to be 1 to max, in a form that shows it to the verifier.
 * max: a power of two.
 */
bpf_inline __u32 copy_length(__u32 length, __u32 max)
{
	/* clang 19 drops a mask that it can prove from the caller's checks; the verifier cannot. */
	barrier_var(length);
	length = (length - 1) & (max - 1);
	barrier_var(length);
	return length + 1;
}

struct bytes_compare {
	const __u8 *a;
	const __u8 *b;
	__u32 offset; /* in b */
	__u32 length;
	__u32 differ;
};

static long bytes_compare_step(__u32 i, void *arg)
{
	struct bytes_compare *c = arg;
	__u32 at = (i * 8) & (SIP_MAX - 1), rest = c->length - i * 8;
	__u32 there = (c->offset + at) & (SIP_MAX - 1);
	__u64 unlike = *(const __u64 *)(c->a + at) ^ *(const __u64 *)(c->b + there);

	if (rest < 8)
		unlike &= (1ULL << (rest * 8)) - 1;
	c->differ = unlike != 0;
	return c->differ || rest <= 8;
}

/*
 * Returns whether a and the bytes of b from `offset` on have the same first `length` bytes, 1 to
 * SIP_MAX. Both are map memory, with 8 bytes behind SIP_MAX that may be read.
 */
bpf_inline int bytes_equal(const __u8 *a, const __u8 *b, __u32 offset, __u32 length)
{
	struct bytes_compare compare = { .a = a, .b = b, .offset = offset, .length = length };

	bpf_loop(SIP_MAX / 8, bytes_compare_step, &compare, 0);
	return !compare.differ;
}

#endif
