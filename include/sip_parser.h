/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The SIP parser: a step over (buffer, length), without context, maps or libc. The same file serves
 * the kernel programs, the unit tests, the fuzzer and the agent.
 *
 * Contract
 *   The caller puts a datagram's payload into parser->buf and calls sip_parse(). It returns 0 and
 *   fills parser->msg, or -1: no SIP/2.0 start line, msg is void. Nothing behind `len` has a
 *   bearing on the result, though up to SIP_SLACK bytes behind it are read.
 *   `complete` says that the buffer holds the whole datagram; if it does not, a last line without
 *   its end is left out. Lengths are at most SIP_MAX. Time is linear in `len`.
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
 *   names        any letter case, long and compact, blanks before the colon (7.3.1).
 *                A header behind '&' within a line: ambiguous (PJSIP ends a header there).
 *   repeated     Call-ID, From, To or CSeq: the same value is harmless, another one ambiguous.
 *   empty        a value of length 0, which differs from any other; a header all the same.
 *   Call-ID      all of its line but blanks around it, byte by byte. A blank within: ambiguous.
 *                Blanks behind it are part of it for Kamailio and PJSIP: SIP_LOOSE, for they answer
 *                481 to what the guard, as lax as the laxest, takes for the dialog.
 *   tag          a parameter behind the closing '>', or where there is no '<', behind the first ';'
 *                outside a quoted string (20.10, 20.20): not in a quoted name, not in a URI. `tag`
 *                in any letter case, blanks around ';' and '='; without '=' it is empty, as is no tag
 *                (12.1.1, RFC 2543). Two that differ, one that is quoted, has a %-escape (PJSIP
 *                decodes it), '<', '>', '&', '\' or anything behind it: ambiguous. A comma is part of
 *                it (Kamailio: some UAs make such); elsewhere it begins a second address: ambiguous.
 *                Where the first `;tag=` in the header is another, or written otherwise: SIP_LOOSE
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

#include <linux/types.h>

#include "cseqguard.h"

#define SIP_MAX 4096 /* bytes of a datagram that are looked at; a power of two */
#define SIP_SLACK 64

#define SIP_HAS_CALL_ID 0x01
#define SIP_HAS_FROM 0x02
#define SIP_HAS_TO 0x04
#define SIP_HAS_CSEQ 0x08
#define SIP_HAS_VIA 0x10
#define SIP_HAS_ALL 0x1f
#define SIP_HEADERS_END 0x20 /* the empty line was found */
#define SIP_AMBIGUOUS 0x40
#define SIP_BAD_CSEQ 0x80
#define SIP_LOOSE 0x100 /* of a BYE: some peers find no dialog in it */
#define SIP_REPEATED 0x200 /* a Call-ID, From, To, CSeq or branch twice, with two values */
#define SIP_ODD_ID 0x400 /* Call-ID or From tag are ambiguous by themselves: `a b`, "a", %61 */

struct sip_slice {
	__u16 off;
	__u16 len;
};

struct sip_msg {
	__u16 status; /* of a response, 100 to 699; 0: a request */
	__u8 method; /* enum cg_method; of a response: its CSeq's */
	__u8 cseq_method;
	__u32 cseq;
	__u32 flags; /* SIP_... */
	struct sip_slice request_uri;
	struct sip_slice call_id;
	struct sip_slice from_uri;
	struct sip_slice from_tag;
	struct sip_slice to_uri;
	struct sip_slice to_tag;
	struct sip_slice contact; /* URI of the first Contact */
	struct sip_slice branch; /* of the top Via */
	struct sip_slice branch2; /* of the one below it */
};

