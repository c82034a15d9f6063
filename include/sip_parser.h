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
 *   address      a quote or '<' left open, something between '>' and ';', or before a URI with
 *                parameters a ':' without quotes (libosip2: an address, too): ambiguous.
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
	__u8 pad[5];
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

/* --- bytes, eight at a time ------------------------------------------------------------------- */

#define SIP_EACH(c) (0x0101010101010101ULL * (__u8)(c))

/* Eight bytes from `off` on, the first in the low bits. */
sip_inline __u64 sip_word(const struct sip_parser *p, __u32 off)
{
	const void *at = p->buf + (off & (SIP_MAX - 1));

	return SIP_LOAD64(at);
}

sip_inline __u8 sip_byte(const struct sip_parser *p, __u32 off)
{
	return p->buf[off & (SIP_MAX - 1)];
}

/* 0x80 in each byte of `word` that equals the byte repeated in `pattern`; exact. */
sip_inline __u64 sip_equal(__u64 word, __u64 pattern)
{
	__u64 x = word ^ pattern;

	return ~(((x & SIP_EACH(0x7f)) + SIP_EACH(0x7f)) | x | SIP_EACH(0x7f));
}

/* From 0x80 marks to one bit a byte. */
sip_inline __u64 sip_pack(__u64 marks)
{
	return ((marks >> 7) * 0x0102040810204080ULL) >> 56;
}

/* The BPF target has no instruction for it: count the ones below. */
sip_inline __u32 sip_lowest_bit(__u64 bits)
{
	bits = ~bits & (bits - 1);
	bits -= bits >> 1 & SIP_EACH(0x55);
	bits = (bits & SIP_EACH(0x33)) + (bits >> 2 & SIP_EACH(0x33));
	bits = (bits + (bits >> 4)) & SIP_EACH(0x0f);
	return bits * SIP_EACH(1) >> 56;
}

/* Letters to lower case; other bytes may change too, so compare with letters only. */
sip_inline __u64 sip_fold(__u64 word)
{
	return word | SIP_EACH(0x20);
}

sip_inline __u64 sip_mask(__u32 bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << (8 * bytes)) - 1;
}

sip_inline int sip_blank(__u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- searches: each returns `end` where nothing is found -------------------------------------- */

struct sip_search {
	struct sip_parser *p;
	__u64 a, b, c;
	__u32 pos;
	__u32 end;
	__u32 found;
};

/*
 * A call costs more than a word: the first words are looked at in line, the rest SIP_STRIDE a step.
 * Returns 1 when s->found is known.
 */
#define SIP_STRIDE 4

sip_inline long sip_search_words(struct sip_search *s, __u32 pos)
{
	for (__u32 i = 0; i < SIP_STRIDE; i++, pos += 8) {
		__u64 word = sip_word(s->p, pos);
		__u64 marks = sip_equal(word, s->a) | sip_equal(word, s->b) | sip_equal(word, s->c);

		if (marks) {
			s->found = pos + (sip_lowest_bit(marks) >> 3);
			return 1;
		}
		if (pos + 8 >= s->end)
			return 1;
	}
	return 0;
}

static long sip_search_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;

	return sip_search_words(s, s->pos + 8 * SIP_STRIDE * (i + 1));
}

/* The first of three bytes in [pos, end). */
sip_part __u32 sip_find(struct sip_parser *p, __u32 pos, __u32 end, __u32 abc)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = end };

	if (!p || pos >= end)
		return end;
	s.a = SIP_EACH(abc);
	s.b = SIP_EACH(abc >> 8);
	s.c = SIP_EACH(abc >> 16);
	if (!sip_search_words(&s, pos))
		sip_loop(SIP_MAX / 8 / SIP_STRIDE, sip_search_step, &s);
	return s.found < end ? s.found : end;
}

#define SIP_ANY(a, b, c) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16)

static long sip_blank_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	__u32 pos = s->pos + i;

	if (pos < s->end && sip_blank(sip_byte(s->p, pos)))
		return 0;
	s->found = pos;
	return 1;
}

