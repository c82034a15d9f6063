// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Bytes that somebody chooses who gains by it: the caller in his own requests, the far end in what the other leg
 * must repeat, a third party between a message and its answer.
 */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

/* INVITE and 2xx of a record-routing proxy. `gave`: Contact and Record-Routes of the gateway's 2xx. */
#define CALL_WHERE_GATEWAY_GAVE(gave)                                                              \
	{"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},           \
	{"host>gateway", "INVITE 13 a> via=p1,c1 rr=192.0.2.10", "pass invite"},                    \
	{"gateway>host", "200 INVITE 13 a>b via=p1,c1 " gave, "pass opened", "start",               \
	 "confirmed witness=callee caller_side=wire callee_side=gateway suspect=0"}
#define ROUTED_CALL CALL_WHERE_GATEWAY_GAVE("rr=198.51.100.1,192.0.2.10")
#define BYE_SENT_TO(far, way)                                                                      \
	{"host>" far, "BYE 14 a>b via=p9,c9 " way, "pass bye", "bye:caller", "ending"}
#define BYE_BY(way) BYE_IN("14"), BYE_SENT_TO("gateway", way)
#define PROVED                                                                                     \
	{"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended end=bye suspect=0"}
#define DOUBTED_FROM(far)                                                                          \
	{far ">host", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "resume violation",          \
	 "confirmed end=none suspect=0 candidate=1"}
#define DOUBTED DOUBTED_FROM("gateway")

/* The caller is on TLS: only what goes on to the gateway is read. */
#define CALLER_UNSEEN                                                                              \
	{"host>gateway", "INVITE 13 a> via=p1,t1 rr=192.0.2.10", "pass invite"},                    \
	{"gateway>host", "200 INVITE 13 a>b via=p1,t1 rr=192.0.2.10", "pass opened", "start",       \
	 "confirmed caller_side=unseen caller=- witness=callee suspect=0"}
#define CARRIER_UNSEEN                                                                             \
	{"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},           \
	{"host>caller", "200 INVITE 13 a>b via=c1 rr=192.0.2.10 contact=sip:b@carrier.example",    \
	 "pass opened", "start", "confirmed callee_side=unseen caller_side=wire witness=none"}

/* Both legs behind one address: the caller's port is 5070, the callee's 5080. */
#define BEHIND_ONE_NAT                                                                             \
	{"caller:5070>host", "INVITE 13 a> via=c1", "pass invite"},                                 \
	{"host>caller:5080", "INVITE 13 a> via=p1,c1", "pass invite"},                              \
	{"caller:5080>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "confirmed"}
#define HIDDEN_CALL                                                                                \
	{"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},           \
	{"host>gateway", "INVITE 13 a> via=p1 uri=sip:0049@gw.example contact=own", "pass invite"}, \
	{"gateway>host", "200 INVITE 13 a>b via=p1", "pass opened", "start",                        \
	 "confirmed caller_at=caller caller=13 witness=callee suspect=0"}
#define GATEWAY_HANGS_UP                                                                           \
	{"gateway>host", "BYE 1 b>a via=g9 @bye", "pass bye", "bye:callee", "ending"}
#define HOST_ANSWERS(status)                                                                       \
	{"host>gateway", status " BYE 1 b>a via=g9", "pass closed", "end",                          \
	 "ended end=bye by=callee end@bye suspect=0"}

#define Q4 ";a=\"\";b=\"\";c=\"\";d=\"\""
#define Q16 Q4 Q4 Q4 Q4

#define L4 ",<sip:1;lr>,<sip:2;lr>,<sip:3;lr>,<sip:4;lr>"
#define P8 ";a;b;c;d;e;f;g;h"
#define P33 P8 P8 P8 P8 ";i"

SUITE(chosen,
	/* --- the way that the caller chooses ------------------------------------------------- */
	CASE("F18: a Route behind more quoted parameters than are read does not close", NULL,
	     ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>" Q16 Q16 ", <sip:203.0.113.66;lr>"), DOUBTED),
	CASE("near miss: quoted parameters behind the gateway's own Route close", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>" Q4), PROVED),
	CASE("F18: a Route without angle brackets does not close", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>\nRoute: sip:203.0.113.66;lr"), DOUBTED),
	CASE("F18: a Route without angle brackets in front of the gateway's does not close", NULL,
	     ROUTED_CALL,
	     BYE_BY("\nRoute: sip:203.0.113.66;lr, <sip:198.51.100.1;lr>"), DOUBTED),
	CASE("near miss: a Route with a display name closes", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: \"a:b\" <sip:198.51.100.1;lr>"), PROVED),
	CASE("F18: a folded Route beyond the gateway does not close", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>,\n <sip:203.0.113.66;lr>"), DOUBTED),
	CASE("F18: ROUTE in capitals, with a blank before the colon, does not close", NULL,
	     ROUTED_CALL,
	     BYE_BY("\nROUTE \t: <sip:198.51.100.1;lr>\nrOUTE: <sip:203.0.113.66;lr>"), DOUBTED),
	CASE("F18: a Route whose bracket is never closed does not close", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>, <sip:203.0.113.66;lr"), DOUBTED),
	CASE("F18: a Route to the host with a user does not count as a name of it", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>, <sip:x@192.0.2.10;lr>"), DOUBTED),
	CASE("F18: a Route to the host with maddr does not count as a name of it", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>, <sip:192.0.2.10;lr;maddr=203.0.113.66>"), DOUBTED),
	CASE("F18: a BYE that goes past a carrier that record-routes, to the callee's own host, does not close",
	     NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=198.51.100.1,192.0.2.10 contact=sip:b@203.0.113.7"),
	     BYE_IN("14"), BYE_SENT_TO("callee", "uri=sip:b@203.0.113.7"), DOUBTED_FROM("callee")),
	CASE("near miss: with the carrier's Route, but to the callee's own host: it does not close", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=198.51.100.1,192.0.2.10 contact=sip:b@203.0.113.7"),
	     BYE_IN("14"), BYE_SENT_TO("callee", "uri=sip:b@203.0.113.7 route=198.51.100.1"),
	     {"callee>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "resume violation",
	      "confirmed end=none"}),
	CASE("near miss: without a Route, but to the carrier, closes", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=198.51.100.1,192.0.2.10 contact=sip:b@203.0.113.7"),
	     BYE_BY("uri=sip:b@203.0.113.7"), PROVED),
	CASE("F31: text behind the port of a Request-URI is another URI", NULL,
	     ROUTED_CALL, BYE_BY("uri=sip:b@b.example:5060x"), DOUBTED),
	CASE("F31: a second host behind the port of a Request-URI is another URI", NULL,
	     ROUTED_CALL, BYE_BY("uri=sip:b@b.example:5060@203.0.113.66"), DOUBTED),
	CASE("F31: a port beyond 65535 is none that another URI has", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=sip:b@b.example:70000"),
	     BYE_BY("uri=sip:b@b.example:70001"), DOUBTED),
	CASE("F31: a tel URI with the Contact's digits is another URI", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=sip:+49301@b.example;user=phone"),
	     BYE_BY("uri=tel:+49301"), DOUBTED),
	CASE("near miss: an IPv6 literal written in another way at the gateway's own address closes", NULL,
	     {"caller6>host6", "INVITE 13 a> via=c1", "pass invite"},
	     {"host6>gateway6", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway6>host6", "200 INVITE 13 a>b via=p1,c1 contact=sip:b@[2001:db8:51::1]", "pass opened",
	      "start", "confirmed"},
	     {"caller6>host6", "BYE 14 a>b via=c9", "pass bye", NULL, "confirmed"},
	     {"host6>gateway6", "BYE 14 a>b via=p9,c9 uri=sip:b@[2001:0DB8:51:0:0:0:0:1]", "pass bye", "bye", "ending"},
	     {"gateway6>host6", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended suspect=0"}),
	CASE("F31: an IPv6 literal of another host does not close", NULL,
	     {"caller6>host6", "INVITE 13 a> via=c1", "pass invite"},
	     {"host6>gateway6", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway6>host6", "200 INVITE 13 a>b via=p1,c1 contact=sip:b@[2001:db8:51::1]", "pass opened",
	      "start", "confirmed"},
	     {"caller6>host6", "BYE 14 a>b via=c9", "pass bye", NULL, "confirmed"},
	     {"host6>gateway6", "BYE 14 a>b via=p9,c9 uri=sip:b@[2001:db8:51::2]", "pass bye", "bye", "ending"},
	     {"gateway6>host6", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "resume violation", "confirmed"}),
	CASE("the first of two Contacts in the 2xx is the target", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=none\nContact: <sip:b@b.example>, <sip:x@203.0.113.66>"),
	     BYE_BY("uri=sip:b@b.example"), PROVED),
	CASE("F18: the second of two Contacts in the 2xx is no target", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=none\nContact: <sip:b@b.example>, <sip:x@203.0.113.66>"),
	     BYE_BY("uri=sip:x@203.0.113.66"), DOUBTED),
	CASE("a compact Contact whose display name holds a URI in brackets", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=none\nm: \"<sip:x@203.0.113.66>\" <sip:b@b.example>;q=1"),
	     BYE_BY("uri=sip:b@b.example"), PROVED),
	CASE("H15: the gateway's Route with its parameters in another order, and lr=on, closes", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=sip:198.51.100.1;lr=on;r2=on;ftag=a,192.0.2.10"),
	     BYE_BY("route=sip:198.51.100.1;ftag=a;r2=on;lr"), PROVED),
	CASE("H15: a Contact without user closes", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=sip:gw.example;transport=UDP"),
	     BYE_BY("uri=sip:GW.example:5060"), PROVED),
	CASE("a tel URI as Contact closes", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=tel:+49301;phone-context=x"),
	     BYE_BY("uri=tel:+49301;phone-context=x"), PROVED),
	CASE("F18: more Routes in one line than are counted do not close", NULL, ROUTED_CALL,
	     BYE_BY("\nRoute: <sip:198.51.100.1;lr>" L4 L4 L4 L4), DOUBTED),
	CASE("F18: a target moved by a re-INVITE with a Route behind quoted parameters does not close", NULL,
	     ROUTED_CALL,
	     IN_ORDER("caller>host", "INVITE 14 a>b via=c4"),
	     IN_ORDER("host>gateway", "INVITE 14 a>b via=p4,c4\nRoute: <sip:198.51.100.1;lr>" Q16 Q16
		      ", <sip:203.0.113.66;lr>"),
	     IN_ORDER("gateway>host", "200 INVITE 14 a>b via=p4,c4 contact=sip:me@203.0.113.66"),
	     {"caller>host", "BYE 15 a>b via=c9", "pass bye", NULL, "confirmed"},
	     {"host>gateway", "BYE 15 a>b via=p9,c9 uri=sip:me@203.0.113.66 route=198.51.100.1", "pass bye", "bye", "ending"},
	     {"gateway>host", "200 BYE 15 a>b via=p9,c9", "pass wrong_target", "resume violation", "confirmed"}),
	CASE("H4: a re-INVITE of the gateway and one of the caller cross, both are refused 491: the old target", NULL,
	     ROUTED_CALL,
	     IN_ORDER("caller>host", "INVITE 14 a>b via=c4"),
	     IN_ORDER("gateway>host", "INVITE 1 b>a via=g4 contact=sip:new@b.example"),
	     IN_ORDER("host>gateway", "INVITE 14 a>b via=p4,c4 route=198.51.100.1"),
	     IN_ORDER("host>caller", "INVITE 1 b>a via=p5,g4"),
	     IN_ORDER("gateway>host", "491 INVITE 14 a>b via=p4,c4"),
	     IN_ORDER("caller>host", "491 INVITE 1 b>a via=p5,g4"),
	     {"caller>host", "BYE 15 a>b via=c9", "pass bye", NULL, "confirmed candidate=0"},
	     {"host>gateway", "BYE 15 a>b via=p9,c9 route=198.51.100.1", "pass bye", "bye", "ending"},
	     {"gateway>host", "200 BYE 15 a>b via=p9,c9", "pass closed", "end", "ended suspect=0"}),
	/* --- between a message and its answer ------------------------------------------------ */
	CASE("rule 1: a stranger's BYE in the caller's name does not hide the gateway's", NULL,
	     CALLER_UNSEEN, GATEWAY_HANGS_UP,
	     {"stranger>host", "BYE 14 a>b via=x1", "pass foreign_source", "violation", "ending"},
	     HOST_ANSWERS("200")),
	CASE("rule 1: a stranger's BYE in the gateway's name does not hide the gateway's", NULL,
	     CALLER_UNSEEN, GATEWAY_HANGS_UP,
	     {"stranger>host", "BYE 2 b>a via=x1", "pass foreign_source", "violation", "ending"},
	     HOST_ANSWERS("200")),
	CASE("rule 1: the caller's own BYE does not hide the gateway's, which the host answers 481", NULL,
	     CALL, GATEWAY_HANGS_UP,
	     {"caller>host", "BYE 14 a>b via=c9", "pass bye", NULL, "ending"},
	     HOST_ANSWERS("481")),
	CASE("rule 1: ... nor does one that went to the caller's own host", NULL,
	     CALL, GATEWAY_HANGS_UP,
	     {"caller>host", "BYE 14 a>b via=c9", "pass bye", NULL, "ending"},
	     {"host>stranger", "BYE 14 a>b via=p9,c9 uri=sip:me@203.0.113.66", "pass bye", NULL, "ending"},
	     HOST_ANSWERS("481")),
	CASE("rule 1: a proved BYE that crosses and a stranger's do not hide the gateway's", NULL,
	     CALL, BYE_IN("14"), BYE_ON("gateway", "14"),
	     {"gateway>host", "BYE 1 b>a via=g9 @theirs", "pass bye", NULL, "ending"},
	     {"stranger>host", "BYE 15 a>b via=x1", "pass foreign_source", "violation", "ending"},
	     {"gateway>host", "500 BYE 14 a>b via=p9,c9", "pass refused", "resume violation", "confirmed"},
	     {"host>gateway", "200 BYE 1 b>a via=g9", "pass closed", "end",
	      "ended end=bye by=callee suspect=0"}),
	CASE("rule 1: a new BYE of the gateway counts instead of its first", NULL,
	     CALLER_UNSEEN, {"gateway>host", "BYE 1 b>a via=g8", "pass bye", "bye:callee", "ending"},
	     {"gateway>host", "BYE 2 b>a via=g9 @bye", "pass bye", NULL, "ending"},
	     {"host>gateway", "200 BYE 2 b>a via=g9", "pass closed", "end", "ended end=bye end@bye"}),
	CASE("a stranger's BYE does not displace the one that the unseen carrier answers", NULL,
	     CARRIER_UNSEEN,
	     {"caller>host", "BYE 14 a>b via=c9 route=192.0.2.10 uri=sip:b@carrier.example @bye", "pass bye",
	      "bye:caller", "ending"},
	     {"stranger>host", "BYE 15 a>b via=x9 uri=sip:me@203.0.113.66", "pass foreign_source", "violation", "ending"},
	     {"host>caller", "200 BYE 14 a>b via=c9", "pass closed", "end",
	      "ended end=relayed_bye by=caller end@bye suspect=1"}),
	CASE("F9: a host that hides topology sends a stranger's BYE on: the gateway's own is no repeat of it", NULL,
	     HIDDEN_CALL,
	     {"stranger>host", "BYE 1 b>a via=x1", "pass foreign_source", "violation", "confirmed callee=-"},
	     {"host>caller", "BYE 1 b>a via=p8", "pass bye", "bye", "ending"},
	     {"caller>host", "500 BYE 1 b>a via=p8", "pass refused", "resume violation", "confirmed"},
	     {"gateway>host", "BYE 1 b>a via=g9 @bye", "pass bye", "bye", "ending callee=1"},
	     {"host>caller", "BYE 1 b>a via=p9", "pass bye", "end", "ended end=bye by=callee end@bye"}),
	CASE("F24: behind one NAT the caller's port is no sign of life of the callee", "gateways=none",
	     BEHIND_ONE_NAT,
	     {"caller:5080>host", "200 BYE 20 a>b via=p7", "pass wrong_target", "violation", "confirmed candidate=1"},
	     {"caller:5070>host", "INFO 5 b>a via=c5", "pass in_dialog", "none", "confirmed candidate=1 callee=-"},
	     {"caller:5080>host", "INFO 6 b>a via=g5", "pass in_dialog", "request", "confirmed candidate=0 callee=6"}),
	CASE("F24: behind one NAT the caller's port does not move the callee's target", "gateways=none",
	     BEHIND_ONE_NAT,
	     IN_ORDER("caller:5070>host", "INVITE 5 b>a via=c5 contact=sip:evil@evil.example"),
	     IN_ORDER("host>caller:5070", "INVITE 5 b>a via=p5,c5 contact=sip:evil@evil.example"),
	     IN_ORDER("caller:5070>host", "200 INVITE 5 b>a via=p5,c5"),
	     IN_ORDER("host>caller:5070", "200 INVITE 5 b>a via=c5"),
	     {"caller:5070>host", "BYE 14 a>b via=c9", "pass bye", NULL, "confirmed"},
	     {"host>caller:5070", "BYE 14 a>b via=p9,c9 uri=sip:evil@evil.example", "pass bye", "bye", "ending"},
	     {"caller:5070>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "resume violation",
	      "confirmed end=none"}),
	CASE("a call from a gateway back to the same gateway: its BYE from another port closes", NULL,
	     {"gateway>host", "INVITE 13 a> via=g1", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,g1", "pass invite"},
	     {"gateway:6000>host", "200 INVITE 13 a>b via=p1,g1", "pass opened", "start", "confirmed witness=both"},
	     {"gateway:7000>host", "BYE 1 b>a via=g9 @bye", "pass bye", "bye", "ending"},
	     {"host>gateway", "BYE 1 b>a via=p9,g9", "pass bye", "end", "ended end=bye by=callee end@bye suspect=0"}),
	CASE("H5: on the net both BYEs cross: the callee's closes as the host sends it on", "gateways=none",
	     CALL_BY_PROXY_TO("callee"), BYE_IN("14"), BYE_ON("callee", "14"),
	     {"callee>host", "BYE 1 b>a via=d9 @theirs", "pass bye", NULL, "ending"},
	     {"host>caller", "BYE 1 b>a via=p8,d9", "pass bye", "end", "ended end=bye by=callee"}),
	/* --- ids that are used again --------------------------------------------------------- */
	CASE("F22: an INVITE under the branch of one that the host has given up does not speak for its late 2xx",
	     NULL, RINGING("gateway"),
	     {"host>caller", "408 INVITE 13 a>x via=c1", "pass rejected"},
	     {"caller>host", "INVITE 13 a> via=c1 no=from\nFrom: <sip:victim@v.example>;tag=a", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass unseen_start", "start violation",
	      "confirmed suspect=1"}),
	CASE("H17: a copy of the INVITE and of its 2xx after the end open no call", NULL,
	     CALL, BYE_THROUGH("gateway", "14"),
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended"},
	     {"host>caller", "200 INVITE 13 a>b via=c1", "pass in_dialog"},
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass in_dialog", NULL, "ended dialogs=1"}),
	CASE("F25: a second 2xx whose To tag differs in letter case alone makes the row suspect", NULL,
	     CALL,
	     {"caller>host", "INVITE 14 a> via=c3 uri=sip:900@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 14 a> via=p3,c3 uri=sip:900@gw.example", "pass invite"},
	     {"gateway>host", "200 INVITE 14 a>B via=p3,c3", "pass in_dialog", NULL, "confirmed suspect=1"}),
	CASE("F25: a second 2xx under the same tags, of an INVITE to another number, makes the row suspect", NULL,
	     CALL,
	     {"caller>host", "INVITE 14 a> via=c3 uri=sip:900@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 14 a> via=p3,c3 uri=sip:900@gw.example", "pass invite"},
	     {"gateway>host", "200 INVITE 14 a>b via=p3,c3", "pass in_dialog", NULL, "confirmed suspect=1"}),
	CASE("near miss: the 2xx that is sent again makes no row suspect", NULL, CALL,
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass in_dialog", NULL, "confirmed suspect=0"}),
	CASE("near miss: tags in another letter case in the 2xx to a re-INVITE make no row suspect", NULL, CALL,
	     IN_ORDER("caller>host", "INVITE 14 a>B via=c4"),
	     IN_ORDER("host>gateway", "INVITE 14 a>B via=p4,c4"),
	     {"gateway>host", "200 INVITE 14 a>B via=p4,c4", "pass in_dialog", NULL, "confirmed suspect=0"}),
	CASE("near miss: a gateway that spirals the call on to another gateway makes no row suspect", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway>host", "INVITE 13 a> via=g1,p1,c1 uri=sip:1@x.example", "pass invite"},
	     {"host>gateway2", "INVITE 13 a> via=p2,g1,p1,c1 uri=sip:1@x.example", "pass invite"},
	     {"gateway2>host", "200 INVITE 13 a>b via=p2,g1,p1,c1", "pass opened", "start", "confirmed suspect=0"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass in_dialog", NULL, "confirmed suspect=0 caller_at=caller"}),
	CASE("F29: behind one NAT the callee replays the ringing call's ids to another number: suspect", NULL,
	     {"caller:5070>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>caller:5080", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"caller:5080>host", "180 INVITE 13 a>b via=p1,c1", "pass early"},
	     {"caller:5080>host", "INVITE 13 a> via=c1 uri=sip:900@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p3,c1 uri=sip:900@gw.example", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>z via=p3,c1", "pass unseen_start", "start violation",
	      "confirmed suspect=1"}),
	CASE("F25: no --gateway: a 2xx to an INVITE with an invented To tag opens a suspect row", "gateways=none",
	     {"caller>host", "INVITE 13 a>z via=c1", "pass unknown_dialog"},
	     {"host>callee", "INVITE 13 a>z via=p1,c1", "pass unknown_dialog"},
	     {"callee>host", "200 INVITE 13 a>z via=p1,c1", "pass unseen_start", "start violation",
	      "confirmed suspect=1"}),
	CASE("F22: two live INVITEs of two hosts under the same ids, behind a host that hides topology: suspect",
	     "hides=on",
	     {"caller>host", "INVITE 13 a> via=c1 uri=sip:900@proxy.example", "pass invite"},
	     {"moved>host", "INVITE 13 a> via=m1 uri=sip:1@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1 uri=sip:900@gw.example", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1", "pass unseen_start", "start violation",
	      "confirmed suspect=1"}),
	/* --- what the host is taken for ------------------------------------------------------ */
	CASE("an INVITE whose branch has no cookie does not say that the host hides topology", NULL,
	     {"caller>host", "INVITE 1 x> via=- cid=old", "pass invite"},
	     {"host>gateway", "INVITE 1 x> via=p1,- cid=old", "pass invite"},
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>caller", "200 INVITE 13 a>b via=c1 contact=own", "pass opened", "start",
	      "confirmed callee_side=local witness=callee"}),
	CASE("an INVITE under the ids of the host's own call does not say that the host hides topology", NULL,
	     {"host>caller", "INVITE 1 h> via=h1 contact=own cid=own", "pass invite"},
	     {"caller>host", "INVITE 2 h> via=c7 cid=own", "pass invite"},
	     {"caller>host", "422 INVITE 1 h>y via=h1 cid=own", "pass rejected"},
	     {"host>caller", "INVITE 2 h> via=h2 contact=own cid=own", "pass invite"},
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>caller", "200 INVITE 13 a>b via=c1 contact=own", "pass opened", "start",
	      "confirmed callee_side=local witness=callee"}),
	CASE("F28: a caller's own Record-Route in the host's name does not make the host a proxy", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 rr=192.0.2.10", "pass invite"},
	     {"host>caller", "200 INVITE 13 a>b via=c1 contact=own rr=192.0.2.10", "pass opened", "start",
	      "confirmed callee_side=local witness=callee"}),
	CASE("near miss: one more Record-Route of the host: it is a proxy", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 rr=192.0.2.10", "pass invite"},
	     {"host>caller", "200 INVITE 13 a>b via=c1 contact=own rr=192.0.2.10,192.0.2.10", "pass opened", "start",
	      "confirmed callee_side=unseen witness=none"}),
	CASE("F24: the host's Via, stamped with the public name that it writes itself, is its own", NULL,
	     CALL,
	     {"host>gateway", "OPTIONS 1 x>y no=via cid=ping\nVia: SIP/2.0/UDP 198.18.0.1;branch=z9hG4bKo1",
	      "pass unknown_dialog"},
	     {"caller>host", "INFO 2147483000 b>a via=c5", "pass in_dialog", "none", "callee=-"},
	     {"gateway>host", "INFO 2147483000 b>a no=via\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKg5\n"
	      "Via: SIP/2.0/UDP 198.18.0.1;rport=5060;received=198.18.0.1;branch=z9hG4bKp5",
	      "pass in_dialog", "none", "callee=-"}),
	CASE("F24: a packet from outside with the host's own address raises no counter of the host's leg", NULL,
	     CALL_TO_HOST,
	     {"spoofed>host", "INFO 2147483000 b>a via=x1", "pass in_dialog", "none", "callee=-"}),
	/* --- what the other leg has to repeat ------------------------------------------------ */
	CASE("F23: a challenge with a control byte in its realm does not keep the caller from hanging up", NULL,
	     CALL, BYE_THROUGH("gateway", "14"),
	     {"gateway>host", "407 BYE 14 a>b via=p9,c9", "pass refused", "resume violation", "confirmed"},
	     {"caller>host", "BYE 15 a>b via=c10\nProxy-Authorization: Digest realm=\"a%0bb\"", "pass bye", NULL,
	      "confirmed caller=15"}),
	CASE("F23: ... nor does a 401", NULL,
	     CALL,
	     {"caller>host", "BYE 15 a>b via=c10\nAUTHORIZATION : Digest realm=\"a%00b\"", "pass bye", NULL,
	      "confirmed caller=15"}),
	CASE("near miss: a control byte in another header of the sender is ambiguous", NULL, CALL,
	     {"caller>host", "BYE 15 a>b via=c10\nAuthorizations: Digest realm=\"a%0bb\"", "drop ambiguous",
	      "violation", "confirmed caller=13"}),
	CASE("near miss: two CSeqs behind odd credentials are ambiguous", NULL, CALL,
	     {"caller>host", "BYE 15 a>b via=c10\nAuthorization: Digest realm=\"a%0bb\"\nCSeq: 10 BYE",
	      "drop ambiguous", "violation", "confirmed caller=13"}),
	CASE("F23: a Contact with more parameters than are read does not keep the call open", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=sip:b@b.example" P33),
	     BYE_BY("uri=sip:b@b.example" P33), PROVED),
	CASE("F31: ... and other parameters behind those that are read do not close", NULL,
	     CALL_WHERE_GATEWAY_GAVE("rr=192.0.2.10 contact=sip:b@b.example" P33),
	     BYE_BY("uri=sip:b@b.example" P33 ";maddr=203.0.113.66"), DOUBTED),
	CASE("F33: REPLACES in capitals, with a blank before the colon and folded, opens a suspect row", NULL,
	     {"caller>host", "INVITE 13 a> via=c1\nREPLACES :\n x;to-tag=1;from-tag=2", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1\nREPLACES :\n x;to-tag=1;from-tag=2", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass unseen_start", "start violation",
	      "confirmed suspect=1"})
);
