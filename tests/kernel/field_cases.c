// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Hosts and peers that people run, from public reports: each case names what it does, and what the guard must
 * make of it.
 */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

/* A B2BUA that keeps Call-ID and tags: INVITE 13 comes in, INVITE 1 goes out under its own Via alone. */
#define TRANSPARENT(in, out)                                                                       \
	{"caller>host", "INVITE " in " a> via=c1 uri=sip:0049@b2bua.example", "pass invite"},       \
	{"host>gateway", "INVITE " out " a> via=p1 uri=sip:0049@gw.example contact=own",            \
	 "pass invite"},                                                                            \
	{"gateway>host", "200 INVITE " out " a>b via=p1", "pass opened", "start",                   \
	 "confirmed caller_at=caller caller=" in " caller_side=wire witness=callee suspect=0"},     \
	{"host>caller", "200 INVITE " in " a>b via=c1 contact=own", "pass in_dialog"},              \
	IN_ORDER("caller>host", "ACK " in " a>b via=c2 uri=sip:b@192.0.2.10"),                      \
	IN_ORDER("host>gateway", "ACK " out " a>b via=p2")

/* P-, I- and S-CSCF on one host; the guard reads the outer interface alone. */
#define CHAIN                                                                                      \
	{"caller>host", "INVITE 20 a> via=c1", "pass invite"},                                      \
	{"host>gateway", "INVITE 20 a> no=via\n"                                                    \
	 "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKt1\n"                                      \
	 "Via: SIP/2.0/UDP 127.0.0.1:4060;branch=z9hG4bKs1\n"                                       \
	 "Via: SIP/2.0/UDP 127.0.0.1:6060;branch=z9hG4bKr1\n"                                       \
	 "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKq1\n"                                      \
	 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKc1", "pass invite"},                        \
	{"gateway>host", "200 INVITE 20 a>b via=t1,c1", "pass opened", "start",                     \
	 "confirmed caller_at=caller caller=20 caller_side=wire witness=callee suspect=0"}

SUITE(field,
	/* SEMS with transparent_dlg_id */
	CASE("H14: a B2BUA that keeps the ids, and numbers low: its caller's BYE ends the call",
	     "source=strict", TRANSPARENT("13", "1"),
	     {"caller>host", "BYE 14 a>b via=c9 uri=sip:b@192.0.2.10", "pass bye", "none", "confirmed"},
	     {"host>gateway", "BYE 2 a>b via=p9 @bye", "pass bye", "bye:caller", "ending"},
	     {"gateway>host", "200 BYE 2 a>b via=p9", "pass closed", "end",
	      "ended end=bye by=caller end@bye suspect=0 evident=1"}),
	CASE("H14: a B2BUA that keeps the ids, and numbers high: its caller's BYE 2 passes and ends the call",
	     "source=strict", TRANSPARENT("1", "10"),
	     {"caller>host", "BYE 2 a>b via=c9 uri=sip:b@192.0.2.10", "pass bye", "none", "confirmed"},
	     {"host>gateway", "BYE 11 a>b via=p9 @bye", "pass bye", "bye:caller", "ending"},
	     {"gateway>host", "200 BYE 11 a>b via=p9", "pass closed", "end",
	      "ended end=bye by=caller end@bye suspect=0 evident=1"}),
	CASE("near miss: a B2BUA that keeps the ids, and numbers low: the caller's BYE below its own INVITE is dropped",
	     NULL, TRANSPARENT("500", "1"),
	     {"caller>host", "BYE 400 a>b via=c9 uri=sip:b@192.0.2.10", "drop out_of_order",
	      "violation:out_of_order:drop:400<501", "confirmed blocked=1"}),

	/* Kamailio, where topos takes the Vias off the INVITE and leaves them on ACK and BYE */
	CASE("H14: a host that hides Vias in the INVITE and shows them in the BYE: it ends the call, no foreign source",
	     "source=strict",
	     {"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1 contact=own", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1", "pass opened", "start",
	      "confirmed caller_at=caller caller=13"},
	     {"caller>host", "BYE 14 a>b via=c9 uri=sip:b@192.0.2.10", "pass bye", "none", "confirmed"},
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @bye", "pass bye", "bye:caller", "ending"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end",
	      "ended end=bye by=caller end@bye suspect=0 evident=1"}),
	CASE("F19: a host that hides Vias in the INVITE and shows them in the BYE: the gateway's 403 leaves the call open",
	     NULL,
	     {"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1 contact=own", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1", "pass opened", "start", "confirmed"},
	     {"caller>host", "BYE 14 a>b via=c9 uri=sip:b@192.0.2.10", "pass bye", "none", "confirmed"},
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", "bye", "ending"},
	     {"gateway>host", "403 BYE 14 a>b via=p9,c9", "pass refused", "resume violation",
	      "confirmed end=none candidate=0 suspect=0"}),

	/* Kamailio's topoh: what it hides goes on in a Via of its own mask, by default 127.0.0.8 */
	CASE("H14: a host that masks the caller's Via by an address of its loopback: the caller's address is in the row",
	     "source=strict",
	     {"caller>host", "INVITE 13 a> via=c1 uri=sip:0049@proxy.example", "pass invite"},
	     {"host>gateway", "INVITE 13 a> no=via contact=sip:127.0.0.8;line=sr-1\n"
	      "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKp1\n"
	      "Via: SIP/2.0/UDP 127.0.0.8;branch=z9hG4bKsr-1", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,sr-1", "pass opened", "start",
	      "confirmed caller_at=caller caller=13 caller_side=wire witness=callee suspect=0"},
	     {"caller>host", "BYE 10 a>b via=c8 uri=sip:127.0.0.8;line=sr-2", "drop out_of_order",
	      "violation", "confirmed blocked=1"}),

	/* Kamailio as P-, I- and S-CSCF */
	CASE("F1: several proxies on the host, the guard on the outer interface: a low BYE is dropped", NULL,
	     CHAIN,
	     {"caller>host", "BYE 5 a>b via=c9", "drop out_of_order", "violation:out_of_order:drop:5<21",
	      "confirmed blocked=1"}),
	CASE("H14: several proxies on the host, the guard on the outer interface: the honest BYE ends the call",
	     "source=strict", CHAIN,
	     {"caller>host", "BYE 21 a>b via=c9", "pass bye", "none", "confirmed caller=21"},
	     {"host>gateway", "BYE 21 a>b via=t9,c9 @bye", "pass bye", "bye:caller", "ending"},
	     {"gateway>host", "200 BYE 21 a>b via=t9,c9", "pass closed", "end",
	      "ended end=bye by=caller end@bye suspect=0 evident=1"}),

	/* PJSIP, reSIProcate: a long INVITE by TCP, then ACK and BYE by UDP */
	CASE("H13: INVITE by TCP, BYE by UDP: the honest BYE ends the call, under source=strict as well",
	     "source=strict",
	     {"host>gateway", "INVITE 20 a> via=p1,c1 rr=192.0.2.10 received=192.0.2.1", "pass invite"},
	     {"gateway>host", "200 INVITE 20 a>b via=p1,c1 rr=192.0.2.10", "pass opened", "start",
	      "confirmed caller_side=unseen caller=- caller_at=caller"},
	     {"caller>host", "BYE 21 a>b via=c9", "pass bye", "none", "confirmed blocked=0"},
	     {"host>gateway", "BYE 21 a>b via=p9,c9 @bye", "pass bye", "bye:caller", "ending"},
	     {"gateway>host", "200 BYE 21 a>b via=p9,c9", "pass closed", "end",
	      "ended end=bye by=caller end@bye suspect=0"}),
	CASE("F21: INVITE by TCP, a low BYE by UDP: the gateway's 500 leaves the call open", NULL,
	     {"host>gateway", "INVITE 20 a> via=p1,c1 rr=192.0.2.10 received=192.0.2.1", "pass invite"},
	     {"gateway>host", "200 INVITE 20 a>b via=p1,c1 rr=192.0.2.10", "pass opened", "start", "confirmed"},
	     {"caller>host", "BYE 5 a>b via=c9", "pass bye", "none", "confirmed"},
	     {"host>gateway", "BYE 5 a>b via=p9,c9", "pass bye", "bye", "ending"},
	     {"gateway>host", "500 BYE 5 a>b via=p9,c9", "pass refused", "resume violation",
	      "confirmed end=none candidate=0"}),

	/* Asterisk and others: a BYE with a body, whose first byte is a blank */
	CASE("H16: a BYE whose body begins with a blank passes", NULL, CALL,
	     {"caller>host",
	      "=BYE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKc9\r\n"
	      "From: <sip:a@a.example>;tag=a\r\nTo: <sip:b@b.example>;tag=b\r\nCall-ID: $ID\r\n"
	      "CSeq: 14 BYE\r\nContent-Length: 8\r\n\r\n reason\n", "pass bye", "none", "confirmed caller=14"}),
	CASE("H16: a BYE whose last header line ends in LF alone passes", NULL, CALL,
	     {"caller>host",
	      "=BYE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKc9\r\n"
	      "From: <sip:a@a.example>;tag=a\r\nTo: <sip:b@b.example>;tag=b\r\nCall-ID: $ID\r\n"
	      "CSeq: 14 BYE\r\nX-Script: yes\n\r\n", "pass bye", "none", "confirmed caller=14"}),
	CASE("near miss: a low BYE whose last header line ends in LF alone is dropped", NULL, CALL,
	     {"caller>host",
	      "=BYE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKc9\r\n"
	      "From: <sip:a@a.example>;tag=a\r\nTo: <sip:b@b.example>;tag=b\r\nCall-ID: $ID\r\n"
	      "CSeq: 10 BYE\r\nX-Script: yes\n\r\n", "drop out_of_order", "violation", "confirmed blocked=1"}),

	/* A Cisco phone: a display name in two pairs of quotes */
	CASE("H16: a call whose From has two pairs of quotes opens, and its caller's BYE ends it", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 no=from\n"
	      "From: \"\"unknown\"\" <sip:a@a.example>;tag=a", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 no=from\n"
	      "From: \"\"unknown\"\" <sip:a@a.example>;tag=a", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 no=from\n"
	      "From: \"\"unknown\"\" <sip:a@a.example>;tag=a", "pass opened", "start", "confirmed"},
	     {"caller>host", "BYE 14 a>b via=c9 no=from\n"
	      "From: \"\"unknown\"\" <sip:a@a.example>;tag=a", "pass bye", "none", "confirmed"},
	     {"host>gateway", "BYE 14 a>b via=p9,c9 no=from\n"
	      "From: \"\"unknown\"\" <sip:a@a.example>;tag=a", "pass bye", "bye", "ending"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9 no=from\n"
	      "From: \"\"unknown\"\" <sip:a@a.example>;tag=a", "pass closed", "end", "ended end=bye by=caller"})
);
