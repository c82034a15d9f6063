// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A BYE that is delayed or abandoned, and whose branch is used again later, while the call
 * continues. The end of the call must be that of the BYE which the witness accepts.
 */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define LATER(seconds) {"later", seconds}
/* Forwarded by Route to the caller's own host, which holds it. */
#define KEPT                                                                                       \
	{"host>stranger", "BYE 14 a>b via=p9,c9 @kept", "pass bye", "bye", "ending bye@kept"}
#define SENT_BACK                                                                                  \
	{"stranger>host", "BYE 14 a>b via=s9,p9,c9", "pass bye_repeat", NULL, "ending bye@kept"}
#define ON_AT_LAST                                                                                 \
	{"host>gateway", "BYE 14 a>b via=p10,s9,p9,c9 @on", "pass bye", NULL, "ending bye@on"}
#define CLOSES(vias, then)                                                                         \
	{"gateway>host", "200 BYE 14 a>b via=" vias, "pass closed", "end",                          \
	 "ended end=bye suspect=0 " then}
#define DOUBTED(then)                                                                              \
	{"gateway>host", "200 BYE 14 a>b via=p9,c9 @taken", "pass wrong_target", "violation",       \
	 "confirmed end=none candidate=1 suspect=0 " then}

SUITE(stale_bye,
	CASE("near miss: the end of a BYE that spirals back at once is its last forwarding",
	     NULL, CALL, BYE_IN("14"), KEPT, SENT_BACK, ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@on")),
	CASE("F5: the end of a BYE that spirals back after 6 s is the time when it is forwarded",
	     NULL, CALL, BYE_IN("14"), KEPT, LATER("6"), SENT_BACK, ON_AT_LAST,
	     CLOSES("p10,s9,p9,c9", "end@on")),
	CASE("F5: the end of a BYE that comes back after 40 s is the time when it is forwarded",
	     NULL, CALL, BYE_IN("14"), KEPT, LATER("40"), SENT_BACK, ON_AT_LAST,
	     CLOSES("p10,s9,p9,c9", "end@on")),
	CASE("F5: a forged response and the proxy's 408 do not set the end of a BYE that is held",
	     NULL, CALL, BYE_IN("14"), KEPT,
	     {"stranger>host", "200 BYE 14 a>b via=zz,c9", "pass in_dialog", NULL, "ending"},
	     {"host>caller", "408 BYE 14 a>b via=c9", "pass in_dialog", NULL,
	      "ending end=none candidate=0"},
	     LATER("40"), SENT_BACK, ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@on")),
	CASE("F5: the end of a BYE forwarded 6 s after its arrival is the time when it is forwarded",
	     NULL, CALL, BYE_IN("14"), LATER("6"), BYE_ON("gateway", "14"),
	     CLOSES("p9,c9", "end@bye")),
	CASE("F5: the end of a BYE forwarded an hour after its arrival is the time when it is forwarded",
	     NULL, CALL, BYE_IN("14"), LATER("3600"), BYE_ON("gateway", "14"),
	     CLOSES("p9,c9", "end@bye")),
	CASE("near miss: the host's last retransmission, 28 s after the first, is the end",
	     NULL, CALL, BYE_THROUGH("gateway", "14"), LATER("28"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @last", "pass bye", NULL, "ending bye@last"},
	     CLOSES("p9,c9", "end@last")),
	CASE("F5: a BYE that went to the caller's own host proves nothing under its branch later",
	     NULL, CALL, BYE_IN("14"), KEPT, LATER("40"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "violation",
	      "ending end=none candidate=1"}),
	CASE("doubt: the 2xx to a BYE that was never seen leaving is a candidate, at its arrival",
	     NULL, CALL, BYE_IN("14"), LATER("6"), DOUBTED("candidate@taken")),
	CASE("rule 1: a new BYE of the witness under the branch of one that the host never took ends at its own arrival",
	     NULL, CALL, {"gateway>host", "BYE 5 b>a via=g9 @first", "pass bye", "bye", "ending bye@first"},
	     LATER("3600"),
	     {"gateway>host", "BYE 6 b>a via=g9 @second", "pass bye", NULL, "ending bye@second"},
	     {"host>gateway", "200 BYE 6 b>a via=g9", "pass closed", "end",
	      "ended end=bye suspect=0 end@second"}),
	CASE("rule 1: a new BYE of the witness at once, under the branch of the one before, ends at its own arrival",
	     NULL, CALL, {"gateway>host", "BYE 5 b>a via=g9 @first", "pass bye", "bye", "ending bye@first"},
	     {"gateway>host", "BYE 6 b>a via=g9 @second", "pass bye", NULL, "ending bye@second"},
	     {"host>caller", "BYE 6 b>a via=p9,g9", "pass bye", "end",
	      "ended end=bye suspect=0 end@second"}),
	CASE("doubt: a BYE of the witness that is not in order does not renew one under its branch that was never taken",
	     "equal=pass", CALL,
	     {"gateway>host", "BYE 5 b>a via=g9 @first", "pass bye", "bye", "ending bye@first"},
	     {"gateway>host", "INFO 6 b>a via=g10", "pass in_dialog", "request"},
	     LATER("3600"), {"gateway>host", "BYE 6 b>a via=g9 @second", "pass equal_cseq", "violation"},
	     {"host>gateway", "200 BYE 6 b>a via=g9", "pass in_dialog", NULL,
	      "ending end=none candidate@second"}),
	CASE("near miss: copies of the witness's BYE keep the time of the first",
	     NULL, CALL, {"gateway>host", "BYE 5 b>a via=g9 @first", "pass bye", "bye", "ending bye@first"},
	     LATER("6"), {"gateway>host", "BYE 5 b>a via=g9", "pass bye_repeat", NULL, "ending bye@first"},
	     {"host>gateway", "200 BYE 5 b>a via=g9", "pass closed", "end",
	      "ended end=bye suspect=0 end@first"}),
	CASE("near miss: the end of a BYE answered after 28 s is its sending",
	     NULL, CALL, BYE_THROUGH("gateway", "14"), LATER("28"), CLOSES("p9,c9", "end@bye")),
	CASE("doubt: the 2xx to a BYE that is older than 32 s is a candidate, at the BYE's sending",
	     NULL, CALL, BYE_THROUGH("gateway", "14"), LATER("33"),
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass wrong_target", "resume violation",
	      "confirmed end=none candidate@bye"})
);
