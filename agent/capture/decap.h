/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From the bytes of a capture to the innermost IP packet: link layer, VLAN, MPLS, PPPoE, and the
 * tunnels IPIP, GRE, VXLAN and GTP-U. No state, no allocation.
 */
#ifndef CG_CAPTURE_DECAP_H
#define CG_CAPTURE_DECAP_H

#include <stdbool.h>

#include "capture/capture_file.h"

/*
 * Addresses in network order, IPv4 as ::ffff:a.b.c.d; ports in host order, 0 in a later fragment.
 */
struct cg_flow {
	uint8_t source[16], dest[16];
	uint16_t source_port, dest_port;
};

struct cg_ip_packet {
	const uint8_t *bytes; /* from the IP header on, without padding behind it */
	size_t len;
	uint32_t ifindex; /* of a cooked header; 1 where none is known */
	uint8_t protocol; /* above IP and its extension headers */
	bool is_fragment;
	bool is_first; /* no later fragment: the payload begins with its header */
	bool is_cut; /* the packet is longer than what was captured */
	const uint8_t *payload; /* from the UDP or TCP header on */
	size_t payload_len;
	struct cg_flow flow;
};

/* Returns 0; -1: there is no IP packet. */
int cg_decap(enum cg_link link, const uint8_t *bytes, size_t len, struct cg_ip_packet *packet);

#endif
