/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The start line of a SIP message (RFC 3261 7.1, 7.2): method and Request-URI, or the status. The
 * rules are in sip_parser.h.
 */
#ifndef SIP_START_H
#define SIP_START_H

#include "sip_cseq.h"

bpf_inline int sip_is_version(const struct sip_parser *p, __u32 pos)
{
	__u64 word = sip_word(p, pos);

	/* sip_fold() is valid for letters only. */
	return (sip_fold(word) & sip_mask(3)) == SIP_LETTERS('s', 'i', 'p', 0, 0, 0, 0, 0) &&
	       (word >> 24 & sip_mask(4)) == SIP_LETTERS('/', '2', '.', '0', 0, 0, 0, 0);
}

bpf_inline int sip_is_digit(__u8 c)
{
	return c >= '0' && c <= '9';
}

/* Parses a request line or status line without trailing blanks. Returns 0, or -1 if it is none. */
BPF_GLOBAL int sip_first_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 uri, method_end, version;
	__u8 a, b, c;

	if (!p)
		return -1;
	if (end - line >= 11 && sip_is_version(p, line) && sip_is_blank(sip_byte(p, line + 7))) {
		line = sip_skip_blanks(p, line + 7, end);
		a = sip_byte(p, line), b = sip_byte(p, line + 1), c = sip_byte(p, line + 2);
		if (end - line < 3 || a < '1' || a > '6' || !sip_is_digit(b) || !sip_is_digit(c) ||
		    (end - line > 3 && !sip_is_blank(sip_byte(p, line + 3))))
			return -1;
		p->msg.status = (a - '0') * 100 + (b - '0') * 10 + (c - '0');
		return 0;
	}
	method_end = sip_find(p, line, end, SIP_ANY(' ', '\t', '\n'));
	if (p->folded)
		method_end = sip_trim(p, line, method_end);
	p->msg.method = sip_method(p, line, method_end - line);
	uri = sip_skip_blanks(p, method_end, end); /* may be empty: Kamailio accepts that */
	if (end - uri < 7)
		return -1;
	version = end - 7;
	if (!sip_is_version(p, version) || !sip_is_blank(sip_byte(p, version - 1))) {
		/* Kamailio ignores text behind the digits of the version. */
		version = sip_find(p, uri, end, SIP_ANY(' ', '\t', '\n'));
		version = sip_skip_blanks(p, version, end);
		if (end - version < 7 || !sip_is_version(p, version))
			return -1;
		p->msg.flags |= SIP_AMBIGUOUS | SIP_AMBIGUOUS_SENDER;
	}
	p->msg.request_uri = sip_slice(uri, sip_trim(p, uri, version));
	return 0;
}

/*
 * Parses the start line. Kamailio ends it at the first CR or LF. PJSIP continues if the next line
 * begins with a blank.
 */
BPF_GLOBAL int sip_start_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 cut;

	if (!p)
		return -1;
	end = sip_trim(p, line, end);
	cut = p->folded ? sip_find(p, line, end, SIP_ANY('\r', '\n', '\n')) : end;
	if (cut == end)
		return sip_first_line(p, line, end);
	p->msg.flags |= SIP_AMBIGUOUS | SIP_AMBIGUOUS_SENDER;
	cut = sip_trim(p, line, cut);
	return sip_first_line(p, line, cut) ? sip_first_line(p, line, end) : 0;
}

/* Fast path for `METHOD URI SIP/2.0` with single blanks. Returns 0 if the line has another form. */
bpf_inline int sip_start_plain(struct sip_parser *p, __u32 line, __u32 end)
{
	const __u64 version = SIP_LETTERS(' ', 'S', 'I', 'P', '/', '2', '.', '0');
	__u64 word = sip_word(p, line), marks = sip_equal(word, SIP_EACH(' '));
	__u32 uri = line + (sip_lowest_bit(marks) >> 3) + 1;

	if (!marks || p->folded || end < uri + 9 || sip_word(p, end - 8) != version ||
	    sip_byte(p, uri) <= ' ' || sip_byte(p, end - 9) <= ' ' || sip_is_version(p, line))
		return 0;
	p->msg.method = sip_method(p, line, uri - 1 - line);
	p->msg.request_uri = sip_slice(uri, end - 8);
	return 1;
}

#endif