struct sip_parser {
	struct sip_msg msg;
	__u32 len;
	__u32 pos; /* where the next line end is looked for */
	__u32 line; /* where the current line began */
	__u8 started; /* the start line is behind us */
	__u8 failed;
	__u8 vias; /* Via values seen: 0, 1 or 2 */
	__u8 complete;
	/*
	 * What a loop carries from step to step lies here: of memory the verifier assumes nothing.
	 * Of what lies on the stack a young one walks every value; 6.1's walks a step once, believes
	 * the first value to be the only one, and removes the branches that others would take.
	 */
	__u32 at; /* in parameters, or before an address */
	__u8 quoted; /* within a quoted string */
	__u8 found; /* the parameter looked for */
	__u8 twice; /* ... under two values */
	__u8 odd; /* ... or another part of the header that peers read in several ways */
	__u8 folded; /* the start line may be */
	__u8 ampersand; /* there may be one somewhere */
	__u8 inner; /* of an address: a ';' may stand before the tag's */
	__u8 pad;
	__u32 start; /* where the header's value begins; behind an address: its end */
	__u64 number;
	__u64 controls[SIP_MAX / 64]; /* a bit for each byte below ' ' */
	__u8 buf[SIP_MAX + SIP_SLACK];
};

#ifdef __bpf__
#define sip_inline static __always_inline
/* Global functions: the verifier walks each once, not once a call, and knows nothing of arguments. */
#define sip_part __noinline
#define sip_loop(n, step, ctx) bpf_loop(n, step, ctx, 0)
#define SIP_LOAD64(at) (*(const __u64 *)(at)) /* of a char array clang would load eight bytes */
#else
#define sip_inline static inline
#define sip_part static __attribute__((unused))
#define SIP_LOAD64(at)                                                                             \
	({                                                                                         \
		__u64 sip_word_;                                                                   \
		__builtin_memcpy(&sip_word_, at, sizeof(sip_word_));                               \
		sip_word_;                                                                         \
	})
static inline void sip_loop(__u32 n, long (*step)(__u32, void *), void *ctx)
{
	for (__u32 i = 0; i < n && !step(i, ctx); i++)
		;
}
#endif

#include "sip_fields.h"

/* --- lines ------------------------------------------------------------------------------------ */

enum sip_header {
	SIP_H_OTHER,
	SIP_H_VIA,
	SIP_H_FROM,
	SIP_H_TO,
	SIP_H_CALL_ID,
	SIP_H_CSEQ,
	SIP_H_CONTACT
};

#define SIP_LETTER(c) (1U << ((c) - 'a'))

/* Most lines are told by their first letter to be of no interest. */
sip_inline int sip_header_matters(__u8 first)
{
	__u32 letter = (__u32)(first | 0x20) - 'a';

	return letter < 26 && (SIP_LETTER('v') | SIP_LETTER('f') | SIP_LETTER('t') |
			       SIP_LETTER('i') | SIP_LETTER('m') | SIP_LETTER('c')) >>
					      letter &
				      1;
}

/* Which header a line may begin with, and how long that name is. */
sip_inline enum sip_header sip_header_name(const struct sip_parser *p, __u32 line, __u32 *len)
{
	__u64 raw = sip_word(p, line), word = sip_fold(raw);

	*len = 1;
	switch ((__u8)word) {
	case 'v':
		if ((word & sip_mask(3)) == SIP_LETTERS('v', 'i', 'a', 0, 0, 0, 0, 0))
			*len = 3;
		return SIP_H_VIA;
	case 'f':
		if ((word & sip_mask(4)) == SIP_LETTERS('f', 'r', 'o', 'm', 0, 0, 0, 0))
			*len = 4;
		return SIP_H_FROM;
	case 't':
		if ((word & sip_mask(2)) == SIP_LETTERS('t', 'o', 0, 0, 0, 0, 0, 0))
			*len = 2;
		return SIP_H_TO;
	case 'i':
		return SIP_H_CALL_ID;
	case 'm':
		return SIP_H_CONTACT;
	case 'c':
		if ((word & sip_mask(4)) == SIP_LETTERS('c', 's', 'e', 'q', 0, 0, 0, 0)) {
			*len = 4;
			return SIP_H_CSEQ;
		}
		*len = 7;
		if ((word & sip_mask(7)) == SIP_LETTERS('c', 'o', 'n', 't', 'a', 'c', 't', 0))
			return SIP_H_CONTACT;
		if ((word & sip_mask(7)) == SIP_LETTERS('c', 'a', 'l', 'l', '-', 'i', 'd', 0) &&
		    (__u8)(raw >> 32) == '-')
			return SIP_H_CALL_ID;
	}
	return SIP_H_OTHER;
}

