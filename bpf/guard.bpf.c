// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "cseqguard.h"
#include "maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp.frags")
int cseqguard_in(struct xdp_md *ctx)
{
	return bpf_map_lookup_elem(&config, &(__u32){0}) ? XDP_PASS : XDP_PASS;
}

SEC("tc")
int cseqguard_out(struct __sk_buff *skb)
{
	return bpf_map_lookup_elem(&config, &(__u32){0}) ? TC_ACT_UNSPEC : TC_ACT_UNSPEC;
}
