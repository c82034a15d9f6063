// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * VLAN tags where the kernel has no VLAN devices: pushed on the way out of the caller, popped
 * behind the guard. A veth carries the outermost beside the frame, the others in it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("one")
int push_one(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 5);
	return TC_ACT_OK;
}

SEC("two")
int push_two(struct __sk_buff *skb)
{
	push_one(skb);
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 6);
	return TC_ACT_OK;
}

SEC("three")
int push_three(struct __sk_buff *skb)
{
	push_two(skb);
	bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 7);
	return TC_ACT_OK;
}

SEC("none")
int pop(struct __sk_buff *skb)
{
	for (int i = 0; i < 3; i++)
		bpf_skb_vlan_pop(skb);
	return TC_ACT_OK;
}