/* The header that begins at `pos`; *value: behind its colon. */
sip_inline enum sip_header sip_header_at(struct sip_parser *p, __u32 pos, __u32 end, __u32 *value)
{
	enum sip_header header;
	__u32 len;

	header = sip_header_name(p, pos, &len);
	if (header == SIP_H_OTHER)
		return header;
	pos = sip_skip_blanks(p, pos + len, end);
	if (pos >= end || sip_byte(p, pos) != ':')
		return SIP_H_OTHER;
	*value = pos + 1;
	return header;
}

/* PJSIP ends a header at '&' as at a line end: another one may follow, `Expires: 1&CSeq: 5 BYE`. */
static long sip_ampersand_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	struct sip_parser *p = s->p;
	__u32 value;

	(void)i;
	if (!sip_outside_quotes(p, s->end, '&', '&'))
		return 0;
	if (p->at >= s->end)
		return 1;
	p->at = sip_skip_blanks(p, p->at + 1, s->end);
	if (sip_header_at(p, p->at, s->end, &value) != SIP_H_OTHER)
		p->msg.flags |= SIP_AMBIGUOUS;
	return 0;
}

sip_part int sip_ampersands(struct sip_parser *p, __u32 line, __u32 end)
{
	struct sip_search s = { .p = p, .end = end };

	if (!p)
		return 0;
	p->at = line;
	p->quoted = 0;
	sip_loop(SIP_MAX, sip_ampersand_step, &s);
	return 0;
}

sip_part int sip_header_line(struct sip_parser *p, __u32 line, __u32 end)
{
	enum sip_header header;
	__u32 pos, line_end;

	if (!p)
		return 0;
	header = sip_header_at(p, line, end, &pos);
	if (header == SIP_H_OTHER)
		return 0;
	pos = sip_skip_blanks(p, pos, end);
	line_end = end;
	end = sip_trim(p, pos, end);
	if (header == SIP_H_CALL_ID && end != line_end)
		p->msg.flags |= SIP_LOOSE;
	switch (header) {
	case SIP_H_VIA:
		sip_via(p, pos, end);
		break;
	case SIP_H_FROM:
		return sip_party(p, pos, end, SIP_HAS_FROM);
	case SIP_H_TO:
		return sip_party(p, pos, end, SIP_HAS_TO);
	case SIP_H_CSEQ:
		return sip_cseq(p, pos, end);
	case SIP_H_CALL_ID:
		sip_call_id(p, pos, end);
		break;
	case SIP_H_CONTACT:
		sip_contact(p, pos, end);
		break;
	case SIP_H_OTHER:
		break;
	}
	return 0;
}

sip_inline int sip_is_version(const struct sip_parser *p, __u32 pos)
{
	__u64 word = sip_word(p, pos);

	/* the digits, '/' and '.' do not bear folding */
	return (sip_fold(word) & sip_mask(3)) == SIP_LETTERS('s', 'i', 'p', 0, 0, 0, 0, 0) &&
	       (word >> 24 & sip_mask(4)) == SIP_LETTERS('/', '2', '.', '0', 0, 0, 0, 0);
}

sip_inline int sip_digit(__u8 c)
{
	return c >= '0' && c <= '9';
}

