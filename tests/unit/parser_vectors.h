/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Messages for the parser and their expected results. `expected` is NULL: not SIP. */
#ifndef PARSER_VECTORS_H
#define PARSER_VECTORS_H

#include <stddef.h>

/* Tables are laid out by hand. */
/* clang-format off */

struct parser_vector {
	const char *name;
	const char *text;
	const char *expected; /* "method=BYE cseq=14", see parser_test.c */
};

#define BYE "BYE sip:b@b.example SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKc1\r\n"
#define DIALOG "From: <sip:a@a.example>;tag=a\r\nTo: <sip:b@b.example>;tag=b\r\nCall-ID: x@y\r\n"
#define CSEQ "CSeq: 14 BYE\r\n"
#define END "\r\n"
#define WITH_FROM(line) BYE VIA line "\r\nTo: <sip:b@b.example>;tag=b\r\nCall-ID: x@y\r\n" CSEQ END
#define WITH_CSEQ(line) BYE VIA DIALOG line END
#define WITH_VIA(line) BYE line DIALOG CSEQ END
#define PLAIN "method=BYE status=0 cseq=14 ambiguous=0 bad_cseq=0"
#define FROM_A PLAIN " from_tag=a to_tag=b"

static const struct parser_vector parser_vectors[] = {
	{"a BYE", BYE VIA DIALOG CSEQ END,
	 FROM_A " call_id=x@y branch=z9hG4bKc1 branch2= request_uri=sip:b@b.example "
		"from_uri=sip:a@a.example to_uri=sip:b@b.example end=1 has_call_id=1 has_from=1 "
		"has_to=1 has_cseq=1 has_via=1"},
	{"a response", "SIP/2.0 200 OK\r\n" VIA DIALOG CSEQ END,
	 "status=200 method=BYE cseq=14 from_tag=a to_tag=b request_uri="},
	{"a response without a reason phrase", "SIP/2.0 481\r\n" VIA DIALOG CSEQ END, "status=481"},
	{"compact header names",
	 BYE "v: SIP/2.0/UDP h;branch=q\r\nf: <sip:a@a>;tag=a\r\nt: <sip:b@b>;tag=b\r\n"
			      "i: x@y\r\nm: <sip:c@c>\r\n" CSEQ END,
	 FROM_A " call_id=x@y branch=q contact=sip:c@c"},
	{"compact header names in upper case",
	 BYE "V: SIP/2.0/UDP h;branch=q\r\nF: <sip:a@a>;tag=a\r\n"
					    "T: <sip:b@b>;tag=b\r\nI: x@y\r\nM: <sip:c@c>\r\n" CSEQ END,
	 FROM_A " call_id=x@y branch=q contact=sip:c@c"},
	{"header names in mixed case",
	 BYE "vIA: SIP/2.0/UDP h;BRANCH=q\r\nfROM: <sip:a@a>;TAG=a\r\n"
					 "tO: <sip:b@b>;Tag=b\r\ncALL-iD: x@y\r\ncONTACT: <sip:c@c>\r\n"
					 "cSEQ: 14 bye\r\n" END,
	 FROM_A " call_id=x@y branch=q contact=sip:c@c"},
	{"method and version in mixed case", "bYe sip:b@b.example sip/2.0\r\n" VIA DIALOG CSEQ END,
	 FROM_A},
	{"blanks before and behind the colons of headers",
	 BYE "Via \t: \t SIP/2.0/UDP h ; branch = q \r\n"
						"From : <sip:a@a> ; tag = a \r\nTo\t:<sip:b@b>;tag=b\t\r\n"
						"Call-ID  :  x@y  \r\nCSeq :\t14 \t BYE \r\n" END,
	 FROM_A " call_id=x@y branch=q"},
	{"folded header lines",
	 BYE VIA "From:\r\n <sip:a@a>\r\n\t;tag=a\r\nTo: <sip:b@b>;\r\n tag=b\r\n"
				 "Call-ID:\r\n x@y\r\nCSeq:\r\n 14\r\n BYE\r\n" END,
	 FROM_A " call_id=x@y"},
	{"lines that end in a bare LF",
	 "BYE sip:b@b.example SIP/2.0\nVia: SIP/2.0/UDP h;branch=q\nFrom: <sip:a@a>;tag=a\n"
		     "To: <sip:b@b>;tag=b\nCall-ID: x@y\nCSeq: 14 BYE\n\n",
	 FROM_A " call_id=x@y branch=q end=1"},
	{"empty lines before the start line",
	 "\r\n\r\n\n" BYE VIA DIALOG CSEQ END, FROM_A " end=1"},
	{"bare CRs before the start line", "\r\r\r\n\r" BYE VIA DIALOG CSEQ END, FROM_A},
	{"blanks before the start line", " \t " BYE VIA DIALOG CSEQ END, FROM_A},
	{"a last line without a line end", BYE VIA DIALOG "CSeq: 14 BYE", FROM_A " end=0"},
	{"headers in the body are not parsed",
	 BYE VIA DIALOG CSEQ END "From: <sip:z@z>;tag=z\r\nCSeq: 1 BYE\r\n",
	 FROM_A},
	{"headers behind an empty line of a bare LF are not parsed",
	 BYE VIA DIALOG CSEQ "\n" "Call-ID: z\r\n", FROM_A " call_id=x@y"},

	{"a tag in a quoted name is not the tag",
	 WITH_FROM("From: \"x;tag=q\" <sip:a@a>;tag=a"), FROM_A},
	{"an escaped quote in a name does not end it",
	 WITH_FROM("From: \"x\\\";tag=q\" <sip:a@a>;tag=a"), FROM_A},
	{"a quote behind an escaped backslash ends a name",
	 WITH_FROM("From: \"x\\\\\" <sip:a@a>;tag=a"), FROM_A},
	{"'<' in a quoted name is not the URI", WITH_FROM("From: \"<sip:z>\" <sip:a@a>;tag=a"),
	 FROM_A " from_uri=sip:a@a"},
	{"a tag in a URI is not the tag",
	 WITH_FROM("From: <sip:a@a;tag=q>;tag=a"), FROM_A " from_uri=sip:a@a;tag=q"},
	{"a tag in a quoted parameter is not the tag",
	 WITH_FROM("From: <sip:a@a>;x=\";tag=q\";tag=a"), FROM_A},
	{"an address without angle brackets",
	 WITH_FROM("From: sip:a@a;tag=a"), FROM_A " from_uri=sip:a@a"},
	{"a display name without quotes", WITH_FROM("From: Alice Smith <sip:a@a>;tag=a"),
	 FROM_A " from_uri=sip:a@a"},
	{"a parameter whose name begins with tag",
	 WITH_FROM("From: <sip:a@a>;tagged=q;tag=a"), FROM_A},
	{"a parameter whose name ends in tag", WITH_FROM("From: <sip:a@a>;xtag=q;tag=a"), FROM_A},
	{"an address without a tag",
	 WITH_FROM("From: <sip:a@a>"), PLAIN " from_tag= to_tag=b has_from=1"},
	{"an empty tag", WITH_FROM("From: <sip:a@a>;tag="), "method=BYE from_tag= to_tag=b"},
	{"two equal tags", WITH_FROM("From: <sip:a@a>;tag=a;tag=a"), FROM_A},
	{"a quoted tag is ambiguous", WITH_FROM("From: <sip:a@a>;tag=\"a\""), "ambiguous=1"},
	{"two different tags are ambiguous",
	 WITH_FROM("From: <sip:a@a>;tag=a;tag=z"), "ambiguous=1"},
	{"two addresses are ambiguous",
	 WITH_FROM("From: <sip:a@a>;tag=a, <sip:z@z>;tag=z"), "ambiguous=1"},
	{"an open quote in a name is ambiguous",
	 WITH_FROM("From: \"x <sip:a@a>;tag=a"), "ambiguous=1"},
	{"an open quote in a parameter is ambiguous",
	 WITH_FROM("From: <sip:a@a>;x=\"y;tag=a"), "ambiguous=1"},
	{"an open '<' is ambiguous", WITH_FROM("From: <sip:a@a;tag=a"), "ambiguous=1"},
	{"two equal From headers",
	 WITH_FROM("From: <sip:a@a>;tag=a\r\nf: <sip:a@a>;tag=a"), FROM_A},
	{"two different From headers are ambiguous",
	 WITH_FROM("From: <sip:a@a>;tag=a\r\nf: <sip:a@a>;tag=z"), "ambiguous=1 from_tag=a"},
	{"two different To headers are ambiguous",
	 BYE "To: <sip:z@z>;tag=z\r\n" VIA DIALOG CSEQ END, "ambiguous=1"},
	{"two different Call-IDs are ambiguous",
	 BYE "i: z\r\n" VIA DIALOG CSEQ END, "ambiguous=1 call_id=z"},
	{"two Call-IDs that differ in letter case are ambiguous",
	 BYE "i: X@y\r\n" VIA DIALOG CSEQ END, "ambiguous=1"},
	{"two equal Call-IDs", BYE "i: x@y\r\n" VIA DIALOG CSEQ END, FROM_A},
	{"two different CSeqs are ambiguous",
	 BYE "CSeq: 13 BYE\r\n" VIA DIALOG CSEQ END, "ambiguous=1"},
	{"two CSeqs with different methods are ambiguous",
	 WITH_CSEQ("CSeq: 14 BYE\r\nCSeq: 14 INFO\r\n"), "ambiguous=1"},
	{"two equal CSeqs", BYE "CSeq: 0014 bye\r\n" VIA DIALOG CSEQ END, FROM_A},

	{"CSeq 0", WITH_CSEQ("CSeq: 0 BYE\r\n"), "cseq=0"},
	{"CSeq 2^31-1", WITH_CSEQ("CSeq: 2147483647 BYE\r\n"), "cseq=2147483647"},
	{"CSeq 2^31", WITH_CSEQ("CSeq: 2147483648 BYE\r\n"), "bad_cseq=1"},
	{"CSeq 2^32+14", WITH_CSEQ("CSeq: 4294967310 BYE\r\n"), "bad_cseq=1"},
	{"CSeq 2^64+14", WITH_CSEQ("CSeq: 18446744073709551630 BYE\r\n"), "bad_cseq=1"},
	{"CSeq of 40 digits", WITH_CSEQ("CSeq: 9999999999999999999999999999999999999999 BYE\r\n"),
	 "bad_cseq=1"},
	{"CSeq with 40 leading zeros",
	 WITH_CSEQ("CSeq: 000000000000000000000000000000000000000014 BYE\r\n"),
	 "cseq=14"},
	{"CSeq 14x", WITH_CSEQ("CSeq: 14x BYE\r\n"), "bad_cseq=1"},
	{"CSeq 14BYE", WITH_CSEQ("CSeq: 14BYE\r\n"), "bad_cseq=1"},
	{"CSeq -14", WITH_CSEQ("CSeq: -14 BYE\r\n"), "bad_cseq=1"},
	{"CSeq without a number", WITH_CSEQ("CSeq: BYE\r\n"), "bad_cseq=1"},
	{"CSeq without a method", WITH_CSEQ("CSeq: 14\r\n"), "bad_cseq=1"},
	{"CSeq empty", WITH_CSEQ("CSeq:\r\n"), "bad_cseq=1"},
	{"CSeq missing", WITH_CSEQ(""), "bad_cseq=1 has_cseq=0"},
	{"CSeq of another method", WITH_CSEQ("CSeq: 14 INVITE\r\n"), "bad_cseq=1"},
	{"CSeq with text behind the method", WITH_CSEQ("CSeq: 14 BYE x\r\n"), "bad_cseq=1"},

	{"two Vias", WITH_VIA("Via: SIP/2.0/UDP h;branch=p1\r\nVia: SIP/2.0/UDP h;branch=c1\r\n"),
	 FROM_A " branch=p1 branch2=c1"},
	{"two Vias in one header",
	 WITH_VIA("Via: SIP/2.0/UDP h;branch=p1, SIP/2.0/UDP h;branch=c1\r\n"),
	 FROM_A " branch=p1 branch2=c1"},
	{"two Vias in one header, then a third",
	 WITH_VIA("v: SIP/2.0/UDP h;branch=p1,SIP/2.0/UDP h;branch=c1\r\n"
						      "v: SIP/2.0/UDP h;branch=z\r\n"),
	 FROM_A " branch=p1 branch2=c1"},
	{"a comma in a quoted Via parameter",
	 WITH_VIA("Via: SIP/2.0/UDP h;x=\",;branch=q\";branch=p1\r\nVia: SIP/2.0/UDP h;branch=c1\r\n"),
	 FROM_A " branch=p1 branch2=c1"},
	{"a Via without a branch",
	 WITH_VIA("Via: SIP/2.0/UDP h\r\nVia: SIP/2.0/UDP h;branch=c1\r\n"),
	 FROM_A " branch= branch2=c1"},
	{"a Via with received before branch",
	 WITH_VIA("Via: SIP/2.0/UDP h;received=1.2.3.4;rport=5;branch=p1\r\n"),
	 FROM_A " branch=p1"},

	{"Contact with parameters",
	 BYE VIA DIALOG CSEQ "Contact: \"B\" <sip:b@h:5070;ob>;expires=5\r\n" END,
	 FROM_A " contact=sip:b@h:5070;ob"},
	{"Contact without angle brackets", BYE VIA DIALOG CSEQ "Contact: sip:b@h;q=1\r\n" END,
	 FROM_A " contact=sip:b@h"},
	{"the first of two Contacts",
	 BYE VIA DIALOG CSEQ "m: <sip:b@h>, <sip:c@h>\r\n" END, FROM_A " contact=sip:b@h"},
	{"Content-Length is no Contact", BYE VIA DIALOG CSEQ "Content-Length: 0\r\n" END,
	 FROM_A " contact="},
	{"Contents are no Contact",
	 BYE VIA DIALOG CSEQ "Contactx: <sip:z@z>\r\n" END, FROM_A " contact="},
	{"To-Do and similar names are not To",
	 BYE "To-Do: z\r\nFromage: z\r\nCall-IDs: z\r\nViaduct: z\r\nCSeqs: z\r\ntx: z\r\n" VIA DIALOG CSEQ END,
	 FROM_A " call_id=x@y branch=z9hG4bKc1"},
	{"Call<CR>ID is no Call-ID", BYE "Call\rID: z\r\n" VIA DIALOG CSEQ END,
	 "call_id=x@y ambiguous=1"},
	{"a method other than BYE",
	 "INVITE sip:b SIP/2.0\r\n" VIA DIALOG "CSeq: 1 INVITE\r\n" END, "method=INVITE cseq=1"},
	{"an unknown method", "PUBLISHED sip:b SIP/2.0\r\n" VIA DIALOG "CSeq: 1 PUBLISHED\r\n" END,
	 "method=OTHER cseq=1"},
	{"a method that begins as BYE",
	 "BYEBYE sip:b SIP/2.0\r\n" VIA DIALOG "CSeq: 1 BYEBYE\r\n" END,
	 "method=OTHER"},

	{"no SIP: HTTP", "GET / HTTP/1.1\r\n\r\n", NULL},
	{"no SIP: SIP/3.0", "BYE sip:b SIP/3.0\r\n\r\n", NULL},
	{"a version with more digits is ambiguous",
	 "BYE sip:b SIP/2.00\r\n" VIA DIALOG CSEQ END, "ambiguous=1"},
	{"no SIP: a status of letters", "SIP/2.0 abc OK\r\n\r\n", NULL},
	{"no SIP: status 99", "SIP/2.0 099 OK\r\n\r\n", NULL},
	{"no SIP: status 700", "SIP/2.0 700 OK\r\n\r\n", NULL},
	{"no SIP: a status of four digits", "SIP/2.0 2000 OK\r\n\r\n", NULL},
	{"no SIP: a request line without version", "BYE sip:b\r\n\r\n", NULL},
	{"no SIP: a single word", "hello", NULL},
	{"no SIP: blanks only", " \t ", NULL},
	{NULL, NULL, NULL},
};

#endif
