/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses, 16 bytes in network order. An IPv4 address is ::ffff:a.b.c.d.
 *
 * API: addr_equal(), addr_is_gateway().
 */
#ifndef CG_ADDR_H
#define CG_ADDR_H

#include "bpf_attr.h"
#include "maps.h"

bpf_inline int addr_equal(const __u8 a[16], const __u8 b[16])
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* Returns whether the address is under a --gateway prefix. */
BPF_SUBPROG int addr_is_gateway(const struct cg_config *config, const __u8 addr[16])
{
	struct cg_prefix key = { .bits = 128 };

	if (!config->has_gateways)
		return 0;
	__builtin_memcpy(key.addr, addr, 16);
	return bpf_map_lookup_elem(&gateways, &key) != NULL;
}

#endif