sip_part __u32 sip_skip_more(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = pos };

	if (p)
		sip_loop(SIP_MAX, sip_blank_step, &s);
	return s.found < end ? s.found : end;
}

/* The first byte of [pos, end) that is no blank and no line end. */
sip_inline __u32 sip_skip_blanks(struct sip_parser *p, __u32 pos, __u32 end)
{
	if (pos < end && sip_blank(sip_byte(p, pos)))
		pos++;
	if (pos < end && sip_blank(sip_byte(p, pos)))
		return sip_skip_more(p, pos, end);
	return pos < end ? pos : end;
}

static long sip_trim_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	__u32 end = s->end - i;

	if (end > s->pos && sip_blank(sip_byte(s->p, end - 1)))
		return 0;
	s->found = end;
	return 1;
}

sip_part __u32 sip_trim_more(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = end };

	if (p)
		sip_loop(SIP_MAX, sip_trim_step, &s);
	return s.found;
}

/* The end of [pos, end) without its trailing blanks. */
sip_inline __u32 sip_trim(struct sip_parser *p, __u32 pos, __u32 end)
{
	if (end > pos && sip_blank(sip_byte(p, end - 1)))
		end--;
	if (end > pos && sip_blank(sip_byte(p, end - 1)))
		return sip_trim_more(p, pos, end);
	return end;
}

#define SIP_BIT(c) (1ULL << (c))
/* What ends a parameter's value: no token holds these (RFC 3261 25.1); nor '\\'. */
#define SIP_STOPS                                                                                  \
	(SIP_BIT(' ') | SIP_BIT('\t') | SIP_BIT('\r') | SIP_BIT('\n') | SIP_BIT(';') |             \
	 SIP_BIT('"') | SIP_BIT('&') | SIP_BIT('<') | SIP_BIT('>'))

sip_inline int sip_hex(__u8 c)
{
	return (__u8)(c - '0') <= 9 || (__u8)((c | 0x20) - 'a') <= 5;
}

/* 0x80 in each byte that may end a value: below '-', ':' to '?', or '\\'. */
sip_inline __u64 sip_maybe_stop(__u64 word)
{
	__u64 low = word & SIP_EACH(0x7f);
	__u64 below = ~(low + SIP_EACH(0x80 - '-'));
	__u64 within = (low + SIP_EACH(0x80 - ':')) ^ (low + SIP_EACH(0x80 - '@'));

	return ((below | within) & ~word & SIP_EACH(0x80)) | sip_equal(word, SIP_EACH('\\'));
}

/* From p->at on; 1 where the value ends there. s->a: the bytes below 64 that end it. */
sip_inline long sip_value_words(struct sip_search *s)
{
	struct sip_parser *p = s->p;

	for (__u32 i = 0; i < SIP_STRIDE; i++) {
		__u64 marks = sip_maybe_stop(sip_word(p, p->at));
		__u32 pos = p->at + (marks ? sip_lowest_bit(marks) >> 3 : 8);
		__u8 c = sip_byte(p, pos);

		p->at = pos;
		if (pos >= s->end || (marks && (c == '\\' || s->a >> (c & 63) & 1)))
			return 1;
		if (!marks)
			continue;
		if (c == '%' && pos + 2 < s->end && sip_hex(sip_byte(p, pos + 1)) &&
		    sip_hex(sip_byte(p, pos + 2)))
			p->odd = 1;
		p->at = pos + 1;
	}
	return 0;
}

static long sip_value_step(__u32 i, void *arg)
{
	(void)i;
	return sip_value_words(arg);
}

/* Moves p->at to the end of the parameter's value that begins there; `comma` ends it too. */
sip_part int sip_value_end(struct sip_parser *p, __u32 end, __u32 comma)
{
	struct sip_search s = { .p = p, .end = end };

	if (!p)
		return 0;
	s.a = comma ? SIP_STOPS | SIP_BIT(',') : SIP_STOPS;
	if (!sip_value_words(&s))
		sip_loop(SIP_MAX / SIP_STRIDE, sip_value_step, &s);
	if (p->at > end)
		p->at = end;
	return 0;
}

