// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The parser alone, for probe.c: it parses the text that userspace put into the map. A verifier
 * that believes that the second step of a loop is unreachable removes its code. Only running it
 * shows that.
 */
#include <linux/stddef.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "sip_parser.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sip_parser);
} parser SEC(".maps");

/* Input: parser->len and ->complete. Returns 1 if sip_parse() returns 0. */
SEC("tc") /* running XDP waits for RCU */
int probe(struct __sk_buff *ctx)
{
	struct sip_parser *p = bpf_map_lookup_elem(&parser, &(__u32){ 0 });

	(void)ctx;
	return p && !sip_parse(p, p->len, p->complete) && !sip_parse_routing(p);
}
