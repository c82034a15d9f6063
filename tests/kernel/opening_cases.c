// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Opening: which 2xx opens a dialog, and what the dialog then says. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define INVITED_TO(far)                                                                            \
	{"caller>host", "INVITE 13 a> via=c1 @setup", "pass invite", NULL, "none"},           \
	{"host>" far, "INVITE 13 a> via=p1,c1", "pass invite", NULL, "none pending=1"}

#define FORGED(from, form)                                                                         \
	{from ">host", form, "pass forged_2xx", "violation:forged_2xx:pass", "none"}

#define FORK(tag)                                                                                  \
	{"gateway>host", "200 INVITE 13 a>" tag " via=p1,c1", "pass opened", "start"}

/* A third INVITE's worth of text: 170 bytes. */
#define LONG_TEXT                                                                                  \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"    \
	"8901234567890123456789012345678901234567890123456789012345678901234567890123456789"

SUITE(opening,
	CASE("a 2xx of the address and branch that the INVITE was sent to opens", NULL, CALL),
	CASE("a CDR's text comes from the INVITE, its addresses from both ends", NULL,
	     {"caller:5072>host", "INVITE 13 a> via=c1 uri=sip:00491234@proxy.example @setup",
	      "pass invite"},
	     {"host>gateway:5080", "INVITE 13 a> via=p1,c1 uri=sip:1234@198.51.100.1:5080",
	      "pass invite"},
	     {"gateway:5080>host", "200 INVITE 13 a>b via=p1,c1 @answer", "pass opened", "start",
	      "confirmed code=200 call_id=call- from=a to=b from_uri=sip:a@a.example "
	      "to_uri=sip:0049@proxy.example uri=sip:00491234@proxy.example cut=0 suspect=0 "
	      "caller_at=caller:5072 callee_at=gateway:5080 setup@setup answer@answer"}),
	CASE("the event of an opening names the leg whose tag is in From", NULL, INVITED_TO("gateway"),
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start:opened:caller:13"}),
	CASE("without a gateway the callee is the witness", "gateways=none",
	     CALL_BY_PROXY_TO("callee"),
	     {"caller>host", "INFO 14 a>b via=c3", "pass in_dialog", NULL, "witness=callee"}),
	CASE("a gateway that answers is the witness", NULL, CALL,
	     {"caller>host", "INFO 14 a>b via=c3", "pass in_dialog", NULL, "witness=callee"}),
	CASE("a gateway that calls is the witness", NULL,
	     {"gateway>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>callee", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"callee>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "witness=caller"}),
	CASE("between two gateways both are witnesses", NULL,
	     {"gateway>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>gateway2", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"gateway2>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "witness=both"}),
	CASE("H12: the host answers: it is the witness", NULL, CALL_TO_HOST),
	CASE("H12: the host calls a gateway: both are witnesses", NULL, CALL_FROM_HOST("gateway"),
	     {"gateway>host", "INFO 1 b>a via=g1", "pass in_dialog", NULL, "witness=both"}),
	CASE("H12: the host calls a customer: it is the witness", NULL, CALL_FROM_HOST("callee"),
	     {"callee>host", "INFO 1 b>a via=g1", "pass in_dialog", NULL, "witness=caller"}),
	CASE("202 opens too, and the CDR says so", NULL, INVITED_TO("gateway"),
	     {"gateway>host", "202 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed code=202"}),

	CASE("F15: a 2xx from the caller's second host opens nothing", NULL, RINGING("gateway"),
	     FORGED("stranger", "200 INVITE 13 a>b via=p1,c1"), ANSWERED("gateway")),
	CASE("F15: a 2xx from the caller itself opens nothing", NULL, RINGING("gateway"),
	     FORGED("caller", "200 INVITE 13 a>b via=p1,c1"), ANSWERED("gateway")),
	CASE("F15: a 2xx with a To tag of its own opens nothing", NULL, RINGING("gateway"),
	     FORGED("stranger", "200 INVITE 13 a>z via=p1,c1"), ANSWERED("gateway")),
	CASE("F15: a 2xx for a branch never sent opens nothing", NULL, RINGING("gateway"),
	     FORGED("gateway", "200 INVITE 13 a>b via=zz,c1"),
	     FORGED("gateway", "200 INVITE 13 a>b via=c1"), ANSWERED("gateway")),
	CASE("F15: a 2xx to an INVITE that the host did not send on opens nothing", NULL,
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite", NULL, "none pending=0"},
	     FORGED("stranger", "200 INVITE 13 a>b via=c1"),
	     FORGED("gateway", "200 INVITE 13 a>b via=c1")),
	CASE("F15: a 2xx to no INVITE at all opens nothing", NULL,
	     FORGED("gateway", "200 INVITE 13 a>b via=p1,c1")),
	CASE("near miss: another gateway may answer", NULL, INVITED_TO("gateway"),
	     {"gateway2>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed callee_at=gateway2"}),
	CASE("F15: another host of the callee's net may not", "gateways=none", INVITED_TO("gateway"),
	     FORGED("gateway2", "200 INVITE 13 a>b via=p1,c1")),
	CASE("near miss: from another port of the same address", NULL, INVITED_TO("callee"),
	     {"callee:40000>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "confirmed"}),

	CASE("H1: the 2xx and the INVITE repeated open nothing more", NULL, INVITED_TO("gateway"),
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite", NULL, "none"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1", "pass invite", NULL, "none pending=1"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 @answer", "pass opened", "start",
	      "confirmed setup@setup"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass in_dialog", NULL,
	      "confirmed dialogs=1 answer@answer"},
	     {"host>caller", "200 INVITE 13 a>b via=c1", "pass in_dialog", NULL, "dialogs=1"},
	     {"caller>host", "INVITE 13 a> via=c1", "pass invite", NULL, "dialogs=1"}),
	CASE("H3: each To tag of a fork opens a dialog", NULL, INVITED_TO("gateway"), FORK("b"),
	     FORK("c"), FORK("d"),
	     {"caller>host", "BYE 10 a>c via=c8", "drop out_of_order", "violation",
	      "dialogs=3 tag=b blocked=0 tag=c blocked=1 tag=d blocked=0"}),
	CASE("H3: forks are bounded: 16 open, the 17th does not", NULL, INVITED_TO("gateway"),
	     FORK("b1"), FORK("b2"), FORK("b3"), FORK("b4"), FORK("b5"), FORK("b6"), FORK("b7"),
	     FORK("b8"), FORK("b9"), FORK("b10"), FORK("b11"), FORK("b12"), FORK("b13"),
	     FORK("b14"), FORK("b15"), FORK("b16"),
	     {"gateway>host", "200 INVITE 13 a>b17 via=p1,c1", "pass forks_full", NULL, "dialogs=16"}),
	CASE("a rejected INVITE opens nothing", NULL, INVITED_TO("gateway"),
	     {"gateway>host", "486 INVITE 13 a>b via=p1,c1", "pass rejected", NULL, "none"},
	     {"host>caller", "486 INVITE 13 a>b via=c1", "pass rejected", NULL, "none"}),
	CASE("an INVITE challenged, then repeated: the second one's setup counts", NULL,
	     {"caller>host", "INVITE 12 a> via=c0", "pass invite"},
	     {"host>caller", "407 INVITE 12 a>p via=c0", "pass rejected", NULL, "none"},
	     {"caller>host", "ACK 12 a>p via=c0", "pass out_of_dialog"},
	     CALL),
	CASE("F16: a second INVITE of the same Call-ID does not change what the CDR says", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 uri=sip:900@dear.example @setup", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 uri=sip:900@dear.example", "pass invite"},
	     {"gateway>host", "180 INVITE 13 a>b via=p1,c1", "pass early"},
	     {"caller>host", "INVITE 14 a> via=c2 uri=sip:1@cheap.example @second", "pass invite"},
	     {"host>gateway", "INVITE 14 a> via=p2,c2 uri=sip:1@cheap.example", "pass invite", NULL,
	      "pending=2"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",
	      "uri=sip:900@dear.example caller=13 setup@setup"},
	     {"gateway>host", "200 INVITE 14 a>c via=p2,c2", "pass opened", "start",
	      "dialogs=2 tag=b uri=sip:900@dear.example tag=c uri=sip:1@cheap.example "
	      "setup@second"}),
	CASE("F17: a Call-ID of 170 characters is cut, flagged, and told from its like", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 cid=" LONG_TEXT "x", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 cid=" LONG_TEXT "x", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 cid=" LONG_TEXT "x", "pass opened", "start",
	      "confirmed call_id=0123456789 cut=1"},
	     {"caller>host", "BYE 10 a>b via=c8 cid=" LONG_TEXT "y", "pass unknown_dialog"},
	     {"caller>host", "BYE 10 a>b via=c8 cid=" LONG_TEXT "x", "drop out_of_order", "violation"}),
	CASE("F17: 0xff and control bytes in a Call-ID are bytes like others", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 cid=x%ff%01y", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 cid=x%ff%01y", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 cid=x%ff%01y", "pass opened", "start",
	      "confirmed call_id=x\xff\x01y"},
	     {"caller>host", "BYE 10 a>b via=c8 cid=x%ff%01y", "drop out_of_order", "violation"}),
	CASE("F17: a NUL in a Call-ID is flagged", NULL,
	     {"caller>host", "INVITE 13 a> via=c1 cid=x%00y", "pass invite"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 cid=x%00y", "pass invite"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 cid=x%00y", "pass opened", "start",
	      "confirmed call_id=x cut=1"},
	     {"caller>host", "BYE 10 a>b via=c8 cid=x%00z", "pass unknown_dialog"},
	     {"caller>host", "BYE 10 a>b via=c8 cid=x%00y", "drop out_of_order", "violation"}),
	CASE("what has no dialog is out of any call", NULL,
	     {"caller>host", "REGISTER 5 a> via=c1", "pass out_of_dialog", NULL, "none"},
	     {"host>caller", "200 REGISTER 5 a>r via=c1", "pass out_of_dialog", NULL, "none"},
	     {"caller>host", "OPTIONS 6 a> via=c2", "pass out_of_dialog", NULL, "none"},
	     {"host>gateway", "OPTIONS 6 h> via=h2", "pass out_of_dialog", NULL, "none"},
	     {"caller>host", "MESSAGE 7 a> via=c3", "pass out_of_dialog", NULL, "none"},
	     {"caller>host", "BYE 7 a> via=c4", "pass unknown_dialog", NULL, "none"})
);