/* Behind an address or a parameter: another one, or the end. */
sip_inline int sip_goes_on(struct sip_parser *p, __u32 pos, __u32 end)
{
	__u8 c;

	pos = sip_skip_blanks(p, pos, end);
	c = sip_byte(p, pos);
	return pos >= end || c == ';' || c == ',';
}

/*
 * A step towards the first of two bytes, or the end, outside quoted strings: from p->at on, and 1
 * when it stands there. p->quoted tells at the end whether a string was left open.
 */
sip_inline int sip_outside_quotes(struct sip_parser *p, __u32 end, __u8 a, __u8 b)
{
	__u32 any = p->quoted ? SIP_ANY('"', '\\', '"') : SIP_ANY(a, b, '"');
	__u32 pos = sip_find(p, p->at, end, any);
	__u8 c = sip_byte(p, pos);

	p->at = pos;
	if (pos >= end)
		return 1;
	if (c == '"')
		p->quoted = !p->quoted;
	else if (!p->quoted)
		return 1;
	p->at = pos + (c == '\\' ? 2 : 1); /* quoted-pair, RFC 3261 25.1 */
	return 0;
}

struct sip_compare {
	const struct sip_parser *p;
	__u32 a, b, len;
	__u32 differ;
};

static long sip_compare_step(__u32 i, void *arg)
{
	struct sip_compare *c = arg;
	__u32 done = 8 * i;

	if (done >= c->len)
		return 1;
	if ((sip_word(c->p, c->a + done) ^ sip_word(c->p, c->b + done)) & sip_mask(c->len - done))
		c->differ = 1;
	return c->differ != 0;
}

sip_part int sip_same(struct sip_parser *p, const struct sip_slice *a, const struct sip_slice *b)
{
	struct sip_compare c = { .p = p };

	if (!p || !a || !b)
		return 0;
	c.a = a->off;
	c.b = b->off;
	c.len = a->len;
	if (a->len != b->len)
		return 0;
	sip_loop(SIP_MAX / 8, sip_compare_step, &c);
	return !c.differ;
}

sip_inline struct sip_slice sip_slice(__u32 pos, __u32 end)
{
	return (struct sip_slice){ .off = pos, .len = end > pos ? end - pos : 0 };
}

/* --- methods ---------------------------------------------------------------------------------- */

#define SIP_LETTERS(a, b, c, d, e, f, g, h)                                                        \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* Kamailio relays `invite` and `CSeq: 13 invite`, PJSIP takes both: any letter case. */
sip_inline __u8 sip_method(const struct sip_parser *p, __u32 pos, __u32 len)
{
	__u64 word = sip_fold(sip_word(p, pos)) & sip_mask(len);

	switch (len) {
	case 3:
		if (word == SIP_LETTERS('b', 'y', 'e', 0, 0, 0, 0, 0))
			return CG_M_BYE;
		if (word == SIP_LETTERS('a', 'c', 'k', 0, 0, 0, 0, 0))
			return CG_M_ACK;
		break;
	case 4:
		if (word == SIP_LETTERS('i', 'n', 'f', 'o', 0, 0, 0, 0))
			return CG_M_INFO;
		break;
	case 5:
		if (word == SIP_LETTERS('p', 'r', 'a', 'c', 'k', 0, 0, 0))
			return CG_M_PRACK;
		if (word == SIP_LETTERS('r', 'e', 'f', 'e', 'r', 0, 0, 0))
			return CG_M_REFER;
		break;
	case 6:
		if (word == SIP_LETTERS('i', 'n', 'v', 'i', 't', 'e', 0, 0))
			return CG_M_INVITE;
		if (word == SIP_LETTERS('c', 'a', 'n', 'c', 'e', 'l', 0, 0))
			return CG_M_CANCEL;
		if (word == SIP_LETTERS('u', 'p', 'd', 'a', 't', 'e', 0, 0))
			return CG_M_UPDATE;
		if (word == SIP_LETTERS('n', 'o', 't', 'i', 'f', 'y', 0, 0))
			return CG_M_NOTIFY;
		break;
	case 7:
		if (word == SIP_LETTERS('o', 'p', 't', 'i', 'o', 'n', 's', 0))
			return CG_M_OPTIONS;
		if (word == SIP_LETTERS('m', 'e', 's', 's', 'a', 'g', 'e', 0))
			return CG_M_MESSAGE;
		if (word == SIP_LETTERS('p', 'u', 'b', 'l', 'i', 's', 'h', 0))
			return CG_M_PUBLISH;
		break;
	case 8:
		if (word == SIP_LETTERS('r', 'e', 'g', 'i', 's', 't', 'e', 'r'))
			return CG_M_REGISTER;
		break;
	case 9:
		if (word == SIP_LETTERS('s', 'u', 'b', 's', 'c', 'r', 'i', 'b') &&
		    (sip_byte(p, pos + 8) | 0x20) == 'e')
			return CG_M_SUBSCRIBE;
		break;
	}
	return CG_M_OTHER;
}

