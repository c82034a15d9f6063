// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * F12, H7: messages in fragments. Each passes as it comes; the one that completes the datagram
 * carries the verdict. A position passes once, with one content.
 */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

#define CALL6                                                                                      \
	{"caller6>host6", "INVITE 13 a> via=c1", "pass invite"},                  \
	{"host6>gateway6", "INVITE 13 a> via=p1,c1", "pass invite"},              \
	{"gateway6>host6", "200 INVITE 13 a>b via=p1,c1", "pass opened", "start",                   \
	 "confirmed caller_at=caller6 callee_at=gateway6 witness=callee"}

/* One fragment of a message of the caller: it passes and is kept, or is dropped unread. */
#define KEEPS(message, frame) {"caller>host", message, "pass fragment", NULL, NULL, frame}
#define UNLIKE(message, frame)                                                                     \
	{"caller>host", message, "drop fragment_unlike", "violation:fragment_unlike:drop", NULL, frame}
#define LOW "BYE 10 a>b via=c8"
#define REFUSED(frame)                                                                             \
	{"caller>host", LOW, "drop out_of_order", "violation:10<14", "confirmed blocked=1", frame}
#define RIGHT "BYE 14 a>b via=c9"
#define PASSED(frame) {"caller>host", RIGHT, "pass bye", "none", "confirmed caller=14", frame}

/* Both BYEs in two pieces, in three, backwards, and with the last piece in the middle. */
#define CUT(at)                                                                                    \
	CASE("F12: a BYE in two fragments is judged by its order, cut at " at, NULL, CALL,         \
	     KEEPS(LOW, "first=" at), REFUSED("later=" at),                                        \
	     KEEPS(RIGHT, "id=1 first=" at), PASSED("id=1 later=" at)),                            \
	CASE("F12: a BYE in two fragments, the second first, cut at " at, NULL, CALL,              \
	     KEEPS(LOW, "later=" at), REFUSED("first=" at),                                        \
	     KEEPS(RIGHT, "id=1 later=" at), PASSED("id=1 first=" at))

/* With share=2048 an address has one bucket. What other cases have left there is forgotten. */
#define ALL_FREE                                                                                   \
	{"stranger>host", LOW, "pass fragment", NULL, NULL, "id=7 first=64"}, {"later", "80"}

#define NEW_FROM(path) path, "INVITE 13 a> via=c1 pad=1500"

