/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses, 16 bytes in network order. An IPv4 address is ::ffff:a.b.c.d.
 *
 * API: addr_equal(), addr_is_zero(), addr_is_ipv4(), addr_hash32(), addr_class(),
 * addr_is_gateway().
 */
#ifndef CG_ADDR_H
#define CG_ADDR_H

#include <bpf/bpf_endian.h>

#include "bpf_attr.h"
#include "maps.h"

bpf_inline int addr_equal(const __u8 a[16], const __u8 b[16])
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

bpf_inline int addr_is_zero(const __u8 a[16])
{
	const __u64 *x = (const void *)a;

	return !(x[0] | x[1]);
}

bpf_inline int addr_is_ipv4(const __u8 a[16])
{
	const __u32 *words = (const void *)a;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/* Returns a keyed hash of an address, never 0. It needs 4 bytes instead of 16. */
bpf_inline __u32 addr_hash32(const __u64 key[2], const __u8 a[16])
{
	const __u64 *x = (const void *)a;
	__u64 mix = (x[0] ^ key[0]) * (key[1] | 1);

	mix = ((mix ^ mix >> 29) + x[1]) * (key[0] | 1);
	return (__u32)((mix ^ mix >> 31) >> 16) | 1;
}

/* Returns enum cg_addr_class of an address. */
BPF_SUBPROG int addr_class(const struct cg_config *config, const __u8 addr[16])
{
	struct cg_prefix key = { .bits = 128 };
	const __u32 *class;

	if (!config->has_prefixes)
		return CG_ADDR_OTHER;
	__builtin_memcpy(key.addr, addr, 16);
	class = bpf_map_lookup_elem(&gateways, &key);
	return class ? *class : CG_ADDR_OTHER;
}

bpf_inline int addr_is_gateway(const struct cg_config *config, const __u8 addr[16])
{
	return addr_class(config, addr) == CG_ADDR_GATEWAY;
}

#endif
