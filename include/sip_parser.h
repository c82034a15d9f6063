/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The SIP parser: a step over (buffer, length), without context, maps or libc. The same file serves
 * the kernel programs, the unit tests, the fuzzer and the agent.
 *
 * Contract
 *   The caller puts a datagram's payload into parser->buf and calls sip_parse(). It returns 0 and
 *   fills parser->msg but for branch, branch2 and contact, which sip_parse_routing() adds: a refused BYE
 *   needs none of them. Or -1: no SIP/2.0 start line, msg is void. Nothing behind `len` has a
 *   bearing on the result, though bytes behind it are read.
 *   `complete` says that the buffer holds the whole datagram; if it does not, a last line without
 *   its end is left out. Lengths are at most SIP_MAX. Time is linear in `len`.
 *
 *   What nearly all messages look like is read in line (sip_..._plain); whatever is not quite like that,
 *   by the loops beside it, to the same result.
 *
 *   A slice of length 0 is a field that is absent or empty; msg.flags tells which headers were
 *   there. Slices lie within the first `len` bytes, and hold bytes as they came.
 *
 * One reading
 *   Peers read hostile bytes in several ways: Kamailio and OpenSIPS take the first of two headers,
 *   PJSIP the last. Where all take one reading, or refuse, it is the parser's. Where two peers take
 *   two, whoever sends that means one of them only: SIP_AMBIGUOUS, and no BYE of the kind passes.
 *   tests/vectors/RULES.md has each rule's peers, and its vector.
 *
 *   start line   NULs, blanks and line ends before it are skipped (Kamailio; RFC 3261 7.5). Methods
 *                and version in any letter case (Kamailio relays `bye`). The Request-URI is what
 *                stands between method and last word; that begins with SIP/2.0 (Kamailio: SIP/2.0x).
 *                Folded, or with a bare CR in it: ambiguous (PJSIP joins the lines, Kamailio cuts).
 *   lines        end in LF, with or without CR; one that begins with a blank continues the one before
 *                (7.3.1). The first empty line ends the headers, what follows is never looked at: a
 *                second message, a body unlike its Content-Length. No empty line: all is headers.
 *                An empty line that libosip2 reads over, behind the start line, as CRLF behind a
 *                bare LF, or (old PJSIP too) before a line that begins with a blank: ambiguous.
 *   control      a NUL ends C strings (and Kamailio's From), a bare CR ends PJSIP's lines, VT and FF
 *                are blanks to C: ambiguous anywhere in the headers. Tabs are blanks, other control
 *                bytes mean nothing.
 *   Contact      the URI of the first one.
 *   names        any letter case, long and compact, blanks before the colon (7.3.1).
 *                A header behind '&' within a line: ambiguous (PJSIP ends a header there).
 *   repeated     Call-ID, From, To or CSeq: the same value is harmless, another one ambiguous.
 *   empty        a value of length 0, which differs from any other; a header all the same.
 *   Call-ID      all of its line but blanks around it, byte by byte. A blank within: ambiguous.
 *                Blanks behind it are part of it for Kamailio and PJSIP: SIP_LAX_MATCH, for they answer
 *                481 to what the guard, as lax as the laxest, takes for the dialog.
 *   tag          a parameter behind the closing '>', or where there is no '<', behind the first ';'
 *                outside a quoted string (20.10, 20.20): not in a quoted name, not in a URI. `tag`
 *                in any letter case, blanks around ';' and '='; without '=' it is empty, as is no tag
 *                (12.1.1, RFC 2543). Two that differ, one that is quoted, has a %-escape (PJSIP
 *                decodes it), '<', '>', '&', '\' or anything behind it: ambiguous. A comma is part of
 *                it (Kamailio: some UAs make such); elsewhere it begins a second address: ambiguous.
 *                Where the first `;tag=` in the header is another, or written otherwise: SIP_LAX_MATCH
 *                (chan_sip takes that, or none).
 *   address      a quote or '<' left open, something between '>' and ';', a quote that begins no
 *                name and no value, or before a URI with parameters a ':' without quotes (libosip2:
 *                an address, too): ambiguous.
 *   CSeq         digits, leading zeros allowed; a sign, no digits, 2^31 and up, something behind the
 *                method, or a method unlike the request's (8.1.1.5, 20.16): SIP_BAD_CSEQ, and
 *                msg.cseq is void.
 *   Via          the first two values; a comma outside quotes divides a line of two (7.3.1).
 */
#ifndef SIP_PARSER_H
#define SIP_PARSER_H

#include "sip_fields.h"
#include "sip_start.h"
#include "sip_lines.h"

/* What was noted, of each kind the first; SIP_HAS_... say what there was. */
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

/* See the contract on top. */
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
 * Contact and the first two Via values of a message that was parsed: msg.contact, msg.branch,
 * msg.branch2 and p->vias, SIP_REPEATED where a branch is given twice. Not all messages need them.
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
