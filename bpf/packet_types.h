/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A frame on its way through packet_ip.h and packet.h: how far it is read, and what was found.
 *
 * API: packet_time(), packet_load().
 */
#ifndef CG_PACKET_TYPES_H
#define CG_PACKET_TYPES_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf_attr.h"
#include "cseqguard.h"
#include "reads_hep.h"

#define PACKET_SIP (-1) /* not a reason: there is a payload on a SIP port */
#define PACKET_FRAGMENT (-2) /* ... a fragment of what may be a UDP datagram */
#define PACKET_TCP_FRAGMENT (-3) /* ... the first fragment of a TCP segment */

#define PACKET_VLANS 2 /* 802.1Q within 802.1ad */
#define PACKET_EXTENSIONS 1024 /* IPv6 extension headers: a jumbo frame holds no more */
#define PACKET_HEADERS_MAX 0x3fff /* bytes before the UDP header; bounds an offset */

/*
 * State of the walk over IPv6 extension headers. In map memory for the reason in struct sip_parser.
 */
struct packet_chain {
	__u32 offset;
	__be32 id; /* of the fragment header */
	__be16 fragment; /* offset and M flag of the fragment header; 0: none */
	__u8 next; /* protocol at `offset` */
	__u8 pad;
};

/* What one fragment holds of its datagram. */
struct packet_fragment {
	__u32 at; /* offset in the frame */
	__u16 offset; /* in the datagram; a multiple of 8 */
	__u16 length;
	__be32 id;
	__u8 more; /* it is not the last */
	__u8 protocol; /* of the datagram's first header, if this is the first fragment */
	__u8 version; /* of IP */
	__u8 pad;
};

/* Where its datagram is gathered. Filled by fragment.h. */
struct packet_gather {
	__u64 key;
	__u64 now;
	__u64 units[CG_FRAGMENT_BYTES / 8 / 64]; /* of 8 bytes that the fragment holds */
	__u64 beyond[CG_FRAGMENT_BYTES / 8 / 64]; /* ... that are behind the last one */
	__u32 bucket;
	__u8 set;
	__u8 may_begin; /* a set is made if there is none */
	__u8 hold_s; /* of a set that is made */
	__u8 pad;
};

struct packet {
	__u64 at; /* of a message that is reported (hep.h) */
	__u8 source[16];
	__u8 dest[16];
	__u16 source_port;
	__u16 dest_port;
	__u32 offset; /* of the payload in the frame */
	__u32 length; /* bytes of the payload that are in this frame, or gathered */
	__u8 cut; /* the payload is longer */
	__u8 gathered; /* from fragments: it is in the parser's buffer already */
	__u8 direction; /* enum cg_direction */
	__u8 own_socket; /* it leaves from a socket of this host */
	__u8 tcp; /* it is a segment of a TCP stream */
	__u8 enforced; /* if it is refused, it is kept from the host */
	__u8 has_options; /* of IPv4, or extension headers */
	__u8 pad;
	__u32 ifindex;
	struct packet_chain chain;
	struct packet_fragment fragment;
	struct packet_gather gather;
};

/* When the packet came or left, CLOCK_BOOTTIME. */
bpf_inline __u64 packet_time(const struct packet *packet)
{
	return from_hep() ? packet->at : bpf_ktime_get_boot_ns();
}

struct cursor {
	void *ctx; /* of XDP or tc */
	void *data;
	void *pos;
	void *end;
	__u64 frame; /* bytes of the whole frame; [data, end) may be only its head */
	__u64 above_ip; /* offset in the frame of the header above IP */
	__u64 ip_end; /* offset in the frame at which the IP packet ends, by its length field */
	__u8 protocol; /* above IP */
	__u8 version; /* of IP */
	__u8 may_be_big; /* joined by the kernel: its IP length may be 0 (BIG TCP) */
	__be16 bare; /* the frame begins with its IP header: the protocol of that; 0: with Ethernet */
};

struct vlan_tag {
	__be16 tci;
	__be16 protocol;
};

struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment;
	__be32 id;
};

/*
 * Copies bytes of the frame. `direction` must be a compile-time constant: XDP and tc have different
 * helpers. Returns 0 or an error.
 */
bpf_inline long packet_load(void *ctx, __u8 direction, __u32 offset, void *to, __u32 length)
{
	return direction == CG_IN ? bpf_xdp_load_bytes(ctx, offset, to, length)
				  : bpf_skb_load_bytes(ctx, offset, to, length);
}

#endif
