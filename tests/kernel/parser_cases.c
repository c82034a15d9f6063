// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* F11, H7: forms of a message, through the programs. The unit tests check the parser in detail. */
#include "calls.h"

/* Tables are laid out by hand. */
/* clang-format off */

/* A call in this form: it opens, the low BYE is dropped, the correct BYE closes. */
#define FORM(name, form)                                                                           \
	CASE(name ": the call opens, a low BYE is dropped, the next BYE closes", NULL,             \
	     {"caller>host", "INVITE 13 a> via=c1 " form, "pass invite", NULL, "none"},       \
	     {"host>gateway", "INVITE 13 a> via=p1,c1 " form, "pass invite", NULL, "pending=1"}, \
	     {"gateway>host", "200 INVITE 13 a>b via=p1,c1 " form, "pass opened", "start",          \
	      "confirmed caller=13 from=a to=b from_uri=sip:a@a.example"},                    \
	     {"caller>host", "ACK 13 a>b via=c2 " form, "pass in_dialog", NULL, "confirmed"}, \
	     {"caller>host", "BYE 10 a>b via=c8 " form, "drop out_of_order",                        \
	      "violation:out_of_order:drop:10<14", "confirmed"},                              \
	     {"caller>host", "BYE 14 a>b via=c9 " form, "pass bye", "none", "confirmed"}, \
	     {"host>gateway", "BYE 14 a>b via=p9,c9 @bye " form, "pass bye", "bye:14", "ending"},      \
	     {"gateway>host", "200 BYE 14 a>b via=p9,c9 " form, "pass closed", "end", "ended end@bye"})

/* A low BYE with one header in another form: it is still dropped. */
#define STILL(name, without, line)                                                                 \
	CASE("F11: a low BYE is dropped with " name, NULL, CALL,                                   \
	     {"caller>host", "BYE 10 a>b via=c8 no=" without "\n" line, "drop out_of_order",        \
	      "violation:out_of_order:drop:10<14", "confirmed blocked=1"})

/* A BYE above the counter whose dialog headers are ambiguous. */
#define TWO_WAYS(name, without, lines)                                                             \
	CASE("F11: a BYE is ambiguous with " name, NULL, CALL,                                     \
	     {"caller>host", "BYE 14 a>b via=c8 no=" without "\n" lines, "drop ambiguous",          \
	      "violation:ambiguous:drop", "confirmed caller=13"},                             \
	     BYE_IN("14"))

/* A complete BYE 14 with a fault that peers read differently. */
#define VERSION "SIP/2.0"
#define WRITTEN(version, via_from, to, call_id)                                                    \
	"=BYE sip:b@b.example " version "\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKc8;" via_from to      \
	call_id "CSeq: 14 BYE\r\n\r\n"
#define WHOLE(name, version, via_from, to, call_id)                                                \
	CASE("F11: a BYE is ambiguous with " name, NULL, CALL,                                     \
	     {"caller>host", WRITTEN(version, via_from, to, call_id), "drop ambiguous",             \
	      "violation:ambiguous:drop", "confirmed caller=13"})

#define FROM "<sip:a@a.example>;tag="
#define TO "<sip:b@b.example>;tag="

