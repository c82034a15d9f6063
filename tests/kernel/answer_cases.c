// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* refuse=answer: which refused BYEs become a 500, and what it looks like (check_answer.c). */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define CALL6                                                                                      \
	{"caller6>host6", "INVITE 13 a> via=c1", "pass invite"},                  \
	{"host6>gateway6", "INVITE 13 a> via=p1,c1", "pass invite"},              \
	{"gateway6>host6", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start"}

/* The low BYE, as message and in a frame, and next to it the right one. */
#define ANSWERS(name, message, frame)                                                              \
	CASE("refuse=answer: a low BYE is answered " name, "refuse=answer", CALL,                  \
	     {"caller>host", "BYE 10 a>b via=c8 " message, "answered out_of_order",               \
	      "violation:out_of_order:answered:10<14:caller", "confirmed caller=13 blocked=1", frame}, \
	     {"caller>host", "BYE 14 a>b via=c9 " message, "pass bye", "none", "confirmed caller=14", frame})

#define ANSWERS6(name, frame)                                                                      \
	CASE("refuse=answer: a low BYE is answered " name, "refuse=answer", CALL6,                 \
	     {"caller6>host6", "BYE 10 a>b via=c8", "answered out_of_order", "violation:answered", \
	      "confirmed blocked=1", frame},                                                       \
	     {"caller6>host6", "BYE 14 a>b via=c9", "pass bye", "none", "confirmed", frame})

/* A BYE that is dropped as without refuse=answer. */
#define DROPS(name, settings, path, message, reason, frame)                                        \
	CASE("refuse=answer: " name, "refuse=answer " settings, CALL,                              \
	     {path, message, "drop " reason, "violation:" reason ":drop", "confirmed blocked=1", frame})

#define LONG_URI "sip:b@b.example;x=" U64 U64 U64 U64 U64
#define U64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

SUITE(answer,
	ANSWERS("over IPv4", "", NULL),
	ANSWERS("in a VLAN", "", "vlan"),
	ANSWERS("in a VLAN in a VLAN", "", "qinq"),
	ANSWERS("in a frame padded behind the IP packet", "", "trailer=40"),
	ANSWERS("with an odd number of bytes", "pad=1", NULL),
	ANSWERS("with an even number of bytes", "pad=2", NULL),
	ANSWERS("with 3 bytes more", "pad=3", NULL),
	ANSWERS("with 4 bytes more", "pad=4", NULL),
	ANSWERS("with 5 bytes more", "pad=5", NULL),
	ANSWERS("with 6 bytes more", "pad=6", NULL),
	ANSWERS("with 7 bytes more", "pad=7", NULL),
	ANSWERS("with 8 bytes more", "pad=8", NULL),
	ANSWERS("with 3,000 bytes", "pad=2700", NULL),
	ANSWERS("with a request line of 17 bytes", "uri=sip:h", NULL),
	ANSWERS("with a request line as long as the status line", "uri=sip:b@h.example.net", NULL),
	ANSWERS("with a request line of 338 bytes", "uri=" LONG_URI, NULL),
	ANSWERS("with bare line feeds", "lf", NULL),
	ANSWERS6("over IPv6", NULL),
	ANSWERS6("over IPv6 in a VLAN", "vlan"),
	ANSWERS6("over IPv6 in a VLAN in a VLAN", "qinq"),

	CASE("refuse=answer: the answer goes to the port that the BYE came from", "refuse=answer", CALL,
	     {"caller:40001>host", "BYE 10 a>b via=c8", "answered out_of_order", "violation:answered",
	      "confirmed blocked=1"}),
	CASE("refuse=answer: a BYE of an equal CSeq is answered", "refuse=answer", CALL,
	     {"caller>host", "BYE 13 a>b via=c8", "answered equal_cseq",
	      "violation:equal_cseq:answered:13<14:caller", "confirmed caller=13 blocked=1"}),
	CASE("near miss: with equal=pass it passes", "refuse=answer equal=pass", CALL,
	     {"caller>host", "BYE 13 a>b via=c8", "pass equal_cseq", "violation:equal_cseq:pass", "confirmed"}),
	CASE("refuse=answer: the gateway's low BYE is answered as well", "refuse=answer", CALL,
	     {"gateway>host", "INFO 5 b>a via=g1", "pass in_dialog", NULL, "confirmed callee=5"},
	     {"gateway>host", "BYE 4 b>a via=g2", "answered out_of_order",
	      "violation:answered:4<6:callee", "confirmed callee=5 blocked=1"}),
	CASE("refuse=answer: source=strict answers the leg's own address", "refuse=answer source=strict", CALL,
	     {"caller>host", "BYE 10 a>b via=c8", "answered out_of_order", "violation", "confirmed blocked=1"},
	     {"stranger>host", "BYE 10 a>b via=c8", "drop foreign_source", "violation", "confirmed blocked=2"}),
	CASE("refuse=drop: a low BYE is dropped without an answer", "refuse=drop", CALL,
	     {"caller>host", "BYE 10 a>b via=c8", "drop out_of_order", "violation:drop", "confirmed blocked=1"}),
	CASE("refuse=answer: observe mode answers nothing", "refuse=answer mode=observe", CALL,
	     {"caller>host", "BYE 10 a>b via=c8", "would_drop out_of_order", "violation:would_drop",
	      "confirmed blocked=1"},
	     {"caller>host", "BYE 13 a>b via=c7", "would_drop equal_cseq", "violation:would_drop",
	      "confirmed blocked=2"}),

	/* who gets none */
	DROPS("a third address gets no answer", "", "stranger>host", "BYE 10 a>b via=c8", "out_of_order", NULL),
	DROPS("another gateway address gets no answer", "", "gateway2>host", "BYE 10 a>b via=c8",
	      "out_of_order", NULL),
	DROPS("a BYE of one leg from the other leg's address gets no answer", "", "caller>host",
	      "BYE 1 b>a via=c8", "wrong_leg", NULL),
	DROPS("a BYE whose CSeq is no number gets no answer", "", "caller>host", "BYE x a>b via=c8",
	      "bad_cseq", NULL),
	CASE("refuse=answer: strict_interface: the leg's address on another interface gets no answer",
	     "refuse=answer strict_interface=on",
	     {"caller/outside>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>gateway/inside", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway/inside>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start"},
	     {"caller/inside>host", "BYE 10 a>b via=c8", "drop out_of_order", "violation", "confirmed blocked=1"},
	     {"caller/outside>host", "BYE 10 a>b via=c8", "answered out_of_order", "violation",
	      "confirmed blocked=2"}),
	CASE("refuse=answer: an ambiguous BYE gets no answer", "refuse=answer", CALL,
	     {"caller>host", "BYE 10 a>b via=c8\nCall-ID: other", "drop ambiguous", "violation:drop", "confirmed"}),
	CASE("refuse=answer: a gateway's ambiguous BYE gets no answer", "refuse=answer", CALL,
	     {"gateway>host", "INFO 5 b>a via=g1", "pass in_dialog", NULL, "confirmed callee=5"},
	     {"gateway>host", "BYE 4 b>a via=g2\nX: a%00b", "drop out_of_order", "violation:drop",
	      "confirmed blocked=1"}),
	DROPS("a BYE behind an empty line gets no answer", "", "caller>host", "BYE 10 a>b via=c8 first=%0d%0a",
	      "out_of_order", NULL),
	DROPS("a BYE to a multicast group gets no answer", "", "caller>host_group", "BYE 10 a>b via=c8",
	      "out_of_order", NULL),
	DROPS("a BYE to a group's MAC address gets no answer", "", "caller>host", "BYE 10 a>b via=c8",
	      "out_of_order", "group"),
	DROPS("a BYE behind IPv4 options gets no answer", "", "caller>host", "BYE 10 a>b via=c8",
	      "out_of_order", "options"),
	DROPS("a BYE in a frame of several buffers gets no answer", "", "caller>host",
	      "BYE 10 a>b via=c8 pad=3500", "out_of_order", NULL),
	DROPS("a BYE of more than 4,096 bytes gets no answer", "", "caller>host",
	      "BYE 10 a>b via=c8 pad=3860", "out_of_order", NULL),
	CASE("refuse=answer: a BYE behind IPv6 extension headers gets no answer", "refuse=answer", CALL6,
	     {"caller6>host6", "BYE 10 a>b via=c8", "drop out_of_order", "violation", "confirmed blocked=1",
	      "ext=1"},
	     {"caller6>host6", "BYE 10 a>b via=c8", "drop out_of_order", "violation", "confirmed blocked=2",
	      "udplen=0"},
	     {"caller6>host_group6", "BYE 10 a>b via=c8", "drop out_of_order", "violation",
	      "confirmed blocked=3"}),
	CASE("refuse=answer: a BYE in fragments gets no answer", "refuse=answer", CALL,
	     {"caller>host", "BYE 10 a>b via=c8", "pass fragment", NULL, "confirmed", "first=64"},
	     {"caller>host", "BYE 10 a>b via=c8", "drop out_of_order", "violation:drop", "confirmed blocked=1",
	      "later=64"}),
	CASE("refuse=answer: a BYE of an unknown dialog passes", "refuse=answer",
	     {"caller>host", "BYE 10 a>b via=c8", "pass unknown_dialog"})
);
