// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What the guard is measured against: the cheapest program there is. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp.frags")
int bench_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
