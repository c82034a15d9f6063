/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Builds Ethernet frames around a payload. Words of `wrap`, NULL for none:
 *	vlan qinq	one tag, two tags
 *	options		24 bytes of IPv4 options
 *	ext=N		IPv6: N extension headers: hop-by-hop, routing, then destination options
 *	inner=N		IPv6: N destination options behind those and the fragment header
 *	tcp icmp arp pppoe	another protocol
 *	proto=N		another protocol above IP
 *	first=N		the first fragment, N bytes of UDP header and payload (a multiple of 8)
 *	later=N		the fragment at offset N; with first=M, up to M: one of the middle
 *	id=N		identification of the datagram, below 8; fragments of others are not joined
 *	udplen=N	length field of the UDP header
 *	iplen=N		length field of the IP header
 *	cut=N		the frame ends after N bytes
 *	group		the destination MAC address is a group's
 *	trailer=N	N bytes of padding after the IP packet
 */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoints.h"

#define FRAME_MAX 9200

struct frame {
	__u8 bytes[FRAME_MAX];
	size_t len;
};

/* The fragments of the case that follows belong to no datagram of one before. */
void frame_begin_case(void);
bool frame_case_has_fragments(void);

/* Returns 0, or -EINVAL for an unknown word or a payload that is too long. */
int frame_make(struct frame *frame, const struct endpoint *from, const struct endpoint *to,
	       const void *payload, size_t len, const char *wrap);

#endif
