// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Messages after the end of a call: which of them show life, and which are only late. */
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
	CASE("after the end: a request of one leg and the other's 2xx show life", NULL, ENDED,
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     LATE("host>gateway", "INFO 15 a>b via=p10,c10"),
	     ALIVE("gateway>host", "200 INFO 15 a>b via=p10,c10")),
	CASE("after the end: a re-INVITE of the callee and the caller's 2xx show life", NULL, ENDED,
	     LATE("gateway>host", "INVITE 5 b>a via=g5"),
	     LATE("host>caller", "INVITE 5 b>a via=p5,g5"),
	     ALIVE("caller>host", "200 INVITE 5 b>a via=p5,g5")),
	CASE("after the end: requests of both legs show life", NULL, ENDED,
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     ALIVE("gateway>host", "INFO 5 b>a via=g5")),
	CASE("after the end: life is reported once",
	     NULL, ENDED, LATE("caller>host", "INFO 15 a>b via=c10"),
	     ALIVE("gateway>host", "200 INFO 15 a>b via=p10,c10"),
	     {"caller>host", "INFO 16 a>b via=c11", "pass in_dialog", NULL, "ended alive=1"},
	     {"gateway>host", "200 INFO 16 a>b via=p11,c11", "pass in_dialog", NULL,
	      "ended alive=1"}),
	CASE("after the end: a 2xx of an endpoint on the host shows life", NULL, CALL_TO_HOST,
	     BYE_TO_HOST("14"), {"host>caller", "200 BYE 14 a>b via=c9", "pass closed", "end", "ended"},
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     ALIVE("host>caller", "200 INFO 15 a>b via=c10")),
	CASE("after an end by 481: requests of both legs show life",
	     NULL, CALL, BYE_THROUGH("gateway", "14"),
	     {"gateway>host", "481 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended end=gone"},
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     {"gateway>host", "200 INFO 15 a>b via=p10,c10", "pass alive_after_end",
	      "alive violation", "ended end=gone alive=1"}),
	CASE("near miss: a request that crossed the BYE and is answered 481 shows no life",
	     NULL, CALL,
	     {"gateway>host", "BYE 1 b>a via=g1", "pass bye", "bye", "ending"},
	     {"host>caller", "BYE 1 b>a via=p9,g1", "pass bye", "end", "ended"},
	     LATE("caller>host", "INFO 14 a>b via=c10"),
	     LATE("host>gateway", "INFO 14 a>b via=p10,c10"),
	     LATE("gateway>host", "481 INFO 14 a>b via=p10,c10"),
	     LATE("host>caller", "481 INFO 14 a>b via=c10")),
	CASE("near miss: a request that crossed the BYE and is answered by the proxy shows no life",
	     NULL, ENDED,
	     LATE("caller>host", "OPTIONS 15 a>b via=c10"),
	     LATE("host>caller", "200 OPTIONS 15 a>b via=c10")),
	CASE("near miss: requests of one leg alone show no life",
	     NULL, ENDED, LATE("caller>host", "INFO 15 a>b via=c10"),
	     LATE("caller>host", "INFO 16 a>b via=c11"), LATE("caller>host", "INVITE 17 a>b via=c12")),
	CASE("near miss: the caller's 2xx with the callee's tags shows no life", NULL, ENDED,
	     LATE("caller>host", "INFO 15 a>b via=c10"),
	     LATE("caller>host", "200 INFO 15 a>b via=p10,c10"),
	     LATE("caller>host", "INFO 5 b>a via=c11")),
	CASE("near miss: a stranger's requests with either leg's tags show no life", NULL, ENDED,
	     LATE("stranger>host", "INFO 15 a>b via=x1"), LATE("stranger>host", "INFO 5 b>a via=x2"),
	     LATE("stranger>host", "200 INFO 15 a>b via=p10,x1"),
	     LATE("stranger>host", "200 INFO 5 b>a via=p11,x2")),
	CASE("near miss: a gateway's requests with both legs' tags show no life", NULL, ENDED,
	     LATE("gateway2>host", "INFO 15 a>b via=x1"), LATE("gateway>host", "INFO 5 b>a via=g5")),
	CASE("near miss: a 2xx without a request after the end shows no life", NULL, ENDED,
	     LATE("gateway>host", "200 INFO 13 a>b via=p3,c3"),
	     LATE("caller>host", "200 INFO 4 b>a via=p4,g4")),
	CASE("H1: retransmitted 2xx, ACK and BYE after the end show no life", NULL, ENDED,
	     LATE("gateway>host", "200 INVITE 13 a>b via=p1,c1"),
	     LATE("host>caller", "200 INVITE 13 a>b via=c1"), LATE("caller>host", "ACK 13 a>b via=c2"),
	     LATE("host>gateway", "ACK 13 a>b via=p2,c2"),
	     {"caller>host", "BYE 14 a>b via=c9", "pass bye_repeat", NULL, "ended alive=0 end@bye"},
	     LATE("gateway>host", "200 BYE 14 a>b via=p9,c9")),
	CASE("H5: BYEs that cross show no life", NULL, ENDED,
	     {"gateway>host", "BYE 1 b>a via=g1", "pass bye", NULL, "ended alive=0 by=caller end@bye"},
	     {"host>caller", "BYE 1 b>a via=p9,g1", "pass bye", NULL, "ended alive=0"},
	     LATE("caller>host", "200 BYE 1 b>a via=p9,g1"))
);
