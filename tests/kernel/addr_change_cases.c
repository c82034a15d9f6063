// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* H9: the caller's address changes in mid-call, by a re-INVITE or UPDATE that the callee took. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

/* A re-INVITE of the caller from another host, as it comes in and as the host sends it on. */
#define ASKS_FROM(source, method)                                                                  \
	{source ">host", method " 14 a>b via=m1", "pass in_dialog", NULL,                           \
	 "confirmed caller_at=caller addr_changes=1"}
#define SENT_TO(far, method)                                                                       \
	{"host>" far, method " 14 a>b via=p4,m1", "pass in_dialog", NULL,                           \
	 "confirmed caller_at=caller"}
#define ASKS(far) ASKS_FROM("moved", "INVITE"), SENT_TO(far, "INVITE")

#define ANSWERS(source, code, then)                                                                \
	{source ">host", code " INVITE 14 a>b via=p4,m1", "pass in_dialog", NULL, "confirmed " then}

#define IS_FOREIGN(source, cseq)                                                                   \
	{source ">host", "BYE " cseq " a>b via=x9", "drop foreign_source",                          \
	 "violation:foreign_source:drop:caller:" cseq, "confirmed blocked=1"}
#define IS_OWN(source, cseq)                                                                       \
	{source ">host", "BYE " cseq " a>b via=m9 @bye", "pass bye", "bye:bye:caller:" cseq,        \
	 "ending caller=" cseq " bye@bye"}

