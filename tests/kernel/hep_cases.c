// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What proxies report by HEP: calls in TLS, calls of which one side is, and what a report must not touch. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define HEP NULL, NULL, "hep"

/* A call through a proxy on the host to `far`, both sides in TLS. */
#define HEP_RINGING(far)                                                                           \
	{"caller>host", "INVITE 13 a> via=c1 @setup", "pass invite", NULL, "none pending=0", "hep"}, \
	{"host>" far, "INVITE 13 a> via=p1,c1", "pass invite", NULL, "none pending=1", "hep"},      \
	{far ">host", "180 INVITE 13 a>b via=p1,c1", "pass early", NULL, "none", "hep"},            \
	{"host>caller", "180 INVITE 13 a>b via=c1", "pass early", NULL, "none", "hep"}
#define HEP_ANSWERED(far, side)                                                                    \
	{far ">host", "200 INVITE 13 a>b via=p1,c1 @answer", "pass opened", "start:opened",         \
	 "confirmed caller_at=caller callee_at=" far " code=200 setup@setup answer@answer "         \
	 "caller_side=hep callee_side=" side " witness=callee suspect=0", "hep"},                   \
	{"host>caller", "200 INVITE 13 a>b via=c1", "pass in_dialog", NULL, "confirmed", "hep"},    \
	{"caller>host", "ACK 13 a>b via=c2", "pass in_dialog", NULL, "confirmed", "hep"},           \
	{"host>" far, "ACK 13 a>b via=p2,c2", "pass in_dialog", NULL, "confirmed", "hep"}
#define HEP_CALL(far, side) HEP_RINGING(far), HEP_ANSWERED(far, side)
#define HEP_BYE(far)                                                                               \
	{"caller>host", "BYE 14 a>b via=c9", "pass bye", "none", "confirmed caller=14", "hep"},     \
	{"host>" far, "BYE 14 a>b via=p9,c9 @bye", "pass bye", "bye", "ending bye@bye", "hep"},     \
	{far ">host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end:closed:caller",               \
	 "ended end=bye by=caller end@bye evident=1 suspect=0", "hep"}

#define STAMPED "INVITE 13 a> via=p1,c1 received=192.0.2.1"

/* The caller in TLS, the carrier on UDP, whose messages the guard sees before it hears of the caller's. */
#define MIXED_RINGING                                                                              \
	{"host>gateway", STAMPED, "pass invite", NULL, "none pending=1"},                            \
	{"caller>host", "INVITE 13 a> via=c1", "pass invite", NULL, "none pending=1", "hep"},       \
	{"gateway>host", "180 INVITE 13 a>b via=p1,c1", "pass early", NULL, "none"}

#define FORGED_INVITE                                                                              \
	"=INVITE sip:dear@b.example SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKp7\r\n"  \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKc1\r\nFrom: <sip:victim@b.example>;tag=a\r\n"   \
	"To: <sip:dear@b.example>\r\nCall-ID: $ID\r\nCSeq: 13 INVITE\r\nContent-Length: 0\r\n\r\n"

#define LEFT_OUT(path, message, then)                                                              \
	{path, message, "pass hep_of_wire", "violation:hep_of_wire:pass", then, "hep"}

