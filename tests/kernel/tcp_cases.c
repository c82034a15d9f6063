// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* SIP over TCP: what becomes of a segment, and what the host reads of it. */
#include "tcp_case.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Tables are laid out by hand. */
/* clang-format off */

#define TCP_CASE_OF(name, settings, path, ...)                                                     \
	{ name, settings, path, (const struct tcp_step[]){ __VA_ARGS__, { 0 } } }
#define TCP_CASE(name, ...) TCP_CASE_OF(name, NULL, NULL, __VA_ARGS__)
#define OBSERVED(name, ...) TCP_CASE_OF(name, "tcp=observe", NULL, __VA_ARGS__)

#define LOW {"write", "BYE 10 a>b via=c8"}
#define INFO(cseq) {"write", "INFO " cseq " a>b via=c7"}
#define OPTIONS {"write", "OPTIONS 20 x> via=c6"}

/* A request whose last header lines are `more`. */
#define VERBATIM(method, cseq, more)                                                               \
	"=" method " sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKc7\r\n"   \
	"From: <sip:a@a.example>;tag=a\r\nTo: <sip:b@b.example>;tag=b\r\nCall-ID: $ID\r\n"         \
	"CSeq: " cseq "\r\n" more
#define ODD(name, more)                                                                            \
	TCP_CASE("F26: " name ": the connection stalls",                                     \
	     {"write", VERBATIM("INFO", "14 INFO", more "\r\n")}, LOW,                             \
	     {"send", "0-", "reset tcp_unframed"}, {"send", "0-", "reset tcp_stalled"}),             \
	OBSERVED("F26: " name ": observe mode reads on at the next start line",                    \
	     {"write", VERBATIM("INFO", "14 INFO", more "\r\n")}, {"send", "0-", "pass tcp_unframed"})
#define EVEN(name, more)                                                                           \
	TCP_CASE("near miss: " name, {"write", VERBATIM("INFO", "14 INFO", more "\r\n")}, LOW,     \
	     {"send", "0-", "pass in_dialog out_of_order rewritten", "XYE sip:b", 2})

/* Header lines of 200 and 5,000 bytes. */
#define LINE "X-Pad: 01234567890123456789012345678901234567890\r\n"
#define LINES_200 LINE LINE LINE LINE
#define LINES_1000 LINES_200 LINES_200 LINES_200 LINES_200 LINES_200
#define LINES_5000 LINES_1000 LINES_1000 LINES_1000 LINES_1000 LINES_1000

/* The BYE alone, in a frame like this. */
#define FRAMED(name, words)                                                                        \
	TCP_CASE("F26: a BYE with a lower CSeq " name, LOW,                                        \
	     {"send", "0- " words, "pass out_of_order rewritten", "XYE sip:b|CSeq: 10 XYE", 2})