/* --- CSeq ------------------------------------------------------------------------------------- */

static long sip_digit_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	__u32 pos = s->pos + i;
	__u8 digit = sip_byte(s->p, pos) - '0';
	__u64 value;

	if (pos >= s->end || digit > 9) {
		s->found = pos;
		return 1;
	}
	value = s->p->number * 10 + digit;
	s->p->number =
		value < 0xffffffffULL ? value : 0xffffffffULL; /* over any limit: there it stays */
	return 0;
}

/* Digits into p->number; returns where they end. */
sip_part __u32 sip_number(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .end = end, .found = end };
	__u64 number = 0;

	if (!p)
		return end;
	for (__u32 i = 0; i < 10; i++, pos++) {
		__u8 digit = sip_byte(p, pos) - '0';

		if (pos >= end || digit > 9) {
			p->number = number;
			return pos < end ? pos : end;
		}
		number = number * 10 + digit;
	}
	p->number = number < 0xffffffffULL ? number : 0xffffffffULL;
	s.pos = pos;
	sip_loop(SIP_MAX, sip_digit_step, &s);
	return s.found < end ? s.found : end;
}

sip_part int sip_cseq(struct sip_parser *p, __u32 pos, __u32 end)
{
	__u32 digits_end, word;
	__u8 method, bad = 0;

	if (!p)
		return 0;
	digits_end = sip_number(p, pos, end);
	word = sip_skip_blanks(p, digits_end, end);
	if (digits_end == pos || word == digits_end || p->number >= 0x80000000ULL)
		bad = 1;
	method = sip_method(p, word, end - word);
	if (method == CG_M_OTHER && sip_find(p, word, end, SIP_ANY(' ', '\t', '\n')) < end)
		bad = 1; /* something behind the method */
	if (p->msg.flags & SIP_HAS_CSEQ) {
		if (bad || p->number != p->msg.cseq || method != p->msg.cseq_method)
			p->msg.flags |= SIP_AMBIGUOUS | SIP_REPEATED;
		return 0;
	}
	if (bad || (!p->msg.status && method != p->msg.method))
		p->msg.flags |= SIP_BAD_CSEQ;
	if (p->msg.status)
		p->msg.method = method;
	p->msg.cseq = p->number;
	p->msg.cseq_method = method;
	p->msg.flags |= SIP_HAS_CSEQ;
	return 0;
}

/* --- parameters: Via's branch, From's and To's tag -------------------------------------------- */

struct sip_params {
	struct sip_parser *p;
	__u64 name; /* folded */
	__u32 name_len;
	__u32 end;
	__u32 list; /* a ',' begins the next value of the header */
	struct sip_slice value;
};

/* A parameter of that name, with its value from `pos` to p->at. */
sip_inline void sip_take_param(struct sip_params *s, __u32 pos)
{
	struct sip_parser *p = s->p;
	struct sip_slice value = sip_slice(pos, p->at);

	if (!p->found)
		s->value = value;
	if (!sip_same(p, &s->value, &value))
		p->twice = 1;
	p->found = 1;
	if (!s->list && !sip_goes_on(p, p->at, s->end))
		p->odd = 1;
}

