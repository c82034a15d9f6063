/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sets of URIs as one number: the sum of their keyed hashes in the low 28 bits, their number in the
 * high four. A sum does not depend on the order, and a doubled entry shows. Sets can be subtracted.
 *
 * API: uri_set_of(), uri_set_add(), uri_set_sub(), uri_set_is_valid().
 */
#ifndef CG_URI_SET_H
#define CG_URI_SET_H

#include "bpf_attr.h"
#include "cseqguard.h"

#define URI_SET_EMPTY 0
#define URI_SET_SUM 0x0fffffffU

bpf_inline __u32 uri_set_size(__u32 set)
{
	return set >> 28;
}

bpf_inline int uri_set_is_valid(__u32 set)
{
	return uri_set_size(set) < 15;
}

/* hash: of uri_hash(); 0 never matches. */
bpf_inline __u32 uri_set_of(__u64 hash)
{
	return hash ? 1U << 28 | hash >> 36 : CG_URIS_NONE;
}

bpf_inline __u32 uri_set_add(__u32 a, __u32 b)
{
	__u32 size = uri_set_size(a) + uri_set_size(b);

	return size < 15 ? size << 28 | ((a + b) & URI_SET_SUM) : CG_URIS_NONE;
}

/* b is a part of a; if it cannot be, the result is invalid. */
bpf_inline __u32 uri_set_sub(__u32 a, __u32 b)
{
	if (!uri_set_is_valid(a) || uri_set_size(b) > uri_set_size(a))
		return CG_URIS_NONE;
	return (uri_set_size(a) - uri_set_size(b)) << 28 | ((a - b) & URI_SET_SUM);
}

#endif