SUITE(addr_change,
	CASE("H9: the callee's 2xx to a re-INVITE changes the caller's address", "source=strict",
	     CALL_BY_PROXY_TO("callee"), ASKS("callee"),
	     ANSWERS("callee", "200", "caller_at=moved callee_at=callee"), IS_OWN("moved", "15")),
	CASE("H9: a gateway's 2xx to a re-INVITE changes the caller's address", "source=strict", CALL, ASKS("gateway"),
	     ANSWERS("gateway", "200", "caller_at=moved"), IS_OWN("moved", "15"),
	     {"host>gateway", "BYE 15 a>b via=p9,m9", "pass bye"},
	     {"gateway>host", "200 BYE 15 a>b via=p9,m9", "pass closed", "end:closed:caller",
	      "ended end=bye by=caller end@bye suspect=0"}),
	CASE("H9: a 2xx to an UPDATE changes the caller's address", "source=strict", CALL,
	     ASKS_FROM("moved", "UPDATE"), SENT_TO("gateway", "UPDATE"),
	     {"gateway>host", "200 UPDATE 14 a>b via=p4,m1", "pass in_dialog", NULL,
	      "caller_at=moved"},
	     IS_OWN("moved", "15")),
	CASE("H9: a 2xx from another gateway address changes the caller's address", "source=strict", CALL, ASKS("gateway"),
	     ANSWERS("gateway2", "200", "caller_at=moved"), IS_OWN("moved", "15")),
	CASE("H9: after an address change the caller's old address is foreign", "source=strict", CALL,
	     ASKS("gateway"), ANSWERS("gateway", "200", "caller_at=moved"),
	     IS_FOREIGN("caller", "15"), IS_OWN("moved", "16")),
	CASE("H9: a second re-INVITE changes the caller's address back", "source=strict", CALL, ASKS("gateway"),
	     ANSWERS("gateway", "200", "caller_at=moved"),
	     IN_ORDER("caller>host", "INVITE 15 a>b via=c5"),
	     IN_ORDER("host>gateway", "INVITE 15 a>b via=p5,c5"),
	     {"gateway>host", "200 INVITE 15 a>b via=p5,c5", "pass in_dialog", NULL,
	      "caller_at=caller"},
	     IS_OWN("caller", "16")),
	CASE("H9: a low BYE from the caller's new address is dropped", "source=strict", CALL,
	     ASKS("gateway"), ANSWERS("gateway", "200", "caller_at=moved"),
	     {"moved>host", "BYE 10 a>b via=m8", "drop out_of_order", "violation:caller:10",
	      "confirmed blocked=1"}),
	CASE("H9: an address change also sets the caller's port", NULL, CALL,
	     {"moved:7777>host", "INVITE 14 a>b via=m1", "pass in_dialog", NULL, "addr_changes=1"},
	     SENT_TO("gateway", "INVITE"),
	     ANSWERS("gateway", "200", "caller_at=moved:7777"),
	     IN_ORDER("moved:8888>host", "INFO 15 a>b via=m2"),
	     ANSWERS("gateway", "200", "caller_at=moved:8888")),
	CASE("H9: the host as the callee: its own 2xx changes the caller's address", "source=strict",
	     CALL_TO_HOST, ASKS_FROM("moved", "INVITE"),
	     {"host>moved", "200 INVITE 14 a>b via=m1", "pass in_dialog", NULL, "caller_at=moved"},
	     IS_OWN("moved", "15")),
	CASE("near miss: the host's 2xx for another branch changes no address", "source=strict",
	     CALL_TO_HOST, ASKS_FROM("moved", "INVITE"),
	     {"host>moved", "200 INVITE 14 a>b via=m2", "pass in_dialog", NULL, "caller_at=caller"},
	     IS_FOREIGN("moved", "15")),
	CASE("near miss: a re-INVITE without a response changes no address", "source=strict", CALL, ASKS("gateway"),
	     IS_FOREIGN("moved", "15")),
	CASE("near miss: a refused re-INVITE changes no address", "source=strict", CALL, ASKS("gateway"),
	     ANSWERS("gateway", "491", "caller_at=caller"), IS_FOREIGN("moved", "15")),
	CASE("near miss: a provisional response to a re-INVITE changes no address", "source=strict", CALL,
	     ASKS("gateway"), ANSWERS("gateway", "183", "caller_at=caller"), IS_FOREIGN("moved", "15")),
	CASE("F9: a stranger's 2xx to a re-INVITE does not change the caller's address", "source=strict", CALL, ASKS("gateway"),
	     ANSWERS("stranger", "200", "caller_at=caller"),
	     ANSWERS("moved", "200", "caller_at=caller"), IS_FOREIGN("moved", "15")),
	CASE("F9: the caller's own 2xx to its re-INVITE does not change its address", "source=strict", CALL, ASKS("gateway"),
	     ANSWERS("caller", "200", "caller_at=caller"), IS_FOREIGN("moved", "15")),
	CASE("near miss: the callee's 2xx for another branch changes no address", "source=strict", CALL,
	     ASKS("gateway"),
	     {"gateway>host", "200 INVITE 14 a>b via=p7,m1", "pass in_dialog", NULL,
	      "caller_at=caller"},
	     {"gateway>host", "200 INVITE 14 a>b via=m1", "pass in_dialog", NULL, "caller_at=caller"},
	     IS_FOREIGN("moved", "15")),
	CASE("near miss: a proxy's own 2xx to a re-INVITE changes no address", "source=strict", CALL,
	     ASKS_FROM("moved", "INVITE"),
	     {"host>moved", "200 INVITE 14 a>b via=m1", "pass in_dialog", NULL, "caller_at=caller"},
	     IS_FOREIGN("moved", "15")),
	CASE("near miss: an INFO from a third address changes no address", "source=strict", CALL,
	     {"moved>host", "INFO 14 a>b via=m1", "pass in_dialog", NULL, "addr_changes=0"},
	     IN_ORDER("host>gateway", "INFO 14 a>b via=p4,m1"),
	     {"gateway>host", "200 INFO 14 a>b via=p4,m1", "pass in_dialog", NULL,
	      "caller_at=caller"},
	     IS_FOREIGN("moved", "15")),
	CASE("F9: the caller's 2xx with swapped tags does not change its address", "source=strict", CALL, ASKS("gateway"),
	     {"caller>host", "200 INVITE 14 b>a via=p4,m1", "pass in_dialog", NULL,
	      "confirmed caller_at=caller"},
	     IS_FOREIGN("moved", "15")),
	CASE("near miss: a re-INVITE with the CSeq of another request changes no address", NULL, CALL,
	     {"moved>host", "INVITE 13 a>b via=m1", "pass in_dialog", NULL, "addr_changes=0"}),
	CASE("near miss: a re-INVITE below the counter changes no address", "source=strict", CALL,
	     {"moved>host", "INVITE 12 a>b via=m1", "pass late_request", NULL, "addr_changes=0"},
	     IN_ORDER("host>gateway", "INVITE 12 a>b via=p4,m1"),
	     {"gateway>host", "200 INVITE 12 a>b via=p4,m1", "pass in_dialog", NULL,
	      "caller_at=caller"}),
	CASE("F9: a re-INVITE with the callee's tags does not change the callee's address", "source=strict", CALL_BY_PROXY_TO("callee"),
	     {"stranger>host", "INVITE 2 b>a via=x1", "pass in_dialog", NULL, "addr_changes=0"},
	     IN_ORDER("host>caller", "INVITE 2 b>a via=p4,x1"),
	     {"caller>host", "200 INVITE 2 b>a via=p4,x1", "pass in_dialog", NULL,
	      "callee_at=callee caller_at=caller"},
	     {"stranger>host", "BYE 3 b>a via=x2", "drop foreign_source", "violation:callee",
	      "confirmed"}),
	CASE("F9: a re-INVITE does not change the address of a callee that is no witness", "source=strict",
	     {"gateway>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>callee", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"callee>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "witness=caller"},
	     {"stranger>host", "INVITE 2 b>a via=x1", "pass in_dialog", NULL, "addr_changes=0"}),
	CASE("F9: the address of a caller that is a gateway does not change to a stranger's", "source=strict",
	     {"gateway>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>callee", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"callee>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "witness=caller"},
	     {"moved>host", "INVITE 14 a>b via=m1", "pass in_dialog", NULL, "addr_changes=0"},
	     IN_ORDER("host>callee", "INVITE 14 a>b via=p4,m1"),
	     ANSWERS("callee", "200", "caller_at=gateway"), IS_FOREIGN("moved", "15")),
	CASE("near miss: a caller that is a gateway may use another gateway address", "source=strict",
	     {"gateway>host", "INVITE 13 a> via=c1", "pass invite"},
	     {"host>callee", "INVITE 13 a> via=p1,c1", "pass invite"},
	     {"callee>host", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start", "witness=caller"},
	     {"gateway2>host", "INVITE 14 a>b via=m1", "pass in_dialog", NULL, "addr_changes=0 caller=14"},
	     {"gateway2>host", "BYE 15 a>b via=m2", "pass bye", "end", "ended by=caller"}),
	CASE("F9: a re-INVITE of the callee with the caller's tags does not change the caller's address",
	     "source=strict", CALL_BY_PROXY_TO("callee"),
	     {"callee>host", "INVITE 14 a>b via=g1", "pass in_dialog", NULL, "addr_changes=0"},
	     {"callee>host", "BYE 15 a>b via=g2", "drop wrong_leg", "violation", "confirmed"}),
	CASE("H9: a new source port in mid-call (NAT) is no address change", "source=strict", CALL,
	     {"caller:40001>host", "INVITE 14 a>b via=c4", "pass in_dialog", NULL,
	      "addr_changes=0 caller=14 caller_at=caller:40001"},
	     {"caller:40002>host", "INFO 15 a>b via=c5", "pass in_dialog", NULL,
	      "caller_at=caller:40002"},
	     IS_OWN("caller:40003", "16"))
);