/* Request line or status line, RFC 3261 7.1 and 7.2, without blanks behind it. */
sip_part int sip_first_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 uri, method_end, version;
	__u8 a, b, c;

	if (!p)
		return -1;
	if (end - line >= 11 && sip_is_version(p, line) && sip_blank(sip_byte(p, line + 7))) {
		line = sip_skip_blanks(p, line + 7, end);
		a = sip_byte(p, line), b = sip_byte(p, line + 1), c = sip_byte(p, line + 2);
		if (end - line < 3 || a < '1' || a > '6' || !sip_digit(b) || !sip_digit(c) ||
		    (end - line > 3 && !sip_blank(sip_byte(p, line + 3))))
			return -1;
		p->msg.status = (a - '0') * 100 + (b - '0') * 10 + (c - '0');
		return 0;
	}
	method_end = sip_find(p, line, end, SIP_ANY(' ', '\t', '\n'));
	if (p->folded)
		method_end = sip_trim(p, line, method_end);
	p->msg.method = sip_method(p, line, method_end - line);
	uri = sip_skip_blanks(p, method_end, end); /* Kamailio takes an empty one */
	if (end - uri < 7)
		return -1;
	version = end - 7;
	if (!sip_is_version(p, version) || !sip_blank(sip_byte(p, version - 1))) {
		/* Kamailio does not look behind the digits of the version */
		version = sip_find(p, uri, end, SIP_ANY(' ', '\t', '\n'));
		version = sip_skip_blanks(p, version, end);
		if (end - version < 7 || !sip_is_version(p, version))
			return -1;
		p->msg.flags |= SIP_AMBIGUOUS;
	}
	p->msg.request_uri = sip_slice(uri, sip_trim(p, uri, version));
	return 0;
}

/*
 * The start line. Kamailio ends it at the first CR or LF, whatever follows; PJSIP reads on where the
 * next line begins with a blank.
 */
sip_part int sip_start_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 cut;

	if (!p)
		return -1;
	end = sip_trim(p, line, end);
	cut = p->folded ? sip_find(p, line, end, SIP_ANY('\r', '\n', '\n')) : end;
	if (cut == end)
		return sip_first_line(p, line, end);
	p->msg.flags |= SIP_AMBIGUOUS;
	cut = sip_trim(p, line, cut);
	return sip_first_line(p, line, cut) ? sip_first_line(p, line, end) : 0;
}

struct sip_walk {
	struct sip_parser *p;
};

static long sip_junk_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	__u32 pos = s->pos + i;

	if (pos < s->end && sip_byte(s->p, pos) <= ' ')
		return 0;
	s->found = pos;
	return 1;
}

/* Peers skip CRs, LFs and blanks before a start line, each in a way of its own. */
sip_part __u32 sip_skip_junk(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = pos };

	if (p && pos < end && sip_byte(p, pos) <= ' ')
		sip_loop(SIP_MAX, sip_junk_step, &s);
	return s.found < end ? s.found : end;
}

/* A line of headers, or the start line; 1: that was the last. */
sip_inline long sip_take_line(struct sip_parser *p, __u32 line, __u32 end)
{
	if (p->started) {
		if (p->ampersand)
			sip_ampersands(p, line, end);
		if (sip_header_matters(sip_byte(p, line)))
			sip_header_line(p, line, end);
		return 0;
	}
	line = sip_skip_junk(p, line, end);
	if (line == end)
		return 0;
	p->started = 1;
	p->failed = sip_start_line(p, line, end) != 0;
	return p->failed != 0;
}

/* An empty line of CRLF behind a line that ends in LF alone. */
sip_inline int sip_is_mixed(const struct sip_parser *p, __u32 end, __u32 next)
{
	return next - end == 2 && sip_byte(p, end - 1) == '\n' && sip_byte(p, end - 2) != '\r';
}

