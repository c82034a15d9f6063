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
#define KEPT {"host>stranger", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"}
#define SENT_BACK {"stranger>host", "BYE 14 a>b via=s9,p9,c9 @back", "pass bye_repeat", NULL, "ending"}
#define ON_AT_LAST {"host>gateway", "BYE 14 a>b via=p10,s9,p9,c9 @on", "pass bye", NULL, "ending"}
#define CLOSES(vias, then)                                                                         \
	{"gateway>host", "200 BYE 14 a>b via=" vias " @taken", "pass closed", "end",                \
	 "ended end=bye suspect=0 " then}

SUITE(stale_bye,
	CASE("near miss: the end of a BYE that spirals back after 4 s is its first arrival",
	     NULL, CALL, BYE_IN("14"),
	     KEPT, LATER("4"), SENT_BACK, ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@bye")),
	CASE("F5: the end of a BYE that spirals back after 6 s is the time when it is forwarded",
	     NULL, CALL,
	     BYE_IN("14"), KEPT, LATER("6"), SENT_BACK, ON_AT_LAST,
	     CLOSES("p10,s9,p9,c9", "end@on")),
	CASE("F5: the end of a BYE that comes back after 40 s is its second arrival",
	     NULL, CALL, BYE_IN("14"), KEPT, LATER("40"),
	     {"stranger>host", "BYE 14 a>b via=s9,p9,c9 @back", "pass bye_repeat", NULL, "ending"},
	     ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@back")),
	CASE("F5: a forged response to the BYE does not hide the proxy's 408",
	     NULL, CALL, BYE_IN("14"), KEPT,
	     {"stranger>host", "200 BYE 14 a>b via=zz,c9", "pass in_dialog", NULL, "ending"},
	     {"host>caller", "408 BYE 14 a>b via=c9", "pass refused", "resume violation", "confirmed"},
	     LATER("40"),
	     {"stranger>host", "BYE 14 a>b via=s9,p9,c9 @back", "pass bye_repeat", "bye", "ending"},
	     ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@back")),
	CASE("F5: the end of a BYE forwarded 6 s after its arrival is the time when it is forwarded",
	     NULL, CALL,
	     BYE_IN("14"), LATER("6"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @on", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@on")),
	CASE("near miss: the end of a BYE forwarded 4 s after its arrival is its arrival",
	     NULL, CALL, BYE_IN("14"),
	     LATER("4"), {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@bye")),
	CASE("near miss: retransmissions by the host for 28 s keep the end at the arrival",
	     NULL, CALL,
	     BYE_THROUGH("gateway", "14"), LATER("28"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@bye")),
	CASE("F5: the end of a BYE forwarded again under its branch after 40 s is that time",
	     NULL, CALL,
	     BYE_IN("14"), KEPT, LATER("40"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @on", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@on")),
	CASE("F5: the end of a BYE never seen leaving is its 2xx if that comes after 6 s",
	     NULL, CALL, BYE_IN("14"),
	     LATER("6"), CLOSES("p9,c9", "end@taken")),
	CASE("near miss: the end of a BYE answered after 28 s is its arrival",
	     NULL, CALL, BYE_THROUGH("gateway", "14"),
	     LATER("28"), CLOSES("p9,c9", "end@bye"))
);
