// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* strict_interface: a host with an outside and an inside, and addresses that lie. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define STRICT "strict_interface=on source=strict"

#define INVITED                                                                                    \
	{"caller/outside>host", "INVITE 13 a> via=c1", "pass invite"},                              \
	{"host>gateway/inside", "INVITE 13 a> via=p1,c1", "pass invite", NULL, "none pending=1"}
#define OPENS                                                                                      \
	{"gateway/inside>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",              \
	 "confirmed caller_at=caller/outside callee_at=gateway/inside witness=callee"}
#define CALL_ACROSS INVITED, OPENS
#define BYE_ACROSS                                                                                 \
	{"caller/outside>host", "BYE 14 a>b via=c9 @bye", "pass bye", "bye", "ending"},             \
	{"host>gateway/inside", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"}

SUITE(interface,
	CASE("strict_interface: a call across two interfaces opens and closes", STRICT, CALL_ACROSS, BYE_ACROSS,
	     {"gateway/inside>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end",
	      "ended end=bye end@bye suspect=0"}),
	CASE("strict_interface: the gateway's BYE through the caller's interface is foreign", STRICT, CALL_ACROSS,
	     {"gateway/outside>host", "BYE 1 b>a via=g1", "drop foreign_source",
	      "violation:foreign_source:drop:callee", "confirmed callee=- blocked=1"},
	     {"gateway/inside>host", "BYE 1 b>a via=g1", "pass bye", "end", "ended by=callee"}),
	CASE("strict_interface, source=observe: the gateway's BYE through the caller's interface does not close", "strict_interface=on",
	     CALL_ACROSS,
	     {"gateway/outside>host", "BYE 1 b>a via=g1", "pass foreign_source",
	      "violation:foreign_source:pass:callee", "confirmed callee=-"}),
	CASE("near miss: without strict_interface the gateway's BYE closes through any interface", NULL, CALL_ACROSS,
	     {"gateway/outside>host", "BYE 1 b>a via=g1", "pass bye", "end", "ended by=callee"}),
	CASE("near miss: strict_interface: a BYE of another gateway address through the gateway's interface closes", STRICT, CALL_ACROSS,
	     {"gateway2/inside>host", "BYE 1 b>a via=g1", "pass bye", "end", "ended by=callee"}),
	CASE("strict_interface: a BYE of another gateway address through the caller's interface is foreign", STRICT, CALL_ACROSS,
	     {"gateway2/outside>host", "BYE 1 b>a via=g1", "drop foreign_source", "violation",
	      "confirmed"}),
	CASE("strict_interface: the gateway's 2xx to a BYE through the caller's interface does not close", STRICT,
	     CALL_ACROSS, BYE_ACROSS,
	     {"gateway/outside>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_answerer",
	      "resume:wrong_answerer violation", "confirmed end=none"}),
	CASE("strict_interface: the gateway's 481 through the caller's interface does not close", STRICT, CALL_ACROSS, BYE_ACROSS,
	     {"gateway/outside>host", "481 BYE 14 a>b via=p9,c9", "pass refused",
	      "resume:refused violation", "confirmed end=none"}),
	CASE("strict_interface: the gateway's 2xx to an unseen BYE through the caller's interface does not close", STRICT, CALL_ACROSS,
	     {"gateway/outside>host", "200 BYE 14 a>b via=p7", "pass in_dialog", NULL,
	      "confirmed end=none"}),
	CASE("near miss: strict_interface: the gateway's 2xx to an unseen BYE through its own interface closes", STRICT, CALL_ACROSS,
	     {"gateway/inside>host", "200 BYE 14 a>b via=p7", "pass closed", "end",
	      "ended end=unseen_bye suspect=1"}),
	CASE("strict_interface: a 2xx to the INVITE through the caller's interface opens no dialog", STRICT, INVITED,
	     {"gateway/outside>host", "200 INVITE 13 a>b via=p1,c1", "pass forged_2xx",
	      "violation:forged_2xx", "none"},
	     {"gateway2/outside>host", "200 INVITE 13 a>z via=p1,c1", "pass forged_2xx",
	      "violation:forged_2xx", "none unexpected_uas=0"},
	     OPENS),
	CASE("near miss: without strict_interface a 2xx to the INVITE opens through any interface", NULL, INVITED,
	     {"gateway/outside>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed"}),
	CASE("strict_interface: a BYE forwarded through another interface did not go to the gateway", STRICT,
	     CALL_ACROSS, {"caller/outside>host", "BYE 14 a>b via=c9", "pass bye", "bye", "ending"},
	     {"host>gateway/outside", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"},
	     {"gateway/inside>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_answerer",
	      "resume violation", "confirmed end=none"}),
	CASE("strict_interface: the gateway's 2xx through the caller's interface changes no address", STRICT, CALL_ACROSS,
	     IN_ORDER("moved/outside>host", "INVITE 14 a>b via=m1"),
	     IN_ORDER("host>gateway/inside", "INVITE 14 a>b via=p4,m1"),
	     {"gateway/outside>host", "200 INVITE 14 a>b via=p4,m1", "pass in_dialog", NULL,
	      "caller_at=caller"},
	     {"gateway/inside>host", "200 INVITE 14 a>b via=p4,m1", "pass in_dialog", NULL,
	      "caller_at=moved/outside"}),
	CASE("strict_interface: after an address change the caller is bound to the new interface", STRICT,
	     CALL_ACROSS, IN_ORDER("moved/inside>host", "INVITE 14 a>b via=m1"),
	     IN_ORDER("host>gateway/inside", "INVITE 14 a>b via=p4,m1"),
	     {"gateway/inside>host", "200 INVITE 14 a>b via=p4,m1", "pass in_dialog", NULL,
	      "caller_at=moved/inside"},
	     {"moved/outside>host", "BYE 15 a>b via=m2", "drop foreign_source", "violation",
	      "confirmed"},
	     {"moved/inside>host", "BYE 15 a>b via=m3", "pass bye", "bye", "ending"}),
	CASE("strict_interface: the caller's address on the inside interface raises no counter and is foreign", STRICT,
	     CALL_ACROSS,
	     {"caller/inside>host", "INFO 2147483000 a>b via=x1", "pass in_dialog", NULL, "caller=13"},
	     {"caller/inside>host", "BYE 14 a>b via=x2", "drop foreign_source", "violation",
	      "confirmed"},
	     {"caller/outside>host", "BYE 14 a>b via=c9", "pass bye", "bye", "ending"}),
	CASE("strict_interface: a call with both legs on one interface opens and closes", STRICT,
	     {"caller/inside>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>callee/inside", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"callee/inside>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "caller_at=caller/inside callee_at=callee/inside"},
	     {"callee/outside>host", "BYE 1 b>a via=g1", "drop foreign_source", "violation",
	      "confirmed"},
	     {"callee/inside>host", "BYE 1 b>a via=g1", "pass bye", "end", "ended"}),
	CASE("strict_interface: a BYE with swapped tags is wrong_leg through any interface", STRICT,
	     CALL_ACROSS,
	     {"caller/inside>host", "BYE 1 b>a via=x1", "drop wrong_leg", "violation", "confirmed"})
);
