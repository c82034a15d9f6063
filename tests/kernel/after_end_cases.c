// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Life after the end: what shows a call alive, and what only comes late. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define ENDED                                                                                      \
	CALL, BYE_THROUGH("gateway", "14"),                                                        \
	{"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end",                          \
	 "ended end=bye end@bye suspect=0 alive=0"}

#define LATE(path, message) {path, message, "pass in_dialog", NULL, "ended alive=0 suspect=0"}
#define ALIVE(path, message)                                                                       \
	{path, message, "pass alive_after_end",                                                     \
	 "alive:alive_after_end violation:alive_after_end:pass", "ended end=bye alive=1"}

SUITE(after_end,
	CASE("a request of one leg and the other's 2xx to it: alive", NULL, ENDED,
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     LATE("host>gateway", "INFO 15 a>b via=p10,c10"),
	     ALIVE("gateway>host", "200 INFO 15 a>b via=p10,c10")),
	CASE("a re-INVITE of the callee and the caller's 2xx: alive", NULL, ENDED,
	     LATE("gateway>host", "INVITE 5 b>a via=g5"),
	     LATE("host>caller", "INVITE 5 b>a via=p5,g5"),
	     ALIVE("caller>host", "200 INVITE 5 b>a via=p5,g5")),
	CASE("requests of both legs: alive", NULL, ENDED,
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     ALIVE("gateway>host", "INFO 5 b>a via=g5")),
	CASE("it is told once", NULL, ENDED, LATE("caller>host", "INFO 15 a>b via=c10"),
	     ALIVE("gateway>host", "200 INFO 15 a>b via=p10,c10"),
	     {"caller>host", "INFO 16 a>b via=c11", "pass in_dialog", NULL, "ended alive=1"},
	     {"gateway>host", "200 INFO 16 a>b via=p11,c11", "pass in_dialog", NULL,
	      "ended alive=1"}),
	CASE("an endpoint on the host answers 2xx after the end: alive", NULL, CALL_TO_HOST,
	     BYE_IN("14"), {"host>caller", "200 BYE 14 a>b via=c9", "pass closed", "end", "ended"},
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     ALIVE("host>caller", "200 INFO 15 a>b via=c10")),
	CASE("after a 481 that closed: alive", NULL, CALL, BYE_THROUGH("gateway", "14"),
	     {"gateway>host", "481 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended end=gone"},
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     {"gateway>host", "200 INFO 15 a>b via=p10,c10", "pass alive_after_end",
	      "alive violation", "ended end=gone alive=1"}),
	CASE("near miss: a request that crossed the BYE, answered 481", NULL, CALL,
	     {"gateway>host", "BYE 1 b>a via=g1", "pass bye", "end", "ended"},
	     LATE("caller>host", "INFO 14 a>b via=c10"),
	     LATE("host>gateway", "INFO 14 a>b via=p10,c10"),
	     LATE("gateway>host", "481 INFO 14 a>b via=p10,c10"),
	     LATE("host>caller", "481 INFO 14 a>b via=c10")),
	CASE("near miss: ... or by a proxy's own 2xx", NULL, ENDED,
	     LATE("caller>host", "OPTIONS 15 a>b via=c10"),
	     LATE("host>caller", "200 OPTIONS 15 a>b via=c10")),
	CASE("near miss: one leg alone", NULL, ENDED, LATE("caller>host", "INFO 15 a>b via=c10"),
	     LATE("caller>host", "INFO 16 a>b via=c11"), LATE("caller>host", "INVITE 17 a>b via=c12")),
	CASE("near miss: the caller answers his own request in the callee's name", NULL, ENDED,
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     LATE("caller>host", "200 INFO 15 a>b via=p10,c10"),
	     LATE("caller>host", "INFO 5 b>a via=c11")),
	CASE("near miss: a stranger speaks for either leg", NULL, ENDED,
	     LATE("stranger>host", "INFO 15 a>b via=x1"), LATE("stranger>host", "INFO 5 b>a via=x2"),
	     LATE("stranger>host", "200 INFO 15 a>b via=p10,x1"),
	     LATE("stranger>host", "200 INFO 5 b>a via=p11,x2")),
	CASE("near miss: a gateway speaks in the caller's name, and in its own", NULL, ENDED,
	     LATE("gateway2>host", "INFO 15 a>b via=x1"), LATE("gateway>host", "INFO 5 b>a via=g5")),
	CASE("near miss: a 2xx without a request since the end", NULL, ENDED,
	     LATE("gateway>host", "200 INFO 13 a>b via=p3,c3"),
	     LATE("caller>host", "200 INFO 4 b>a via=p4,g4")),
	CASE("H1: 2xx, ACK and BYE repeated after the end", NULL, ENDED,
	     LATE("gateway>host", "200 INVITE 13 a>b via=p1,c1"),
	     LATE("host>caller", "200 INVITE 13 a>b via=c1"), LATE("caller>host", "ACK 13 a>b via=c2"),
	     LATE("host>gateway", "ACK 13 a>b via=p2,c2"),
	     {"caller>host", "BYE 14 a>b via=c9", "pass bye_repeat", NULL, "ended alive=0 end@bye"},
	     LATE("gateway>host", "200 BYE 14 a>b via=p9,c9")),
	CASE("H5: BYEs that cross are no sign of life", NULL, ENDED,
	     {"gateway>host", "BYE 1 b>a via=g1", "pass bye", NULL, "ended alive=0 by=caller end@bye"},
	     {"host>caller", "BYE 1 b>a via=p9,g1", "pass bye", NULL, "ended alive=0"},
	     LATE("caller>host", "200 BYE 1 b>a via=p9,g1"))
);