const struct tcp_case tcp_cases[] = {
	FRAMED("is rewritten", ""),
	FRAMED("in a VLAN", "vlan"),
	FRAMED("behind IP options", "ipoptions"),
	FRAMED("behind TCP options", "stamps"),
	FRAMED("with FIN", "fin"),
	FRAMED("with a wrong checksum, which stays wrong,", "badsum"),
	FRAMED("with urgent data, whose flag and pointer are cleared,", "urgent"),
	TCP_CASE_OF("F26: a BYE with a lower CSeq over IPv6", NULL, "caller6>host6", LOW,
	     {"send", "0-", "pass out_of_order rewritten", "XYE sip:b|CSeq: 10 XYE", 2}),
	TCP_CASE_OF("F26: ... behind 60 extension headers", NULL, "caller6>host6", LOW,
	     {"send", "0- extensions", "pass out_of_order rewritten", "XYE sip:b|CSeq: 10 XYE", 2}),
	TCP_CASE_OF("F26: ... in a VLAN, with urgent data", NULL, "caller6>host6", LOW,
	     {"send", "0- vlan urgent stamps", "pass out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("near miss: a BYE with a higher CSeq is not touched",
	     {"write", "BYE 14 a>b via=c8"}, {"send", "0-", "pass bye", "BYE sip:b|CSeq: 14 BYE"}),
	TCP_CASE("F26: a BYE between an INFO and an OPTIONS in one segment", INFO("14"), LOW, OPTIONS,
	     {"send", "0-", "pass in_dialog out_of_order out_of_dialog rewritten",
	      "INFO sip:b|XYE sip:b|OPTIONS sip:", 2}),
	TCP_CASE("F26: two BYEs in one segment", LOW, LOW,
	     {"send", "0-", "pass 2*out_of_order 2*rewritten", "XYE sip:b", 4}),
	TCP_CASE("F26: keep-alives before and behind a BYE", {"write", "=\r\n\r\n"}, LOW,
	     {"write", "=\r\n\r\n"}, {"send", "0-4", "pass keepalive"},
	     {"send", "4-", "pass out_of_order keepalive rewritten", "\r\n\r\n\r\n\r\n", 2}),
	TCP_CASE("F26: a BYE whose CSeq names another method: its number is spoiled, too",
	     {"write", VERBATIM("BYE", "20 INFO", "\r\n")},
	     {"send", "0-", "pass bad_cseq rewritten", "XYE sip:b|CSeq: X0 XNFO", 3}),
	TCP_CASE("F26: a BYE of the other leg: its number is spoiled, too",
	     {"write", "BYE 30 b>a via=c8"},
	     {"send", "0-", "pass wrong_leg rewritten", "XYE sip:a|CSeq: X0 XYE", 3}),
	TCP_CASE_OF("F26: a stranger's BYE: its number is spoiled, too", "tcp=enforce source=strict",
	     "stranger>host", {"write", "BYE 30 a>b via=c8"},
	     {"send", "0-", "pass foreign_source rewritten", "XYE sip:b|CSeq: X0 XYE", 3}),
	TCP_CASE("F26: BYEs in compact form, lower case, folded",
	     {"write", "BYE 10 a>b via=c8 compact"}, {"write", "BYE 10 a>b via=c8 lower"},
	     {"write", "BYE 10 a>b via=c8 folded no=via"},
	     {"send", "0-", "pass 3*out_of_order 3*rewritten", "XYE sip:b", 6}),

	/* order */
	TCP_CASE("F26: a segment that is ahead is dropped, and read when its turn comes", INFO("14"), LOW,
	     {"send", "100-", "drop tcp_held"}, {"send", "0-100", "pass"},
	     {"send", "100-", "pass in_dialog out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("F26: a retransmission of a rewritten BYE is rewritten as well", LOW,
	     {"send", "0-", "pass out_of_order rewritten", "XYE sip:b", 2},
	     {"send", "0-", "pass", "XYE sip:b|CSeq: 10 XYE", 2},
	     {"send", "0-40", "pass", "XYE sip:b", 1}),
	TCP_CASE("F26: a retransmission with other bytes is dropped", INFO("14"), LOW,
	     {"send", "0-", "pass in_dialog out_of_order rewritten", NULL, 2},
	     {"send", "0- unlike=0", "drop tcp_unlike"}, {"send", "7-100 unlike=92", "drop tcp_unlike"},
	     {"send", "8-17 unlike=8", "drop tcp_unlike"}, {"send", "7-100", "pass"}),
	TCP_CASE("near miss: an unlike retransmission passes where the socket has the bytes", INFO("14"),
	     {"send", "0-", "pass in_dialog"}, {"deliver", "0-60"},
	     {"send", "0- unlike=59", "pass"}, {"send", "0- unlike=60", "drop tcp_unlike"},
	     {"send", "40-80 unlike=19", "pass"}, {"send", "40-80 unlike=20", "drop tcp_unlike"}),
	TCP_CASE("F26: a segment of old and new bytes is read from the new ones on", INFO("14"), LOW,
	     {"send", "0-100", "pass"},
	     {"send", "60-", "pass in_dialog out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("F26: a segment of old and new bytes is dropped if the old ones are unlike", INFO("14"), LOW,
	     {"send", "0-100", "pass"}, {"send", "60- unlike=39", "drop tcp_unlike"},
	     {"send", "60- unlike=3", "drop tcp_unlike"},
	     {"send", "100-", "pass in_dialog out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("F26: a segment with a wrong checksum and its twin read alike", LOW, INFO("14"),
	     {"send", "0-60 badsum", "pass"}, {"send", "0-60 unlike=2", "drop tcp_unlike"},
	     {"send", "0-60", "pass"}),

	TCP_CASE("F26: a retransmission from more than 4,096 bytes back is dropped, unless the socket has it",
	     {"write", "INFO 14 a>b via=c7 pad=2000"}, {"write", "INFO 15 a>b via=c6 pad=2000"},
	     {"write", "INFO 16 a>b via=c5 pad=2000"},
	     {"send", "0-3000", "pass in_dialog"}, {"send", "3000-6000", "pass in_dialog"},
	     {"send", "3000-4000", "pass"}, {"send", "0-1000", "drop tcp_unlike"},
	     {"deliver", "0-1000"}, {"send", "0-1000", "pass"}),
	TCP_CASE("F26: a connection whose next byte is unlike again and again is reset, so that the caller opens another",
	     INFO("14"), LOW, {"send", "0-", "pass in_dialog out_of_order rewritten", NULL, 2}, {"deliver", "0-60"},
	     {"send", "60-100 unlike=3", "drop tcp_unlike"}, {"send", "50-100 unlike=13", "drop tcp_unlike"},
	     {"send", "60-100 unlike=3", "drop tcp_unlike"}, {"send", "0-100 unlike=63", "reset tcp_stalled"},
	     {"send", "0-100", "reset tcp_stalled"}),
	TCP_CASE("a hole of tcp=observe that is filled under enforce: nobody knows the bytes, and the connection is reset",
	     {"write", "=\r\n\r\n"}, INFO("14"), {"settings", "tcp=observe"}, {"send", "4-", "pass tcp_hole in_dialog"},
	     {"settings", "tcp=enforce"}, {"send", "0-4", "drop tcp_unlike"}, {"send", "0-4", "drop tcp_unlike"},
	     {"send", "0-4", "drop tcp_unlike"}, {"send", "0-4", "reset tcp_stalled"}),
	TCP_CASE("near miss: unlike segments that do not bring the next byte reset nothing", INFO("14"), LOW,
	     {"send", "0-", "pass in_dialog out_of_order rewritten", NULL, 2}, {"deliver", "0-60"},
	     {"send", "61-100 unlike=3", "drop tcp_unlike"}, {"send", "61-100 unlike=3", "drop tcp_unlike"},
	     {"send", "61-100 unlike=3", "drop tcp_unlike"}, {"send", "61-100 unlike=3", "drop tcp_unlike"},
	     {"send", "61-100 unlike=3", "drop tcp_unlike"}, {"send", "0-100", "pass"}),
	TCP_CASE("near miss: ... nor those that come before what the socket waited for has come", INFO("14"), LOW,
	     {"send", "0-", "pass in_dialog out_of_order rewritten", NULL, 2}, {"deliver", "0-60"},
	     {"send", "60-100 unlike=3", "drop tcp_unlike"}, {"send", "60-100 unlike=3", "drop tcp_unlike"},
	     {"send", "60-100 unlike=3", "drop tcp_unlike"}, {"send", "60-70", "pass"}, {"deliver", "60-70"},
	     {"send", "70-100 unlike=3", "drop tcp_unlike"}, {"send", "70-100", "pass"}),

	/* bodies */
	TCP_CASE("near miss: a BYE in a body is not judged, and not touched",
	     {"write", VERBATIM("INFO", "14 INFO", "Content-Length: 48\r\n\r\n"
				"BYE sip:b@b.example SIP/2.0\r\nCSeq: 10 BYE\r\n\r\n...")},
	     LOW, {"send", "0-", "pass in_dialog out_of_order rewritten", "BYE sip:b|XYE sip:b", 2}),
	TCP_CASE("near miss: a BYE in a body is not judged in a segment of its own",
	     {"write", VERBATIM("INFO", "14 INFO", "Content-Length: 48\r\n\r\n")}, {"send", "0-", "pass in_dialog"},
	     {"write", "=BYE sip:b@b.example SIP/2.0\r\nCSeq: 10 BYE\r\n\r\n..."}, LOW,
	     {"send", "-+48", "pass", "BYE sip:b"},
	     {"send", "-", "pass out_of_order rewritten", "XYE sip:b", 2}),

	/* where a message ends */
	EVEN("a Content-Length in compact form", "l: 0\r\n"),
	EVEN("Content-Length twice with one value", "l: 0\r\nContent-Length: 0\r\n"),
	ODD("Content-Length twice with two values", "l: 0\r\nContent-Length: 5\r\n"),
	ODD("a Content-Length with a sign", "Content-Length: +5\r\n"),
	ODD("a Content-Length with a blank before its colon", "Content-Length : 5\r\n"),
	ODD("a folded Content-Length", "Content-Length:\r\n 5\r\n"),
	ODD("a Content-Length of 9 digits", "l: 000000005\r\n"),
	ODD("a line that ends with LF", "X: y\n"),
	ODD("a NUL", "X: %00\r\n"),
	TCP_CASE("F26: a BYE whose lines end with LF", {"write", "BYE 10 a>b via=c8 lf"},
	     {"send", "0-", "reset tcp_unframed"}),
	TCP_CASE("near miss: a header block of 5,000 bytes: its first lines are judged, and what follows it",
	     {"write", VERBATIM("INFO", "14 INFO", LINES_5000 "l: 5\r\n\r\nBYE b")}, LOW,
	     {"send", "0-3000", "pass"}, {"send", "3000-4500", "pass in_dialog"},
	     {"send", "4500-", "pass out_of_order rewritten", "BYE bXYE sip:b", 2}),
	TCP_CASE("near miss: ... in other segments, some of which are sent again",
	     {"write", VERBATIM("INFO", "14 INFO", LINES_5000 "\r\n")}, LOW,
	     {"send", "0-3000", "pass"}, {"send", "1000-4200", "pass in_dialog"}, {"send", "4100-4800", "pass"},
	     {"send", "2000-4700", "pass"}, {"send", "4800-", "pass out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("near miss: an answer with a header block of 10,000 bytes",
	     {"write", "=SIP/2.0 404 Not Found\r\nVia: SIP/2.0/TCP h\r\n" LINES_5000},
	     {"write", "=" LINES_5000 "\r\n"}, LOW, {"send", "0-3000", "pass"},
	     {"send", "3000-6000", "pass unparsable"}, {"send", "6000-9000", "pass"},
	     {"send", "9000-", "pass out_of_order rewritten", "XYE sip:b", 2}),
	OBSERVED("near miss: a header block of 5,000 bytes under tcp=observe",
	     {"write", VERBATIM("INFO", "14 INFO", LINES_5000 "l: 5\r\n\r\nBYE b")}, LOW,
	     {"send", "0-3000", "pass"}, {"send", "3000-", "pass in_dialog out_of_order", "BYE bBYE sip:b"}),
	TCP_CASE("F26: ... with a second Content-Length behind 4,096 bytes",
	     {"write", VERBATIM("INFO", "14 INFO", "l: 0\r\n" LINES_5000 "l: 5\r\n\r\n")}, LOW,
	     {"send", "0-3000", "pass"}, {"send", "3000-", "reset in_dialog tcp_unframed"},
	     {"send", "3000-", "reset tcp_stalled"}),
	TCP_CASE("F26: ... with a line that ends with LF behind 4,096 bytes",
	     {"write", VERBATIM("INFO", "14 INFO", LINES_5000 "X: y\n\r\n")}, LOW,
	     {"send", "0-3000", "pass"}, {"send", "3000-", "reset in_dialog tcp_unframed"}),
	TCP_CASE("F26: a header line of 5,000 bytes", {"write", "INFO 14 a>b via=c7 pad=5000"}, LOW,
	     {"send", "0-3000", "pass"}, {"send", "3000-", "reset unparsable tcp_unframed"}),
	TCP_CASE("F26: a header block of 5,000 bytes of a method that nobody knows",
	     {"write", VERBATIM("XYE", "14 XYE", LINES_5000 "\r\n")}, {"send", "0-3000", "pass"},
	     {"send", "3000-", "reset tcp_unframed"}),
	TCP_CASE("F26: a BYE with a header block of 5,000 bytes, in order",
	     {"write", VERBATIM("BYE", "14 BYE", LINES_5000 "\r\n")}, {"send", "0-3000", "pass"},
	     {"send", "3000-", "reset tcp_unframed"}),
	TCP_CASE("F26: ... of more than 4,096 bytes, in segments", {"write", "BYE 14 a>b via=c8 pad=4200"},
	     {"send", "0-3000", "pass"}, {"send", "3000-", "reset tcp_unframed"},
	     {"send", "3000-", "reset tcp_stalled"}),
	TCP_CASE("near miss: a header block of nearly 4,096 bytes", {"write", "BYE 10 a>b via=c8 pad=3600"},
	     {"send", "0-3000", "pass"}, {"send", "3000-", "pass out_of_order rewritten", NULL, 1}),

	/* segments that are no matter of the stream */
	TCP_CASE("F26: the MPTCP option of a SYN is removed", LOW,
	     {"send", "0-0 syn noack mptcp", "pass"}, {"send", "0-0 syn mptcp", "pass"}),
	OBSERVED("near miss: observe mode leaves the SYN of a multipath connection as it is", LOW, {"send", "0-0 syn noack mptcp", "pass"}),
	TCP_CASE("F26: a SYN with data is dropped", LOW, {"send", "0- syn noack", "drop tcp_held"},
	     {"send", "0- syn", "drop tcp_held"}),
	TCP_CASE("F26: data without ACK are dropped", LOW, {"send", "0- noack", "drop tcp_held"}),
	TCP_CASE("near miss: a RST passes, its data unread", LOW, {"send", "0- rst", "pass"},
	     {"send", "0-", "pass out_of_order rewritten", NULL, 2}),
	TCP_CASE("near miss: an empty segment passes", LOW, {"send", "0-0", "pass"}, {"send", "90-90 fin", "pass"}),
	TCP_CASE("near miss: what comes to a listening socket passes, for it takes no byte", LOW,
	     {"send", "0- elsewhere", "pass", "BYE sip:b"}),
	TCP_CASE("H: what is of no socket of this host is counted, and not touched", LOW, {"unlisten", ""},
	     {"send", "0- elsewhere", "pass tcp_forwarded", "BYE sip:b"}),

	/* opaque, and from before */
	TCP_CASE("H: a connection whose first byte is no text is not read", {"write", "=\026\003\001"}, LOW,
	     {"send", "0-3", "pass tcp_opaque"}, {"send", "3-", "pass", "BYE sip:b"},
	     {"send", "3- unlike=2", "pass"}),
	TCP_CASE("F26: a first byte that is no text is read where the host has sent text from that port", {"text", ""},
	     {"write", "=\026\003\001\r\n\r\n"}, LOW, {"send", "0-", "reset tcp_unframed"}),
	TCP_CASE("F26: a first line that is no SIP hides no BYE", {"write", "=text\r\n\r\n"}, LOW,
	     {"send", "0-", "pass not_sip out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("H: a connection from before the attach is read from the next start line on", INFO("14"),
	     {"deliver", "0-40"}, {"send", "40-", "pass tcp_unread"}, {"deliver", "40-"}, LOW, INFO("15"),
	     {"send", "40-", "pass out_of_order in_dialog rewritten", "XYE sip:b", 2}),
	TCP_CASE("H: a connection from before the attach is not read from a segment ahead of the socket", INFO("14"),
	     {"deliver", "0-40"}, INFO("15"), {"send", "60-", "pass"}, {"send", "40-", "pass tcp_unread"}),
	TCP_CASE("H: bytes that passed while tcp was off are no gap", INFO("14"), {"send", "0-", "pass in_dialog"},
	     {"deliver", "0-"}, {"settings", "tcp=off"}, INFO("15"), {"deliver", "-"}, {"settings", "tcp=enforce"}, LOW,
	     {"send", "-", "pass out_of_order rewritten", "XYE sip:b", 2}),

	/* what goes out */
	TCP_CASE("rule 2: what the host sends is judged, and not touched", {"attach", ""}, INFO("14"),
	     {"send", "0-", "pass in_dialog"}, {"answer", "200 INFO 14 a>b via=c7", "pass in_dialog"},
	     {"answer", "BYE 3 b>a via=g7", "pass bye"}),
	TCP_CASE("rule 2: what the host sends in pieces is judged, and not touched", {"attach", ""},
	     {"answer", "=SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.1\r\nCall-ID: $ID\r\n", "pass"},
	     {"answer", "=From: <sip:a@h>;tag=a\r\nTo: <sip:b@h>;tag=b\r\nCSeq: 14 INFO\r\nl: 5\r\n\r", "pass"},
	     {"answer", "=\nBY", "pass in_dialog"}, {"answer", "=E x", "pass"},
	     {"answer", "200 INFO 14 a>b via=c7", "pass in_dialog"}),
	TCP_CASE("H: the host's first byte is no text: the connection is not read", {"attach", ""},
	     {"answer", "=\026\003\001", "pass tcp_opaque"}, {"answer", "200 INFO 14 a>b via=c7", "pass"}, LOW,
	     {"send", "0-", "pass", "BYE sip:b"}),
	TCP_CASE("H: the host takes up WebSocket: the connection is not read", {"attach", ""},
	     {"answer", "=HTTP/1.1 101 Switching Protocols\r\n\r\n", "pass not_sip tcp_opaque"}, LOW,
	     {"send", "0-", "pass", "BYE sip:b"}),
	TCP_CASE("F26: another HTTP answer than 101 does not make a connection opaque", {"attach", ""},
	     {"answer", "=HTTP/1.1 400 Bad Request\r\n\r\n", "pass not_sip"}, LOW,
	     {"send", "0-", "pass out_of_order rewritten", "XYE sip:b", 2}),
	TCP_CASE("F26: the host has sent text: a first byte that is none makes no connection opaque",
	     {"attach", ""}, {"answer", "200 INFO 14 a>b via=c7", "pass in_dialog"},
	     {"write", "=\026\003\001"}, {"send", "0-", "pass"}, LOW, {"send", "-", "reset tcp_unframed"}),

	/* observe */
	OBSERVED("observe mode rewrites nothing", LOW, INFO("14"),
	     {"send", "0-", "pass out_of_order in_dialog", "BYE sip:b|CSeq: 10 BYE"}),
	TCP_CASE_OF("mode=observe rewrites nothing", "tcp=enforce mode=observe", NULL, LOW,
	     {"send", "0-", "pass out_of_order", "BYE sip:b"}),
	OBSERVED("observe mode counts a hole, and reads on at the next start line", INFO("14"), LOW,
	     {"send", "0-60", "pass"}, {"send", "80-100", "pass tcp_hole tcp_unread"},
	     {"send", "60-80", "pass"}),
	TCP_CASE_OF("tcp=off reads nothing", "tcp=off", NULL, LOW, {"send", "0- urgent", "pass", "BYE sip:b"}),
	{ 0 },
};