/* The next parameter from p->at on; stops at a ','. */
static long sip_param_step(__u32 i, void *arg)
{
	struct sip_params *s = arg;
	struct sip_parser *p = s->p;
	__u32 word, name_end;
	__u8 c;

	(void)i;
	if (!sip_outside_quotes(p, s->end, ';', ','))
		return 0;
	if (p->at >= s->end || sip_byte(p, p->at) == ',')
		return 1;
	p->at++;
	word = sip_skip_blanks(p, p->at, s->end);
	name_end = word + s->name_len;
	if ((sip_fold(sip_word(p, word)) & sip_mask(s->name_len)) != s->name || name_end > s->end)
		return 0;
	word = sip_skip_blanks(p, name_end, s->end);
	c = sip_byte(p, word);
	if (word < s->end && c == '=') {
		word = sip_skip_blanks(p, word + 1, s->end);
		p->at = word;
		sip_value_end(p, s->end, s->list);
		sip_take_param(s, word);
	} else if (word >= s->end || c == ';' || c == ',' || word > name_end) {
		p->at = name_end; /* a name alone */
		sip_take_param(s, name_end);
	}
	return 0;
}

/* One Via value from p->at on, and over the comma behind it. */
sip_part int sip_via_value(struct sip_parser *p, __u32 end)
{
	struct sip_params s = { .p = p, .end = end, .name_len = 6, .list = 1 };

	if (!p)
		return 0;
	s.name = SIP_LETTERS('b', 'r', 'a', 'n', 'c', 'h', 0, 0);
	p->quoted = p->found = p->twice = 0;
	sip_loop(SIP_MAX, sip_param_step, &s);
	if (p->twice)
		p->msg.flags |= SIP_REPEATED;
	if (p->vias == 0)
		p->msg.branch = s.value;
	else
		p->msg.branch2 = s.value;
	p->vias++;
	p->at++;
	return 0;
}

sip_inline void sip_via(struct sip_parser *p, __u32 pos, __u32 end)
{
	p->msg.flags |= SIP_HAS_VIA;
	p->at = pos;
	if (p->vias < 2)
		sip_via_value(p, end);
	if (p->vias < 2 && p->at < end)
		sip_via_value(p, end);
}

/* --- From, To, Contact ------------------------------------------------------------------------ */

static long sip_display_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;

	(void)i;
	return sip_outside_quotes(s->p, s->end, '<', ';');
}

/*
 * name-addr or addr-spec, RFC 3261 20.10: sets *uri, and p->at to where the parameters begin;
 * -1: a quote or '<' is left open.
 */
sip_part int sip_address(struct sip_parser *p, __u32 pos, __u32 end, struct sip_slice *uri)
{
	struct sip_search s = { .p = p, .end = end };
	__u32 at, name;

	if (!p || !uri)
		return -1;
	p->at = pos;
	p->quoted = 0;
	p->inner = sip_byte(p, pos) != '<';
	sip_loop(SIP_MAX, sip_display_step, &s);
	at = p->at;
	if (p->quoted)
		return -1;
	if (at == end || sip_byte(p, at) != '<') {
		if (sip_find(p, pos, at, SIP_ANY(',', ',', ',')) < at)
			p->odd = 1;
		*uri = sip_slice(pos, sip_trim(p, pos, at));
		return 0;
	}
	name = pos;
	pos = at + 1;
	at = sip_find(p, pos, end, SIP_ANY('>', ';', ';'));
	if (at < end && sip_byte(p, at) == ';') {
		/* a name `a:b` is an address for libosip2, and this one of its parameters */
		if (p->inner && sip_byte(p, name) != '"' &&
		    sip_find(p, name, pos, SIP_ANY(':', ':', ':')) < pos)
			p->odd = 1;
		p->inner = 1;
		at = sip_find(p, at, end, SIP_ANY('>', '>', '>'));
	}
	if (at == end)
		return -1;
	*uri = sip_slice(pos, at);
	p->at = at + 1;
	return 0;
}

