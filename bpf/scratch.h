/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The per-CPU memory of one packet, which is too large for the stack, and struct pkt_ctx, through
 * which the rules reach it. XDP runs in softirq and tc egress with softirqs off, so neither can
 * interrupt the other on one CPU.
 *
 * API: scratch_get(), config_get().
 */
#ifndef CG_SCRATCH_H
#define CG_SCRATCH_H

#include "maps.h"
#include "msg_info.h"
#include "packet.h"
#include "sip_types.h"

struct scratch {
	struct packet packet;
	struct msg_info info;
	struct cg_invite invite;
	/*
	 * struct cg_dialog. Not as a struct: a spin lock is allowed in hash and array values only.
	 */
	__u64 dialog[sizeof(struct cg_dialog) / 8];
	__u64 alert_second; /* the second that `alerts` and `requests` count */
	__u32 alerts;
	__u32 requests;
	__u64 sequence; /* of events of this CPU */
	struct sip_parser parser;
};

/* A value for each CPU. The only map that is not pinned. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* The context of every rule: the packet and the settings. */
struct pkt_ctx {
	struct scratch *scratch;
	const struct cg_config *config;
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

#endif
