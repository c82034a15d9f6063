// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* F12, H7: the headers around the message. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

/* The low BYE in this frame, and next to it the correct BYE. */
#define FRAMED(name, frame)                                                                        \
	CASE("F1: a low BYE is dropped " name, NULL, CALL,                                         \
	     {"caller>host", "BYE 10 a>b via=c8", "drop out_of_order", "violation:10<14",           \
	      "confirmed blocked=1", frame},                                                       \
	     {"caller>host", "BYE 14 a>b via=c9", "pass bye", "none", "confirmed caller=14", frame})

#define CALL6                                                                                      \
	{"caller6>host6", "INVITE 13 a> via=c1", "pass invite"},                  \
	{"host6>gateway6", "INVITE 13 a> via=p1,c1", "pass invite"},              \
	{"gateway6>host6", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",                   \
	 "confirmed caller_at=caller6 callee_at=gateway6 witness=callee"}

#define FRAMED6(name, frame)                                                                       \
	CASE("F1: a low BYE is dropped " name, NULL, CALL6,                                        \
	     {"caller6>host6", "BYE 10 a>b via=c8", "drop out_of_order", "violation:10<14",         \
	      "confirmed blocked=1", frame},                                                       \
	     {"caller6>host6", "BYE 14 a>b via=c9", "pass bye", "none", "confirmed", frame},            \
	     {"host6>gateway6", "BYE 14 a>b via=p9,c9", "pass bye", "bye", "ending", frame},         \
	     {"gateway6>host6", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended", frame})

#define PASSES(name, message, reason, frame)                                                       \
	CASE(name, NULL, {"caller>host", message, "pass " reason, NULL, NULL, frame})

#define CALL_ON_5070                                                                               \
	{"caller>host:5070", "INVITE 13 a> via=c1", "pass invite"},               \
	{"host:5070>caller", "200 INVITE 13 a>b via=c1", "pass opened", "start", "confirmed"}

SUITE(packet,
	FRAMED("in a VLAN", "vlan"),
	FRAMED("in a VLAN in a VLAN", "qinq"),
	FRAMED("behind IPv4 options", "options"),
	FRAMED("behind IPv4 options in a VLAN", "vlan options"),
	FRAMED("in a frame padded behind the IP packet", "trailer=40"),
	FRAMED6("over IPv6", NULL),
	FRAMED6("over IPv6 behind extension headers", "ext=3"),
	FRAMED6("over IPv6 behind extension headers, in a VLAN in a VLAN", "qinq ext=3"),
	FRAMED6("over IPv6 with UDP length 0, which Linux accepts", "udplen=0"),
	FRAMED6("over IPv6 behind 12 destination options headers", "ext=12"),
	CASE("F9: source=strict drops a BYE from a third address over IPv6", "source=strict", CALL6,
	     {"stranger6>host6", "BYE 14 a>b via=x1", "drop foreign_source", "violation", "confirmed"}),

	CASE("F12: a BYE with its dialog headers behind the first 4,096 bytes is dropped",
	     NULL, CALL,
	     {"caller>host", "BYE 14 a>b via=c8 pad=5000", "drop fragmented", "violation:drop",
	      "confirmed"}),
	CASE("F12: fragments=pass passes a BYE with its headers behind 4,096 bytes and reports it",
	     "fragments=pass", CALL,
	     {"caller>host", "BYE 14 a>b via=c8 pad=5000", "pass fragmented", "violation:fragmented:pass"},
	     {"caller>host", "INVITE 13 z> via=c8 pad=5000", "pass fragmented", "violation:fragmented:pass"}),
	CASE("near miss: a frame of 3,000 bytes is inspected in full", NULL, CALL,
	     {"caller>host", "BYE 10 a>b via=c8 pad=2500", "drop out_of_order", "violation"},
	     {"caller>host", "BYE 14 a>b via=c9 pad=2500", "pass bye", "none", "confirmed caller=14"}),

	PASSES("ARP passes", "=x", "not_udp", "arp"),
	PASSES("ICMP passes", "=xxxxxxxx", "not_udp", "icmp"),
	PASSES("TCP on a SIP port is counted as such", "=xxxxxxxxxxxxxxxx", "tcp", "tcp"),
	PASSES("GRE is counted as a tunnel", "=xxxxxxxx", "tunnel", "proto=47"),
	PASSES("IPv4 in IPv4 is counted as a tunnel", "=xxxxxxxx", "tunnel", "proto=4"),
	PASSES("IPv6 in IPv4 is counted as a tunnel", "=xxxxxxxx", "tunnel", "proto=41"),
	PASSES("a tunnel behind IPv4 options in a VLAN is counted as such", "=xxxxxxxx", "tunnel",
	       "options vlan proto=47"),
	PASSES("a fragment of a tunnel's packet is counted as such", "=xxxxxxxxxxxxxxxx", "tunnel",
	       "first=8 proto=47"),
	PASSES("near miss: ESP, which nobody can read, is no tunnel", "=xxxxxxxx", "not_udp", "proto=50"),
	PASSES("a PPPoE session is counted as a tunnel", "=xxxxxxxx", "tunnel", "pppoe"),
	PASSES("a PPPoE session in a VLAN is counted as a tunnel", "=xxxxxxxx", "tunnel", "vlan pppoe"),
	CASE("tunnels over IPv6 and by UDP are counted, both ways", NULL,
	     {"caller6>host6", "=xxxxxxxx", "pass tunnel", NULL, NULL, "proto=47"},
	     {"caller6>host6", "=xxxxxxxx", "pass tunnel", NULL, NULL, "ext=2 proto=4"},
	     {"host6>caller6", "=xxxxxxxx", "pass tunnel", NULL, NULL, "proto=41"},
	     {"caller:40000>host:4789", "=xxxxxxxx", "pass tunnel"},
	     {"host:40000>caller:4789", "=xxxxxxxx", "pass tunnel"},
	     {"caller:40000>host:8472", "=xxxxxxxx", "pass tunnel"},
	     {"caller:2152>host:2152", "=xxxxxxxx", "pass tunnel"},
	     {"caller6:40000>host6:4789", "=xxxxxxxx", "pass tunnel", NULL, NULL, "vlan"}),
	CASE("near miss: UDP from a tunnel's port, and next to it, is another port", NULL,
	     {"caller:4789>host:40000", "=xxxxxxxx", "pass other_port"},
	     {"caller:40000>host:4790", "=xxxxxxxx", "pass other_port"},
	     {"caller:40000>host:2153", "=xxxxxxxx", "pass other_port"}),
	CASE("a SIP port that is a tunnel's is a SIP port", "ports=4789",
	     {"caller>host:4789", "INVITE 13 a> via=c1", "pass invite"},
	     {"caller:40000>host:2152", "=xxxxxxxx", "pass tunnel"}),
	PASSES("a datagram with a UDP length beyond its end passes as malformed",
	     "BYE 10 a>b", "malformed",
	       "udplen=1400"),
	PASSES("a UDP length below the header's passes as malformed",
	     "BYE 10 a>b", "malformed", "udplen=7"),
	PASSES("a datagram with an IP length beyond its end passes as malformed",
	     "BYE 10 a>b", "malformed", "iplen=1400"),
	PASSES("an IP length below the header's passes as malformed",
	     "BYE 10 a>b", "malformed", "iplen=19"),
	PASSES("a frame that ends in the IP header passes", "BYE 10 a>b", "malformed", "cut=30"),
	PASSES("a frame that ends in the UDP header passes", "BYE 10 a>b", "malformed", "cut=38"),
	CASE("F9: an IPv6 packet with the gateway's IPv4-mapped address as its source is malformed",
	     NULL,
	     {"caller6>host6", "INVITE 13 a> via=c1", "pass invite"},
	     {"host6>gateway6", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway6>host6", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start"},
	     {"mapped6>host6", "BYE 1 b>a via=x1", "pass malformed", NULL, "confirmed"}),
	CASE("UDP to another port passes", NULL,
	     {"caller:4000>host:4002", "BYE 10 a>b", "pass other_port"},
	     {"host:4002>caller:4000", "BYE 10 a>b", "pass other_port"}),
	CASE("the guard reads the ports of its settings", "ports=5062,5070", CALL_ON_5070,
	     {"caller>host", "BYE 10 a>b via=c8", "pass other_port"},
	     {"caller>host:5070", "BYE 10 a>b via=c8", "drop out_of_order", "violation"},
	     {"caller>host:5062", "BYE 10 a>b via=c8", "drop out_of_order", "violation"})
);
