/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What one message is, in one place for all rules: per CPU, since it is too large for the stack. XDP
 * runs in softirq and tc egress with softirqs off, so neither meets the other's.
 *
 * API: scratch_get(), config_get(), struct pkt_ctx, struct msg_info.
 */
#ifndef CG_SCRATCH_H
#define CG_SCRATCH_H

#include "maps.h"
#include "packet.h"
#include "sip_parser.h"

struct msg_info {
	__u64 now;
	struct cg_dialog_key key;
	__u64 from_hash; /* folded tags' hashes */
	__u64 to_hash;
	__u64 from_case_mask;
	__u64 to_case_mask;
	__u64 branch_hash; /* of the top Via; 0: none */
	__u64 branch2_hash; /* of the Via below it */
	__u32 contact_hash; /* targets: hashes of a URI up to its parameters; 0: none */
	__u32 request_uri_hash;
	__u32 cseq;
	__u16 status; /* 0: a request */
	__u16 request_port; /* that the Request-URI names */
	__u8 cseq_valid;
	__u8 method;
	__u8 direction;
	__u8 remote_is_gateway; /* the far end of this packet is under --gateway */
	__u16 remote_port;
	__u8 relayed; /* there is a Via below the top one */
	__u8 ifindex_hash; /* in short, where a leg is bound to its own; else 0 */
	__u8 remote[16]; /* source of what comes in, destination of what goes out */
};

struct scratch {
	struct packet packet;
	struct msg_info info;
	struct cg_invite invite;
	__u64 dialog[sizeof(struct cg_dialog) / 8]; /* a spin lock may stand in hash values only */
	__u64 alert_second;
	__u32 alerts; /* within it */
	__u32 requests;
	__u64 sequence;
	struct sip_parser parser;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

struct pkt_ctx {
	struct scratch *scratch;
	const struct cg_config *config;
};

/* What the rules made of a message. */
struct verdict {
	__u8 reason; /* enum cg_reason */
	__u8 event; /* enum cg_event_type, or CG_EVENTS: none */
	__u8 leg; /* enum cg_leg_id: whose tag is in From */
	__u8 clock; /* that the dialog was born under */
	__u32 expected_cseq;
	__u8 would_drop; /* enum cg_event_type END or RESUME: so ended a BYE let pass in observe mode */
	__u8 addr_change; /* a leg speaks from another address: note it */
	__u8 unexpected_uas; /* the right branch, from another address: note it */
	__u8 pad;
};

bpf_inline struct scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

bpf_inline const struct cg_config *config_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

bpf_inline int addr_equal(const __u8 a[16], const __u8 b[16])
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

BPF_SUBPROG int addr_is_gateway(const struct cg_config *config, const __u8 addr[16])
{
	struct cg_prefix key = { .bits = 128 };

	if (!config->has_gateways)
		return 0;
	__builtin_memcpy(key.addr, addr, 16);
	return bpf_map_lookup_elem(&gateways, &key) != NULL;
}

#endif
