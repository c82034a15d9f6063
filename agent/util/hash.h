/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* FNV-1a, 64 bits. It has no key: whoever chooses the bytes can make them collide. */
#ifndef CG_UTIL_HASH_H
#define CG_UTIL_HASH_H

#include <linux/types.h>
#include <stddef.h>

#define CG_HASH_START 14695981039346656037ULL

/* Returns the hash of what `hash` is the hash of, and of these bytes behind it. */
static inline __u64 cg_hash_add(__u64 hash, const void *bytes, size_t len)
{
	const __u8 *b = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ b[i]) * 1099511628211ULL;
	return hash;
}

#endif
