/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The SIP parser: a function of (buffer, length), without context, maps or libc. The kernel
 * programs, the unit tests and the fuzzers use the same file.
 *
 * Contract
 *   The caller copies the payload of a datagram to parser->buf and calls sip_parse(). Returns 0 and
 *   fills parser->msg, or returns -1 if there is no SIP/2.0 start line; then msg is void. branch,
 *   branch2 and contact are filled later, by sip_parse_routing(), because a refused BYE does not
 *   need them. Bytes behind `len` are read, but they do not change the result.
 *   `complete` says that the buffer holds the whole datagram. If it does not, a last line without a
 *   line end is ignored. Lengths are at most SIP_MAX. Time is linear in `len`.
 *
 *   The form that nearly all messages have is parsed without loops (sip_..._plain). Any other form
 *   is parsed by the loop next to it, with the same result.
 *
 *   A slice of length 0 is a field that is absent or empty; msg.flags says which headers are
 *   present. Slices lie within the first `len` bytes and hold the bytes as received.
 *
 * Ambiguous messages
 *   Peers read malformed bytes in different ways: of two headers Kamailio and OpenSIPS use the
 *   first, PJSIP the last. If all peers agree, or refuse the message, the parser reads it as they
 *   do. If two peers disagree, the message gets SIP_AMBIGUOUS, and the guard drops such a BYE.
 *   tests/vectors/RULES.md lists for each rule the peers and a test vector.
 *
 *   start line   NULs, blanks and line ends before it are skipped (Kamailio; RFC 3261 7.5). Methods
 *                and version are case-insensitive (Kamailio relays `bye`). The Request-URI is the
 *                text between the method and the last word. The last word begins with SIP/2.0
 *                (Kamailio accepts SIP/2.0x). Ambiguous if folded or with a bare CR (PJSIP joins
 *                the lines, Kamailio cuts).
 *   lines        A line ends in LF, with or without CR. A line that begins with a blank continues
 *                the previous one (7.3.1). The first empty line ends the headers; nothing behind it
 *                is read. Without an empty line everything is a header. Ambiguous: an empty line
 *                that libosip2 skips. It skips one directly behind the start line, a CRLF behind a
 *                bare LF, and (as old PJSIP) one before a line that begins with a blank.
 *   control      Ambiguous anywhere in the headers: NUL (ends C strings, and Kamailio's From), bare
 *                CR (ends PJSIP's lines), VT and FF (blanks to C). A tab is a blank. Other control
 *                bytes have no meaning.
 *   Contact      The URI of the first one.
 *   names        Case-insensitive, long and compact, blanks before the colon (7.3.1). Ambiguous: a
 *                header behind '&' within a line (PJSIP ends a header there).
 *   repeated     Call-ID, From, To, CSeq: the same value is harmless, another value is ambiguous.
 *   empty        A value of length 0, which differs from any other value. The header is present.
 *   Call-ID      The whole line without the blanks around it, compared byte by byte. Ambiguous: a
 *                blank within. SIP_LAX_MATCH: blanks behind it. They belong to the Call-ID for
 *                Kamailio and PJSIP, which answer 481; the guard finds the dialog.
 *   tag          A parameter behind the closing '>'. Without '<': behind the first ';' outside a
 *                quoted string (20.10, 20.20). Never in a quoted name or in a URI. `tag` is
 *                case-insensitive, with blanks around ';' and '='. A tag without '=' is empty, and
 *                so is an absent one (12.1.1, RFC 2543). A comma belongs to the tag (Kamailio: some
 *                UAs send such tags). Ambiguous: two different tags, a quoted one, a %-escape
 *                (PJSIP decodes it), '<', '>', '&', '\' or anything behind it, and a comma
 *                elsewhere (a second address). SIP_LAX_MATCH: the first `;tag=` in the header is
 *                another one, or is written differently (chan_sip uses that one, or none).
 *   address      Ambiguous: an open quote or '<', text between '>' and ';', a quote that begins
 *                neither a name nor a value, and a ':' outside quotes before a URI with parameters
 *                (for libosip2 the start of an address).
 *   CSeq         Digits, with leading zeros. SIP_BAD_CSEQ: a sign, no digits, 2^31 and above, text
 *                behind the method, a method other than the request's (8.1.1.5, 20.16).
 *   Via          The first two values. A comma outside quotes separates two values (7.3.1).
 */
#ifndef SIP_PARSER_H
#define SIP_PARSER_H

#include "sip_fields.h"
#include "sip_start.h"
#include "sip_lines.h"

/* Parses the first header of each kind, after all lines were walked. */
bpf_inline void sip_read_values(struct sip_parser *p)
{
	struct sip_slice v;

	if (p->seen & 1 << SIP_H_VIA)
		p->msg.flags |= SIP_HAS_VIA;
	if (p->seen & 1 << SIP_H_CALL_ID) {
		v = sip_header_value(p, SIP_H_CALL_ID);
		if (v.off + v.len != p->values[SIP_H_CALL_ID].off + p->values[SIP_H_CALL_ID].len)
			p->msg.flags |= SIP_LAX_MATCH;
		if (!sip_call_id_plain(p, v.off, v.off + v.len))
			sip_call_id(p, v.off, v.off + v.len);
	}
	if (p->seen & 1 << SIP_H_CSEQ) {
		v = sip_header_value(p, SIP_H_CSEQ);
		if (!sip_cseq_plain(p, v.off, v.off + v.len))
			sip_cseq(p, v.off, v.off + v.len);
	} else {
		p->msg.flags |= SIP_BAD_CSEQ;
	}
	if (p->seen & 1 << SIP_H_FROM) {
		v = sip_header_value(p, SIP_H_FROM);
		if (!sip_party_plain(p, v.off, v.off + v.len, SIP_HAS_FROM))
			sip_party(p, v.off, v.off + v.len, SIP_HAS_FROM);
	}
	if (p->seen & 1 << SIP_H_TO) {
		v = sip_header_value(p, SIP_H_TO);
		if (!sip_party_plain(p, v.off, v.off + v.len, SIP_HAS_TO))
			sip_party(p, v.off, v.off + v.len, SIP_HAS_TO);
	}
}

/* See the contract at the top of this file. */
bpf_inline int sip_parse(struct sip_parser *p, __u32 len, int complete)
{
	p->msg = (struct sip_msg){ 0 };
	p->len = len;
	p->vias = p->ampersand = p->seen_twice = p->second_pass = 0;
	p->complete = complete;
	if (!len || len > SIP_MAX)
		return -1;
	sip_walk_lines(p);
	if (!p->started || p->failed)
		return -1;
	sip_read_values(p);
	if (p->seen_twice & SIP_SEEN_DIALOG) {
		p->second_pass = 1;
		sip_walk_lines(p);
	}
	return 0;
}

/*
 * Parses Contact and the first two Via values: fills msg.contact, msg.branch, msg.branch2 and
 * p->vias. Sets SIP_REPEATED if one Via has two different branches. Call it after sip_parse().
 */
BPF_GLOBAL int sip_parse_routing(struct sip_parser *p)
{
	struct sip_slice v;

	if (!p)
		return 0;
	if (p->seen & 1 << SIP_H_VIA) {
		v = sip_header_value(p, SIP_H_VIA);
		sip_via(p, v.off, v.off + v.len);
	}
	if (p->seen & 1 << SIP_H_VIA2) {
		v = sip_header_value(p, SIP_H_VIA2);
		sip_via(p, v.off, v.off + v.len);
	}
	if (p->seen & 1 << SIP_H_CONTACT) {
		v = sip_header_value(p, SIP_H_CONTACT);
		sip_contact(p, v.off, v.off + v.len);
	}
	return 0;
}

#endif