SUITE(fragment,
	CUT("8"), CUT("16"), CUT("64"), CUT("104"), CUT("200"),
	CASE("H7: an INVITE whose From and Call-ID are in the second fragment opens a call", NULL,
	     {NEW_FROM("caller>host"), "pass fragment", NULL, "none", "first=1480"},
	     {NEW_FROM("caller>host"), "pass invite", NULL, NULL, "later=1480"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 pad=1500", "pass fragment", NULL, NULL, "first=1480"},
	     {"host>gateway", "INVITE 13 a> via=p1,c1 pad=1500", "pass invite", NULL, NULL, "later=1480"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 pad=1500", "pass fragment", NULL, "none",
	      "first=1480"},
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 pad=1500", "pass opened", "start",
	      "confirmed suspect=0 caller_at=caller callee_at=gateway witness=callee", "later=1480"}),
	CASE("F12: a BYE in three fragments, in any order", NULL, CALL,
	     KEEPS(LOW, "later=64 first=128"), KEEPS(LOW, "first=64"), REFUSED("later=128"),
	     KEEPS(RIGHT, "id=1 later=128"), KEEPS(RIGHT, "id=1 later=64 first=128"),
	     PASSED("id=1 first=64")),
	CASE("rule 2: a BYE that leaves in fragments ends the call at its last one", NULL, CALL,
	     BYE_IN("14"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass fragment", NULL, "confirmed", "first=96"},
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @bye", "pass bye", "bye", "ending bye@bye", "later=96"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass fragment", NULL, NULL, "first=96"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass closed", "end", "ended end=bye end@bye",
	      "later=96"}),
	CASE("F12: over IPv6", NULL, CALL6,
	     {"caller6>host6", LOW, "pass fragment", NULL, NULL, "first=64"},
	     {"caller6>host6", LOW, "drop out_of_order", "violation:10<14", "confirmed blocked=1",
	      "later=64"},
	     {"caller6>host6", RIGHT, "pass fragment", NULL, NULL, "id=1 first=64"},
	     {"caller6>host6", RIGHT, "pass bye", "none", "confirmed caller=14", "id=1 later=64"}),
	CASE("F12: over IPv6 behind extension headers", NULL, CALL6,
	     {"caller6>host6", LOW, "pass fragment", NULL, NULL, "ext=3 later=64"},
	     {"caller6>host6", LOW, "drop out_of_order", "violation:10<14", "confirmed blocked=1",
	      "ext=3 first=64"}),
	CASE("F12: in a VLAN, behind IPv4 options", NULL, CALL,
	     KEEPS(LOW, "vlan options first=64"), REFUSED("vlan options later=64")),
	CASE("H7: a datagram that is one IPv6 fragment is whole", NULL, CALL6,
	     {"caller6>host6", LOW, "drop out_of_order", "violation", "confirmed blocked=1", "later=0"}),

	CASE("F12: after a refusal nothing of that datagram passes", NULL, CALL,
	     KEEPS(LOW, "first=64"), REFUSED("later=64"),
	     UNLIKE(LOW, "later=64"), UNLIKE(LOW, "first=64"), UNLIKE(RIGHT, "later=64"),
	     {"later", "25"}, UNLIKE(LOW, "later=64")),
	CASE("F12: after a pass equal copies pass, others do not", NULL, CALL,
	     KEEPS(RIGHT, "first=64"), PASSED("later=64"),
	     KEEPS(RIGHT, "later=64"), KEEPS(RIGHT, "first=64"),
	     UNLIKE(LOW, "later=64"), KEEPS(RIGHT, "later=128")),
	CASE("F12: a position has one content: the copy that differs is dropped", NULL, CALL,
	     KEEPS(RIGHT, "later=64"), UNLIKE(LOW, "later=64"), KEEPS(RIGHT, "later=64"),
	     PASSED("first=64")),
	CASE("F12: a fragment of which a part is new is dropped", NULL, CALL,
	     KEEPS(RIGHT, "first=128"), UNLIKE(RIGHT, "later=64"), UNLIKE(RIGHT, "later=64 first=136"),
	     KEEPS(RIGHT, "later=64 first=120"), PASSED("later=128")),
	CASE("F12: another end is dropped, and what lies behind the end", NULL, CALL,
	     KEEPS(RIGHT, "later=64"), UNLIKE(RIGHT "\nX: y", "later=64"),
	     UNLIKE(RIGHT " pad=500", "later=480 first=512"), PASSED("first=64")),
	CASE("F12: an end before what has passed is dropped", NULL, CALL,
	     KEEPS(RIGHT " pad=500", "later=480 first=512"), UNLIKE(RIGHT, "later=64")),
	CASE("F12: an equal copy that ends the datagram, which the first one did not, is dropped", NULL,
	     CALL,
	     KEEPS(LOW, "later=64 first=128"), UNLIKE(LOW, "later=64 iplen=84"),
	     KEEPS(LOW, "later=64 first=128"), KEEPS(LOW, "first=64"), REFUSED("later=128")),
	CASE("near miss: datagrams with other identifications are others", NULL, CALL,
	     KEEPS(LOW, "first=64"), KEEPS(RIGHT, "id=1 later=64"), KEEPS(RIGHT, "id=2 first=64"),
	     REFUSED("later=64"), PASSED("id=1 first=64")),
	CASE("near miss: what comes in and what goes out are others", NULL, CALL, BYE_IN("14"),
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass fragment", NULL, NULL, "first=96"},
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9", "pass fragment", NULL, NULL, "later=96"},
	     {"host>gateway", "BYE 14 a>b via=p9,c9", "pass bye", "bye", "ending", "later=96"}),
	CASE("F12: a fragment that comes 6 s late is dropped, and its datagram does not begin again",
	     NULL, CALL,
	     KEEPS(LOW, "first=64"), {"later", "6"}, UNLIKE(LOW, "later=64"), {"later", "19"},
	     UNLIKE(LOW, "later=64"), {"later", "14"}, KEEPS(LOW, "later=64")),
	CASE("F12: the host may hold a copy that passed late: no copy passes after 5 s", NULL, CALL,
	     KEEPS(LOW, "first=64"), {"later", "2"}, KEEPS(LOW, "first=64"), {"later", "4"},
	     UNLIKE(LOW, "first=64"), {"later", "19"}, UNLIKE(LOW, "later=64")),
	CASE("F12: no copy of a datagram that passed passes after 5 s", NULL, CALL,
	     KEEPS(RIGHT, "first=64"), PASSED("later=64"), {"later", "6"},
	     UNLIKE(RIGHT, "first=64"), {"later", "19"}, UNLIKE(LOW, "later=64")),
	CASE("F12: Linux holds a fragment of IPv6 for 60 s: so long none of its datagram passes", NULL,
	     CALL6,
	     {"caller6>host6", LOW, "pass fragment", NULL, NULL, "first=64"}, {"later", "58"},
	     {"caller6>host6", LOW, "drop fragment_unlike", "violation", NULL, "later=64"},
	     {"later", "14"},
	     {"caller6>host6", LOW, "pass fragment", NULL, NULL, "later=64"}),
	CASE("F12: an address whose buckets are full: the policy decides, others have their own",
	     "share=2048", CALL, ALL_FREE,
	     KEEPS(LOW, "first=64"), KEEPS(LOW, "id=1 first=64"), KEEPS(LOW, "id=2 first=64"),
	     KEEPS(LOW, "id=3 first=64"),
	     {"caller>host", LOW, "drop fragmented", "violation:fragmented:drop", "confirmed",
	      "id=4 first=64"},
	     {"callee>host", "INVITE 1 x> via=x1", "pass fragment", NULL, NULL, "first=64"},
	     {"callee>host", "INVITE 1 x> via=x1", "pass invite", NULL, NULL, "later=64"}),
	CASE("F12: in a full bucket a datagram that is incomplete for 2 s is closed: nothing of it passes, and there is room again",
	     "share=2048", CALL, ALL_FREE,
	     KEEPS(LOW, "first=64"), KEEPS(LOW, "id=1 first=64"), KEEPS(LOW, "id=2 first=64"),
	     KEEPS(LOW, "id=3 first=64"), {"later", "3"}, KEEPS(RIGHT, "id=4 first=64"),
	     UNLIKE(LOW, "later=64"), UNLIKE(LOW, "first=64"), PASSED("id=4 later=64"),
	     {"later", "22"}, UNLIKE(LOW, "later=64"), {"later", "15"}, KEEPS(LOW, "later=64")),
	CASE("F12: what was judged leaves room at once, and does not begin again", "share=2048", CALL, ALL_FREE,
	     KEEPS(LOW, "first=64"), REFUSED("later=64"), KEEPS(LOW, "id=1 first=64"),
	     KEEPS(LOW, "id=2 first=64"), KEEPS(LOW, "id=3 first=64"), KEEPS(RIGHT, "id=4 first=64"),
	     UNLIKE(LOW, "later=64"), UNLIKE(LOW, "first=64"), PASSED("id=4 later=64"),
	     KEEPS(RIGHT, "id=5 first=64"), UNLIKE(LOW, "id=4 later=64")),
	CASE("near miss: a gateway has no share", "share=2048", CALL, ALL_FREE,
	     {"gateway>host", "INFO 5 b>a via=g9", "pass fragment", NULL, NULL, "first=64"},
	     {"gateway>host", "INFO 5 b>a via=g9", "pass fragment", NULL, NULL, "id=1 first=64"},
	     {"gateway>host", "INFO 5 b>a via=g9", "pass fragment", NULL, NULL, "id=2 first=64"},
	     {"gateway>host", "INFO 5 b>a via=g9", "pass fragment", NULL, NULL, "id=3 first=64"},
	     {"gateway>host", "INFO 5 b>a via=g9", "pass fragment", NULL, NULL, "id=4 first=64"},
	     {"gateway>host", "INFO 5 b>a via=g9", "pass in_dialog", NULL, NULL, "id=4 later=64"}),
	CASE("F12: the headers of a BYE in fragments lie behind 4,096 bytes", NULL, CALL,
	     KEEPS("BYE 14 a>b via=c8 pad=5000", "later=4096"),
	     KEEPS("BYE 14 a>b via=c8 pad=5000", "first=2000"),
	     {"caller>host", "BYE 14 a>b via=c8 pad=5000", "drop fragmented", "violation:fragmented:drop",
	      "confirmed", "later=2000 first=4096"}),
	CASE("F12: a UDP length beyond the last fragment is judged by what is there", NULL, CALL,
	     KEEPS(LOW, "udplen=3000 first=64"), REFUSED("udplen=3000 later=64")),

	CASE("near miss: fragments for another port pass, the second one unread", NULL,
	     {"caller:4000>host:4000", "BYE 10 a>b", "pass fragment", NULL, "none", "first=64"},
	     {"caller:4000>host:4000", "BYE 10 a>b", "pass fragment", NULL, "none", "later=64"},
	     {"caller:4000>host:4000", "BYE 10 a>b", "pass fragment", NULL, "none", "id=1 later=64"},
	     {"caller:4000>host:4000", "BYE 10 a>b", "pass fragment", NULL, "none", "id=1 first=64"}),
	CASE("F12: a first fragment for a SIP port behind one for another port is subject to the policy",
	     NULL, CALL,
	     {"caller:4000>host:4000", LOW, "pass fragment", NULL, NULL, "first=64"},
	     KEEPS(LOW, "later=64"),
	     {"caller>host", LOW, "drop fragmented", "violation:fragmented:drop", "confirmed", "first=64"},
	     {"later", "22"},
	     {"caller>host", LOW, "drop fragmented", "violation:fragmented:drop", "confirmed", "first=64"},
	     {"later", "18"}, KEEPS(LOW, "first=64"), REFUSED("later=64")),
	CASE("F12: over IPv6 such a first fragment is subject to the policy for as long as Linux keeps the other one", NULL, CALL6,
	     {"caller6:4000>host6:4000", LOW, "pass fragment", NULL, NULL, "first=64"},
	     {"caller6>host6", LOW, "pass fragment", NULL, NULL, "later=64"},
	     {"later", "55"},
	     {"caller6>host6", LOW, "drop fragmented", "violation:fragmented:drop", "confirmed",
	      "first=64"}),
	CASE("near miss: a gateway's first fragment for a SIP port behind one for another port passes", NULL, CALL,
	     {"gateway:4000>host:4000", "BYE 5 b>a via=g9", "pass fragment", NULL, NULL, "first=64"},
	     {"gateway>host", "BYE 5 b>a via=g9", "pass fragment", NULL, NULL, "first=64"}),
	CASE("F12: a first fragment for another port behind one for a SIP port is dropped", NULL, CALL,
	     KEEPS(LOW, "first=64"),
	     {"caller:4000>host:4000", LOW, "drop fragment_unlike", "violation", NULL, "first=64"},
	     REFUSED("later=64")),
	CASE("F12: fragments=pass passes what cannot be gathered and reports it", "fragments=pass", CALL,
	     {"caller:4000>host:4000", LOW, "pass fragment", NULL, NULL, "first=64"},
	     {"caller>host", LOW, "pass fragmented", "violation:fragmented:pass", "confirmed", "first=64"}),
	CASE("F26: a TCP segment to a SIP port in IP fragments is refused", "tcp=enforce", CALL,
	     {"caller>host", LOW, "drop tcp_unframed", "violation:tcp_unframed:drop", "confirmed", "tcp first=64"},
	     {"caller>host", LOW, "pass not_udp", NULL, NULL, "tcp later=64"},
	     {"caller>host", LOW, "drop tcp_unframed", "violation", NULL, "tcp vlan options first=8"}),
	CASE("F26: a TCP segment in IPv6 fragments is refused, behind extension headers and before some", "tcp=enforce", CALL6,
	     {"caller6>host6", LOW, "drop tcp_unframed", "violation", NULL, "tcp first=64"},
	     {"caller6>host6", LOW, "drop tcp_unframed", "violation", NULL, "tcp ext=3 first=64"},
	     {"caller6>host6", LOW, "pass fragment", NULL, NULL, "id=1 tcp inner=2 first=16"},
	     {"caller6>host6", LOW, "drop tcp_unframed", "violation", NULL, "id=1 tcp inner=2 later=16"}),
	CASE("near miss: a TCP segment in IP fragments to another port passes", "tcp=enforce",
	     {"caller:4000>host:4000", LOW, "pass not_udp", NULL, NULL, "tcp first=64"}),
	CASE("near miss: a TCP segment in IP fragments is reported by tcp=observe", "tcp=observe", CALL,
	     {"caller>host", LOW, "would_drop tcp_unframed", "violation:would_drop", NULL, "tcp first=64"}),
	CASE("near miss: a TCP segment in IP fragments passes with tcp=off", NULL, CALL,
	     {"caller>host", LOW, "pass not_udp", NULL, NULL, "tcp first=64"}),
	CASE("F26: UDP is judged as ever with tcp=enforce", "tcp=enforce", CALL,
	     {"caller>host", LOW, "drop out_of_order", "violation:10<14", "confirmed blocked=1"},
	     BYE_THROUGH("gateway", "14")),
	CASE("F12: observe mode passes a fragment that enforce mode drops", "mode=observe", CALL,
	     KEEPS(LOW, "later=64"),
	     {"caller>host", RIGHT, "would_drop fragment_unlike", "violation:would_drop", NULL, "later=64"})
);