/* The line before `end` is whole, and the next begins at `next`. 1: there are no more. */
sip_inline long sip_end_line(struct sip_parser *p, __u32 end, __u32 next)
{
	__u32 line = p->line;
	__u8 c = sip_byte(p, next), goes_on = next < p->len && (c == ' ' || c == '\t');

	if (end == line) {
		p->line = next;
		if (!p->started)
			return 0;
		p->msg.flags |= SIP_HEADERS_END;
		/* libosip2 reads on: it folds this line away, or takes it for no end of headers */
		if (goes_on || !(p->msg.flags & SIP_HAS_ALL) || sip_is_mixed(p, end, next))
			p->msg.flags |= SIP_AMBIGUOUS;
		return 1;
	}
	if (goes_on) {
		p->folded = 1;
		return 0;
	}
	if (next >= p->len && !p->complete)
		return 1; /* it may go on, out of sight */
	p->line = next;
	return sip_take_line(p, line, end);
}

/* From one control byte to the next: most are line ends. */
static long sip_line_step(__u32 i, void *arg)
{
	struct sip_parser *p = ((struct sip_walk *)arg)->p;
	__u32 pos = p->pos;
	__u64 bits = p->controls[(pos / 64) & (SIP_MAX / 64 - 1)] >> (pos & 63);
	__u8 c;

	(void)i;
	if (!bits) {
		p->pos = (pos | 63) + 1;
		if (p->pos < p->len)
			return 0;
	}
	pos = bits ? pos + sip_lowest_bit(bits) : p->len;
	if (pos >= p->len) { /* the last line has no end */
		if (p->complete && p->line < p->len)
			sip_take_line(p, p->line, p->len);
		return 1;
	}
	c = sip_byte(p, pos);
	p->pos = pos + 1;
	if (c == '\n')
		return sip_end_line(p, pos, pos + 1);
	if (c == '\r' && pos + 1 < p->len && sip_byte(p, pos + 1) == '\n') {
		p->pos = pos + 2;
		return sip_end_line(p, pos, pos + 2);
	}
	/* a CR alone ends a line for some, a NUL a string for most, VT and FF are blanks to C */
	if (p->started && ((c == '\r' && pos + 1 < p->len) || c == '\0' || c == '\v' || c == '\f'))
		p->msg.flags |= SIP_AMBIGUOUS;
	p->folded = 1;
	return 0;
}

/* A bit for each byte below ' ' in 64; and whether an '&' may be among them. */
sip_inline __u64 sip_controls(struct sip_parser *p, __u32 pos)
{
	__u64 bits = 0, ampersands = 0;

	for (__u32 i = 0; i < 8; i++) {
		__u64 word = sip_word(p, pos + 8 * i), x = word ^ SIP_EACH('&');

		ampersands |= (x - SIP_EACH(1)) & ~x;
		bits |= sip_pack(~(((word & SIP_EACH(0x7f)) + SIP_EACH(0x60)) | word) &
				 SIP_EACH(0x80))
			<< 8 * i;
	}
	if (ampersands & SIP_EACH(0x80))
		p->ampersand = 1;
	return bits;
}

static long sip_controls_step(__u32 i, void *arg)
{
	struct sip_parser *p = ((struct sip_walk *)arg)->p;
	__u32 block = (i & (SIP_MAX / 128 - 1)) * 2;

	p->controls[block] = sip_controls(p, 64 * block);
	p->controls[block + 1] = sip_controls(p, 64 * block + 64);
	return 128 * (i + 1) >= p->len;
}

/* See the contract on top. */
sip_inline int sip_parse(struct sip_parser *p, __u32 len, int complete)
{
	struct sip_walk walk = { .p = p };

	p->msg = (struct sip_msg){ 0 };
	p->len = len;
	p->pos = p->line = 0;
	p->started = p->failed = p->vias = p->folded = p->ampersand = 0;
	p->complete = complete;
	if (!len || len > SIP_MAX)
		return -1;
	sip_loop(SIP_MAX / 128, sip_controls_step, &walk);
	sip_loop(SIP_MAX + SIP_MAX / 64, sip_line_step, &walk);
	if (!p->started || p->failed)
		return -1;
	if (!(p->msg.flags & SIP_HAS_CSEQ))
		p->msg.flags |= SIP_BAD_CSEQ;
	return 0;
}

#endif
