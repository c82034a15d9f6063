/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The per-CPU memory of one packet, which is too large for the stack, and struct pkt_ctx, through
 * which the rules reach it. XDP runs in softirq and tc egress with softirqs off, so neither can
 * interrupt the other on one CPU.
 *
 * API: scratch_get(), config_get(), host_state_get(), scratch_begin_second().
 */
#ifndef CG_SCRATCH_H
#define CG_SCRATCH_H

#include "maps.h"
#include "msg_info.h"
#include "packet.h"
#include "sip_types.h"

/* Filled by msg_route_parse(). */
struct msg_route {
	/* Via, of requests that go out */
	__u64 peer_branch; /* of the topmost Via that is not the host's; 0: none, or no branch */
	__u8 stamp[16]; /* the address of that Via, if has_stamp */
	__u8 has_peer_via;
	__u8 has_stamp;
	__u8 peer_has_cookie; /* its branch begins with z9hG4bK */
	__u8 own_vias; /* above it */
	/* Via, of requests that come in */
	__u8 came_back; /* the host has sent it out before, under own_branch */
	__u8 contact_is_own; /* the Contact is a name of the host */
	__u8 records_own; /* a Record-Route is one */
	__u8 request_uri_cut; /* branch.request_uri is not the whole */
	__u64 own_branch;
	/* URI sets */
	__u32 request_uri;
	__u32 routes; /* less those that only name the host */
	__u32 contact;
	__u32 record_routes;
	__u32 request_user; /* hash of the user part; 0: none */
	__u32 request_name; /* hashes of all but host and port; 0: no user */
	__u32 contact_name; /* of a gateway as request_name, of others as request_user */
	__u32 pad;
	struct sip_slice request_host;
	struct sip_slice next_hop; /* host of the topmost Route, else of the Request-URI */
	__u8 request_addr[16]; /* the addresses that both spell; 0: a name */
	__u8 next_addr[16];
	__u16 request_port;
	__u16 pad2[3];
};

struct scratch {
	struct packet packet;
	struct msg_info info;
	struct msg_route route;
	struct cg_branch branch;
	struct cg_invite invite;
	/*
	 * struct cg_dialog. Not as a struct: a spin lock is allowed in hash and array values only.
	 */
	__u64 dialog[sizeof(struct cg_dialog) / 8];
	__u64 second; /* the second that the next three count in */
	__u32 alerts;
	__u32 requests;
	__u32 answers;
	__u8 reason; /* enum cg_reason of a packet that is dropped, for refusal_answer() */
	__u8 pad[3];
	__u64 busy; /* cseqguard_hep runs with it */
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

/*
 * Returns the memory of this CPU, with the key of the hashes in it: rules run under a lock, where
 * no map can be read.
 */
bpf_inline struct scratch *scratch_get(void)
{
	const struct cg_secret *key;
	struct scratch *s;
	__u32 zero = 0;

	key = bpf_map_lookup_elem(&secret, &zero);
	if (!key)
		return NULL;
	s = bpf_map_lookup_elem(&scratch, &zero);
	if (!s)
		return NULL;
	s->parser.hash_key[0] = key->hash_key[0];
	s->parser.hash_key[1] = key->hash_key[1];
	return s;
}

bpf_inline struct cg_host_state *host_state_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&host_state, &zero);
}

/* Restarts the rate limits once a second (2^30 ns). */
bpf_inline void scratch_begin_second(struct scratch *s)
{
	__u64 second = bpf_ktime_get_coarse_ns() >> 30;

	if (s->second == second)
		return;
	s->second = second;
	s->alerts = 0;
	s->requests = 0;
	s->answers = 0;
}

bpf_inline const struct cg_config *config_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

#endif