SUITE(hep,
	CASE("a call in TLS from end to end ends with the carrier's 2xx", NULL,
	     HEP_CALL("gateway", "gateway"), HEP_BYE("gateway")),
	CASE("a call in TLS between customers ends with the callee's 2xx", "gateways=none",
	     HEP_CALL("callee", "hep"), HEP_BYE("callee")),
	CASE("a carrier in TLS hangs up: the call ends at its BYE", NULL, HEP_CALL("gateway", "gateway"),
	     {"gateway>host", "BYE 1 b>a via=g1 @bye", "pass bye", "bye", "ending bye@bye", "hep"},
	     {"host>caller", "BYE 1 b>a via=p9,g1", "pass bye", "end:bye:callee", "ended end@bye", "hep"}),
	CASE("F1: a reported BYE below the counter has passed the proxy: would_drop, though the mode is enforce",
	     NULL, HEP_CALL("gateway", "gateway"),
	     {"caller>host", "BYE 10 a>b via=c9", "would_drop out_of_order",
	      "violation:out_of_order:would_drop:10<14", "confirmed caller=13 blocked=1", "hep"},
	     {"host>gateway", "BYE 10 a>b via=p9,c9", "pass bye", "bye", "ending", "hep"},
	     {"gateway>host", "500 BYE 10 a>b via=p9,c9", "pass refused", "resume violation:refused",
	      "confirmed end=none candidate=0", "hep"}),
	CASE("F6: the 2xx to a reported BYE to the attacker's own host ends nothing", NULL,
	     HEP_CALL("gateway", "gateway"),
	     {"caller>host", "BYE 14 a>b via=c9 uri=sip:me@203.0.113.66", "pass bye", "none", "confirmed", "hep"},
	     {"host>stranger", "BYE 14 a>b via=p9,c9 uri=sip:me@203.0.113.66", "pass bye", "bye", "ending", "hep"},
	     {"stranger>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "resume violation:wrong_target",
	      "confirmed end=none candidate=0", "hep"}),
	CASE("a caller in TLS and a carrier on UDP: the caller is known though his INVITE is reported late", NULL,
	     MIXED_RINGING,
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed caller_side=hep callee_side=gateway caller=13 caller_at=caller witness=callee suspect=0"},
	     {"host>gateway", "ACK 13 a>b via=p2,c2", "pass in_dialog"},
	     {"caller>host", "ACK 13 a>b via=c2", "pass in_dialog", NULL, "confirmed", "hep"},
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @bye", "pass bye", "bye", "ending"},
	     {"caller>host", "BYE 14 a>b via=c9", "pass bye", "none", "ending caller=14", "hep"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended end@bye suspect=0"}),
	CASE("... and later than the answer: his ACK makes him known", NULL,
	     {"host>gateway", STAMPED, "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed caller_side=unseen caller=-"},
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite", NULL, "confirmed", "hep"},
	     {"caller>host", "ACK 13 a>b via=c2", "pass in_dialog", NULL,
	      "confirmed caller_side=hep caller=13 caller_at=caller", "hep"},
	     {"caller>host", "BYE 10 a>b via=c9", "would_drop out_of_order", "violation", "confirmed blocked=1", "hep"}),
	CASE("near miss: an ACK from another address makes nobody known", NULL,
	     {"host>gateway", STAMPED, "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "confirmed"},
	     {"stranger>host", "ACK 13 a>b via=c2", "pass in_dialog", NULL, "confirmed caller_side=unseen caller=-", "hep"}),
	CASE("a caller on UDP and a carrier in TLS: the host passes the 2xx on before it is reported", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite", HEP},
	     {"host>caller", "200 INVITE 13 a>b via=c1 @answer", "pass opened", "start",
	      "confirmed callee_side=unseen witness=none"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass in_dialog", "start",
	      "confirmed caller_side=wire callee_side=gateway witness=callee answer@answer callee_at=gateway "
	      "caller=13 suspect=0", "hep"},
	     {"caller>host", "ACK 13 a>b via=c2", "pass in_dialog"},
	     BYE_IN("14"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @bye", "pass bye", "bye", "ending", "hep"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended end@bye suspect=0", "hep"}),
	CASE("a carrier in TLS hangs up on a caller on UDP, who answers before the BYE is reported", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite", HEP},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "confirmed", "hep"},
	     {"host>caller", "BYE 1 b>a via=p9,g1", "pass bye", "bye", "ending"},
	     {"caller>host", "200 BYE 1 b>a via=p9,g1", "pass in_dialog", "resume", "confirmed end=none candidate=1"},
	     {"gateway>host", "BYE 1 b>a via=g1 @bye", "pass bye", "bye", "ending", "hep"},
	     {"host>gateway", "200 BYE 1 b>a via=g1", "pass closed", "end:callee",
	      "ended end=bye end@bye suspect=0 candidate=0", "hep"}),
	CASE("near miss: a 2xx from elsewhere than the INVITE was reported to go makes no callee known", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>callee", "INVITE 13 a> via=p1,c1", "pass invite", HEP},
	     {"host>caller", "200 INVITE 13 a>b via=c1", "pass opened", "start", "confirmed"},
	     {"stranger>host", "200 INVITE 13 a>b via=p1,c1", "pass in_dialog", NULL, "confirmed callee_side=unseen", "hep"}),
	CASE("an endpoint on the host that is called in TLS is the witness", "gateways=none",
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite", HEP},
	     {"host>caller", "200 INVITE 13 a>b via=c1 contact=own", "pass opened", "start",
	      "confirmed caller_side=hep callee_side=local witness=callee", "hep"},
	     {"caller>host", "BYE 14 a>b via=c9 uri=sip:b@192.0.2.10:5060 @bye", "pass bye", "bye", "ending", "hep"},
	     {"host>caller", "200 BYE 14 a>b via=c9", "pass closed", "end", "ended end@bye suspect=0", "hep"}),
	CASE("a forged report of the carrier's 2xx ends no call that the guard reads itself", NULL, CALL,
	     BYE_THROUGH("gateway", "14"),
	     LEFT_OUT("gateway>host", "200 BYE 14 a>b via=p9,c9", "ending end=none candidate=0"),
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended"}),
	CASE("... nor of its BYE, nor of the host's answers", NULL, CALL,
	     LEFT_OUT("gateway>host", "BYE 1 b>a via=g1", "confirmed callee=-"),
	     LEFT_OUT("host>caller", "BYE 1 b>a via=p9,g1", "confirmed end=none candidate=0"),
	     LEFT_OUT("caller>host", "BYE 14 a>b via=c9", "confirmed caller=13 blocked=0"),
	     LEFT_OUT("host>gateway", "BYE 14 a>b via=p9,c9", "confirmed"),
	     LEFT_OUT("host>caller", "200 BYE 14 a>b via=c9", "confirmed candidate=0")),
	CASE("a forged report raises no counter, and moves no address", NULL, CALL,
	     LEFT_OUT("caller>host", "INFO 2000000000 a>b via=c8", "confirmed caller=13"),
	     LEFT_OUT("stranger>host", "INVITE 15 a>b via=x1", "confirmed addr_changes=0"),
	     LEFT_OUT("host>gateway", "INVITE 15 a>b via=p8,x1", "confirmed addr_changes=0"),
	     BYE_IN("14")),
	CASE("... nor while the call rings", NULL, RINGING("gateway"),
	     {"caller>host", "PRACK 2000000000 a>b via=c5", "pass early", NULL, "none", "hep"},
	     ANSWERED("gateway"), BYE_IN("14")),
	CASE("a forged report of the ACK opens no call", NULL, RINGING("gateway"),
	     {"caller>host", "ACK 13 a>b via=c2", "pass out_of_dialog", NULL, "none", "hep"},
	     {"host>gateway", "ACK 13 a>b via=p2,c2", "pass out_of_dialog", NULL, "none", "hep"}),
	CASE("a forged report of a 2xx answers no INVITE that the guard has seen leave", NULL, RINGING("gateway"),
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass out_of_dialog", NULL, "none", "hep"},
	     LEFT_OUT("host>caller", "200 INVITE 13 a>b via=c1", "none"),
	     {"host>caller", "486 INVITE 13 a>b via=c1", "pass rejected", NULL, "none done=0", "hep"},
	     ANSWERED("gateway")),
	CASE("... nor under a To tag that the guard has seen, by a branch that was reported", NULL, RINGING("gateway"),
	     {"host>gateway", "INVITE 13 a> via=p7,c1", "pass invite", HEP},
	     LEFT_OUT("gateway>host", "200 INVITE 13 a>b via=p7,c1", "none"),
	     ANSWERED("gateway")),
	CASE("a reported 2xx gives way to the carrier's own: its leg is the guard's to read", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p7,c1", "pass invite", HEP},
	     {"gateway>host", "200 INVITE 13 a>b via=p7,c1", "pass opened", "start", "confirmed", "hep"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 @answer", "pass opened", "start"},
	     BYE_IN("14"), BYE_ON("gateway", "14"),
	     LEFT_OUT("gateway>host", "200 BYE 14 a>b via=p9,c9", "ending end=none"),
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended answer@answer suspect=0"}),
	CASE("a forged report of an INVITE that leaves changes no text of a row", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>stranger", FORGED_INVITE, "pass invite", HEP},
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed suspect=0 from_uri=sip:a@a.example"}),
	CASE("a reported INVITE gives way to one that the guard reads", NULL,
	     {"caller>host", "INVITE 2000000000 a> via=c1", "pass invite", HEP},
	     CALL),
	CASE("... and replaces none", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite"},
	     LEFT_OUT("caller>host", "INVITE 2000000000 a> via=c1", "none"),
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed caller=13 caller_side=wire suspect=0"}),
	CASE("forks that are reported leave the forks of the carrier that is read", NULL, RINGING("gateway"),
	     {"host>stranger", "INVITE 13 a> via=p7,c1", "pass invite", HEP},
	     {"stranger>host", "200 INVITE 13 a>f1 via=p7,c1", "pass opened", "start", NULL, "hep"},
	     {"stranger>host", "200 INVITE 13 a>f2 via=p7,c1", "pass opened", "start", NULL, "hep"},
	     {"stranger>host", "200 INVITE 13 a>f3 via=p7,c1", "pass forks_full", "start", NULL, "hep"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start:opened",
	      "tag=b confirmed suspect=0"}),
	CASE("reports fill half of map dialogs, with a carrier's name as well, and leave a suspect row a minute",
	     "max=100 used=51", HEP_RINGING("gateway"),
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass share_full", "start:share_full violation:share_full",
	      NULL, "hep"}),
	CASE("near miss: the guard's own calls fill the rest", "max=100 used=51", CALL)
);