SUITE(parser,
	FORM("F11: compact header names", "compact"),
	FORM("F11: header names in lower case", "lower"),
	FORM("F11: header names in upper case", "upper"),
	FORM("F11: blanks around colons and behind values", "spaced"),
	FORM("F11: values on folded lines", "folded"),
	FORM("F11: compact, in upper case, spaced and folded", "compact upper spaced folded"),
	FORM("H7: LF-only line ends", "lf"),
	FORM("H7: leading CRLFs", "first=%0d%0a%0d%0a"),
	FORM("H7: leading LFs, LF-only, folded", "first=%0a%0a lf folded"),
	/* Kamailio 5.6 skips all of these before a start line. */
	FORM("F11: a CR before the start line", "first=%0d"),
	FORM("F11: CR CR LF before the start line", "first=%0d%0d%0a"),
	FORM("F11: a blank before the start line", "first=%20"),
	FORM("F11: a tab before the start line", "first=%09"),
	FORM("F11: a NUL before the start line", "first=%00"),
	FORM("H7: 1,000 bytes of Via", "pad=1000"),

	STILL("a method in mixed case in CSeq", "cseq", "CSeq: 10 ByE"),
	STILL("a tab between number and method of CSeq", "cseq", "CSeq:\t10\t BYE"),
	STILL("a CSeq folded between number and method", "cseq", "CSeq: 10\n BYE"),
	STILL("';tag=' in a quoted name", "from",
	      "From: \"x;tag=q\" <sip:a@a.example>;tag=a"),
	STILL("an escaped quote in a name", "from",
	      "From: \"x\\\";tag=q\" <sip:a@a.example>;tag=a"),
	STILL("'<' in a quoted name", "from", "From: \"<sip:x>;tag=q\" " FROM "a"),
	STILL("';tag=' in a URI", "from", "From: <sip:a@a.example;tag=q>;tag=a"),
	STILL("a parameter before the tag", "from", "From: <sip:a@a.example>;x=\"y;tag=q\";tag=a"),
	STILL("a parameter whose name ends in tag", "from", "From: <sip:a@a.example>;xtag=q;tag=a"),
	STILL("TAG= in upper case", "from", "From: <sip:a@a.example>;TAG=a"),
	STILL("blanks around the tag's '='", "from", "From: <sip:a@a.example> ; tag = a"),
	STILL("addresses without angle brackets", "from", "From: sip:a@a.example;tag=a"),
	STILL("a tel: URI", "from", "From: <tel:+49123>;tag=a"),
	STILL("two equal Call-IDs", "callid", "Call-ID: $ID\ni: $ID"),
	STILL("two equal From headers", "", "From: " FROM "a"),
	STILL("two equal To headers", "", "To: " TO "b"),
	STILL("a header whose name begins with another's name",
	     "", "To-Do: x\nFromage: y\nCall-Identity: z\nVias: 1"),

	TWO_WAYS("two From headers whose tags differ", "", "From: " FROM "z"),
	TWO_WAYS("two To headers whose tags differ", "", "To: " TO "z"),
	TWO_WAYS("two To headers, one without a tag", "", "To: <sip:b@b.example>"),
	TWO_WAYS("two different Call-IDs", "", "Call-ID: other"),
	TWO_WAYS("two different Call-IDs, one of them compact", "", "i: other"),
	TWO_WAYS("two tags in one From", "from", "From: " FROM "a;tag=z"),
	/* Kamailio 5.6 removes the quotes, others keep them. */
	TWO_WAYS("a quoted From tag", "from", "From: <sip:a@a.example>;tag=\"a\""),
	TWO_WAYS("a quoted To tag", "to", "To: <sip:b@b.example>;tag=\"b\""),
	TWO_WAYS("two addresses in one From", "from", "From: " FROM "a, " FROM "z"),
	TWO_WAYS("an open quote in From", "from", "From: \"x " FROM "a"),
	TWO_WAYS("an open '<' in To", "to", "To: <sip:b@b.example;tag=b"),
	/* Kamailio 5.6 reads each of these as a BYE of the dialog, other peers do not. */
	WHOLE("a bare CR at the end of the Via line",
	     VERSION, "b=1\rFrom: " FROM "a", "\r\nTo: " TO "b\r\n",
	      "Call-ID: $ID\r\n"),
	WHOLE("a bare CR at the end of the From line",
	     VERSION, "b=1\r\nFrom: " FROM "a", "\rTo: " TO "b\r\n",
	      "Call-ID: $ID\r\n"),
	WHOLE("a bare CR at the end of the To line",
	     VERSION, "b=1\r\nFrom: " FROM "a", "\r\nTo: " TO "b\r",
	      "Call-ID: $ID\r\n"),
	WHOLE("a NUL behind the Call-ID", VERSION, "b=1\r\nFrom: " FROM "a", "\r\nTo: " TO "b\r\n",
	      "Call-ID: $ID%00\r\n"),
	WHOLE("a NUL behind the From tag",
	     VERSION, "b=1\r\nFrom: " FROM "a%00", "\r\nTo: " TO "b\r\n",
	      "Call-ID: $ID\r\n"),
	WHOLE("text behind the version", VERSION "x", "b=1\r\nFrom: " FROM "a",
	      "\r\nTo: " TO "b\r\n", "Call-ID: $ID\r\n"),
	CASE("near miss: a BYE in the same form without a fault passes", NULL, CALL,
	     {"caller>host", WRITTEN(VERSION, "b=1\r\nFrom: " FROM "a", "\r\nTo: " TO "b\r\n",
				     "Call-ID: $ID\r\n"), "pass bye", "none", "confirmed caller=14"}),
	CASE("F11: an ambiguous BYE of an unknown dialog is dropped", NULL,
	     {"caller>host", "BYE 14 a>b via=c8\nCall-ID: other", "drop ambiguous",
	      "violation:ambiguous:drop", "none"}),
	CASE("near miss: an ambiguous INFO passes", NULL, CALL,
	     {"caller>host", "INFO 99 a>b via=c8\nFrom: " FROM "z", "pass unknown_dialog", NULL,
	      "confirmed caller=13"}),
	CASE("F11: observe mode passes an ambiguous BYE and reports it", "mode=observe", CALL,
	     {"caller>host", "BYE 14 a>b via=c8\nCall-ID: other", "would_drop ambiguous",
	      "violation:ambiguous:would_drop", "confirmed"}),

	CASE("keep-alives pass as keepalive", NULL,
	     {"caller>host", "=\r\n\r\n", "pass keepalive"},
	     {"caller>host", "=\r\n", "pass keepalive"},
	     {"caller>host", "=%00%00%00%00", "pass keepalive"},
	     {"caller>host", "=%00", "pass keepalive"},
	     {"caller>host", "=", "pass keepalive"},
	     {"caller>host", "=%00%01%00%00%21%12%a4%42abcdefghijkl", "pass keepalive"}),
	CASE("payloads without a SIP/2.0 start line pass as not_sip", NULL,
	     {"caller>host", "=hello", "pass not_sip"},
	     {"caller>host", "=BYE sip:b@b.example SIP/3.0\r\n\r\n", "pass not_sip"},
	     {"caller>host", "=GET / HTTP/1.1\r\n\r\n", "pass not_sip"},
	     {"caller>host", "=SIP/2.0 7xx No\r\n\r\n", "pass not_sip"}),
	CASE("SIP messages without the dialog headers pass as unparsable", NULL,
	     {"caller>host", "=INFO sip:b@b.example SIP/2.0\r\n\r\n", "pass unparsable"},
	     {"caller>host", "=SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n", "pass unparsable"},
	     {"caller>host", "INFO 14 a>b no=callid", "pass unparsable"},
	     {"caller>host", "BYE 14 a>b no=callid", "pass unparsable"})
);