/* `;tag=` begins at `pos`, in any letter case. */
sip_inline int sip_is_tag(const struct sip_parser *p, __u32 pos)
{
	const __u64 tag = SIP_LETTERS(';', 't', 'a', 'g', '=', 0, 0, 0);

	return !((sip_fold(sip_word(p, pos)) ^ sip_fold(tag)) & sip_mask(5));
}

/* Is the first `;tag=` from `pos` on that of the value? */
sip_part int sip_tag_is_first(struct sip_parser *p, __u32 pos, __u32 end, __u32 value)
{
	if (!p)
		return 0;
	pos = sip_find(p, pos, end, SIP_ANY(';', ';', ';'));
	for (__u32 i = 0; i < 4 && pos < end && pos + 5 != value && !sip_is_tag(p, pos); i++)
		pos = sip_find(p, pos + 1, end, SIP_ANY(';', ';', ';'));
	return pos + 5 == value;
}

/* chan_sip takes the first `;tag=`, quoted or not, and none that is written otherwise. */
sip_inline int sip_tag_is_plain(struct sip_parser *p, __u32 pos, __u32 end, __u32 value)
{
	const __u64 tag = SIP_LETTERS(';', 't', 'a', 'g', '=', 0, 0, 0);

	return !p->found || ((sip_word(p, value - 5) & sip_mask(5)) == tag &&
			     (!p->inner || sip_tag_is_first(p, pos, end, value)));
}

/* From or To. */
sip_part int sip_party(struct sip_parser *p, __u32 pos, __u32 end, __u32 has)
{
	struct sip_params s = { .p = p, .end = end, .name_len = 3 };
	struct sip_slice uri = { 0 };
	__u32 first = end;

	if (!p)
		return 0;
	s.name = SIP_LETTERS('t', 'a', 'g', 0, 0, 0, 0, 0);
	p->odd = p->found = p->twice = 0;
	if (sip_address(p, pos, end, &uri) || !sip_goes_on(p, p->at, end)) {
		p->msg.flags |= SIP_AMBIGUOUS;
	} else {
		first = p->at;
		sip_loop(SIP_MAX, sip_param_step, &s);
		if (p->at < end || p->twice || p->quoted || p->odd)
			p->msg.flags |= SIP_AMBIGUOUS;
	}
	if (p->twice)
		p->msg.flags |= SIP_REPEATED;
	if (first + 5 != s.value.off)
		p->inner = 1;
	if (p->msg.method == CG_M_BYE && !p->msg.status &&
	    !sip_tag_is_plain(p, pos, end, s.value.off))
		p->msg.flags |= SIP_LOOSE;
	if (p->msg.flags & has) {
		if (!sip_same(p, &s.value, has == SIP_HAS_FROM ? &p->msg.from_tag : &p->msg.to_tag))
			p->msg.flags |= SIP_AMBIGUOUS | SIP_REPEATED;
		return 0;
	}
	p->msg.flags |= has;
	if (has == SIP_HAS_FROM) {
		p->msg.from_uri = uri;
		p->msg.from_tag = s.value;
	} else {
		p->msg.to_uri = uri;
		p->msg.to_tag = s.value;
	}
	return 0;
}

sip_inline void sip_call_id(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_slice value = sip_slice(pos, end);

	if (sip_find(p, pos, end, SIP_ANY(' ', '\t', '\n')) < end)
		p->msg.flags |= SIP_AMBIGUOUS;
	if (p->msg.flags & SIP_HAS_CALL_ID) {
		if (!sip_same(p, &p->msg.call_id, &value))
			p->msg.flags |= SIP_AMBIGUOUS | SIP_REPEATED;
		return;
	}
	p->msg.call_id = value;
	p->msg.flags |= SIP_HAS_CALL_ID;
}

sip_inline void sip_contact(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_slice uri = { 0 };

	if (p->msg.contact.len)
		return;
	if (!sip_address(p, pos, end, &uri))
		p->msg.contact = uri;
}

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
