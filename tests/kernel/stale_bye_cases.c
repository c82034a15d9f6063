// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * A BYE that comes to nothing, and its branch used again when the call has run on: the end is that of
 * the BYE which the witness took.
 */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define LATER(seconds) {"later", seconds}
/* Sent by Route to the caller's own host, which keeps it. */
#define KEPT {"host>stranger", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"}
#define SENT_BACK {"stranger>host", "BYE 14 a>b via=s9,p9,c9 @back", "pass bye_repeat", NULL, "ending"}
#define ON_AT_LAST {"host>gateway", "BYE 14 a>b via=p10,s9,p9,c9 @on", "pass bye", NULL, "ending"}
#define CLOSES(vias, then)                                                                         \
	{"gateway>host", "200 BYE 14 a>b via=" vias " @taken", "pass closed", "end",                \
	 "ended end=bye suspect=0 " then}

SUITE(stale_bye,
	CASE("near miss: a spiral of four seconds: the first arrival counts", NULL, CALL, BYE_IN("14"),
	     KEPT, LATER("4"), SENT_BACK, ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@bye")),
	CASE("F5: a BYE kept by the caller's own host, and sent back as a spiral", NULL, CALL,
	     BYE_IN("14"), KEPT, LATER("6"), SENT_BACK, ON_AT_LAST,
	     CLOSES("p10,s9,p9,c9", "end@on")),
	CASE("F5: ... after more than 32 seconds", NULL, CALL, BYE_IN("14"), KEPT, LATER("40"),
	     {"stranger>host", "BYE 14 a>b via=s9,p9,c9 @back", "pass bye_repeat", NULL, "ending"},
	     ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@back")),
	CASE("F5: a response of his own does not hide the proxy's 408", NULL, CALL, BYE_IN("14"), KEPT,
	     {"stranger>host", "200 BYE 14 a>b via=zz,c9", "pass in_dialog", NULL, "ending"},
	     {"host>caller", "408 BYE 14 a>b via=c9", "pass refused", "resume violation", "confirmed"},
	     LATER("40"),
	     {"stranger>host", "BYE 14 a>b via=s9,p9,c9 @back", "pass bye_repeat", "bye", "ending"},
	     ON_AT_LAST, CLOSES("p10,s9,p9,c9", "end@back")),
	CASE("F5: a BYE that the host never got, then over TCP under the same branch", NULL, CALL,
	     BYE_IN("14"), LATER("6"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @on", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@on")),
	CASE("near miss: the host takes four seconds to send it on", NULL, CALL, BYE_IN("14"),
	     LATER("4"), {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@bye")),
	CASE("near miss: the host sends it again for half a minute", NULL, CALL,
	     BYE_THROUGH("gateway", "14"), LATER("28"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@bye")),
	CASE("F5: ... under the same branch an hour later, as a stateless proxy would", NULL, CALL,
	     BYE_IN("14"), KEPT, LATER("40"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @on", "pass bye", NULL, "ending"},
	     CLOSES("p9,c9", "end@on")),
	CASE("F5: ... and goes out in fragments, its headers out of sight", NULL, CALL, BYE_IN("14"),
	     LATER("6"), CLOSES("p9,c9", "end@taken")),
	CASE("near miss: the witness takes half a minute", NULL, CALL, BYE_THROUGH("gateway", "14"),
	     LATER("28"), CLOSES("p9,c9", "end@bye"))
);
