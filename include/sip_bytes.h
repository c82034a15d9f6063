/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Byte access and searches of the SIP parser. They work on eight bytes at a time, and never read
 * beyond sip_parser.buf.
 */
#ifndef SIP_BYTES_H
#define SIP_BYTES_H

#include "sip_types.h"

/* --- bytes, eight at a time ------------------------------------------------------------------- */

#define SIP_EACH(c) (0x0101010101010101ULL * (__u8)(c))

/* Returns eight bytes from `off` on, the first one in the low bits. */
bpf_inline __u64 sip_word(const struct sip_parser *p, __u32 off)
{
	const void *at = p->buf + (off & (SIP_MAX - 1));

	return SIP_LOAD64(at);
}

bpf_inline __u8 sip_byte(const struct sip_parser *p, __u32 off)
{
	return p->buf[off & (SIP_MAX - 1)];
}

/* Returns 0x80 in each byte of `word` that equals the byte repeated in `pattern`. */
bpf_inline __u64 sip_equal(__u64 word, __u64 pattern)
{
	__u64 x = word ^ pattern;

	return ~(((x & SIP_EACH(0x7f)) + SIP_EACH(0x7f)) | x | SIP_EACH(0x7f));
}

/* Turns 0x80 marks into one bit for each byte. */
bpf_inline __u64 sip_pack(__u64 marks)
{
	return ((marks >> 7) * 0x0102040810204080ULL) >> 56;
}

/* BPF has no instruction for the lowest bit. In a de Bruijn sequence all 64 windows differ. */
static const __u8 sip_bit_of_window[64] = {
	0,  1,	2,  53, 3,  7,	54, 27, 4,  38, 41, 8,	34, 55, 48, 28, 62, 5,	39, 46, 44, 42,
	22, 9,	24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
	23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
};

bpf_inline __u32 sip_lowest_bit(__u64 bits)
{
	return sip_bit_of_window[(bits & -bits) * 0x022fdd63cc95386dULL >> 58];
}

/* Transposes 8 by 8 bits: bit c of byte r goes to bit r of byte c. */
bpf_inline __u64 sip_transpose(__u64 x)
{
	__u64 t = (x ^ x >> 7) & 0x00aa00aa00aa00aaULL;

	x ^= t ^ t << 7;
	t = (x ^ x >> 14) & 0x0000cccc0000ccccULL;
	x ^= t ^ t << 14;
	t = (x ^ x >> 28) & 0x00000000f0f0f0f0ULL;
	return x ^ t ^ t << 28;
}

/*
 * Letters to lower case. Other bytes may change as well, so compare the result with letters only.
 */
bpf_inline __u64 sip_fold(__u64 word)
{
	return word | SIP_EACH(0x20);
}

bpf_inline __u64 sip_mask(__u32 bytes)
{
	return bytes >= 8 ? ~0ULL : (1ULL << (8 * bytes)) - 1;
}

bpf_inline int sip_is_blank(__u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- searches: each returns `end` if nothing is found ----------------------------------------- */

struct sip_search {
	struct sip_parser *p;
	__u64 a, b, c;
	__u32 pos;
	__u32 end;
	__u32 found;
};

/*
 * A callback costs more than a word. The first words are searched without one, the others
 * SIP_STRIDE for each callback. Returns 1 when s->found is known.
 */
#define SIP_STRIDE 4

bpf_inline long sip_search_words(struct sip_search *s, __u32 pos)
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

/* Returns the first of three bytes in [pos, end). */
BPF_GLOBAL __u32 sip_find(struct sip_parser *p, __u32 pos, __u32 end, __u32 abc)
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

	if (pos < s->end && sip_is_blank(sip_byte(s->p, pos)))
		return 0;
	s->found = pos;
	return 1;
}

BPF_GLOBAL __u32 sip_skip_blanks_loop(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = pos };

	if (p)
		sip_loop(SIP_MAX, sip_blank_step, &s);
	return s.found < end ? s.found : end;
}

/* Returns the first byte of [pos, end) that is neither a blank nor a line end. */
bpf_inline __u32 sip_skip_blanks(struct sip_parser *p, __u32 pos, __u32 end)
{
	if (pos < end && sip_is_blank(sip_byte(p, pos)))
		pos++;
	if (pos < end && sip_is_blank(sip_byte(p, pos)))
		return sip_skip_blanks_loop(p, pos, end);
	return pos < end ? pos : end;
}

static long sip_trim_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	__u32 end = s->end - i;

	if (end > s->pos && sip_is_blank(sip_byte(s->p, end - 1)))
		return 0;
	s->found = end;
	return 1;
}

BPF_GLOBAL __u32 sip_trim_loop(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = end };

	if (p)
		sip_loop(SIP_MAX, sip_trim_step, &s);
	return s.found;
}

/* Returns the end of [pos, end) without its trailing blanks. */
bpf_inline __u32 sip_trim(struct sip_parser *p, __u32 pos, __u32 end)
{
	if (end > pos && sip_is_blank(sip_byte(p, end - 1)))
		end--;
	if (end > pos && sip_is_blank(sip_byte(p, end - 1)))
		return sip_trim_loop(p, pos, end);
	return end;
}

#define SIP_BIT(c) (1ULL << (c))
/* These bytes, and '\\', end a parameter's value: a token has none of them (RFC 3261 25.1). */
#define SIP_STOPS                                                                                  \
	(SIP_BIT(' ') | SIP_BIT('\t') | SIP_BIT('\r') | SIP_BIT('\n') | SIP_BIT(';') |             \
	 SIP_BIT('"') | SIP_BIT('&') | SIP_BIT('<') | SIP_BIT('>'))

bpf_inline int sip_is_hex(__u8 c)
{
	return (__u8)(c - '0') <= 9 || (__u8)((c | 0x20) - 'a') <= 5;
}

bpf_inline __u8 sip_hex_value(__u8 c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Returns 0x80 in each byte that may end a value: below '-', ':' to '?', or '\\'. */
bpf_inline __u64 sip_maybe_stop(__u64 word)
{
	__u64 low = word & SIP_EACH(0x7f);
	__u64 below = ~(low + SIP_EACH(0x80 - '-'));
	__u64 within = (low + SIP_EACH(0x80 - ':')) ^ (low + SIP_EACH(0x80 - '@'));

	return ((below | within) & ~word & SIP_EACH(0x80)) | sip_equal(word, SIP_EACH('\\'));
}

/* Moves p->at. Returns 1 if the value ends there. s->a: bitmask of bytes below 64 that end it. */
bpf_inline long sip_value_words(struct sip_search *s)
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
		if (c == '%' && pos + 2 < s->end && sip_is_hex(sip_byte(p, pos + 1)) &&
		    sip_is_hex(sip_byte(p, pos + 2)))
			p->ambiguous = 1;
		p->at = pos + 1;
	}
	return 0;
}

static long sip_value_step(__u32 i, void *arg)
{
	(void)i;
	return sip_value_words(arg);
}

/* Moves p->at to the end of the parameter's value. `comma`: a comma ends it as well. */
BPF_GLOBAL int sip_value_end(struct sip_parser *p, __u32 end, __u32 comma)
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

/* Returns whether a separator or the end follows an address or a parameter. */
bpf_inline int sip_is_separator_next(struct sip_parser *p, __u32 pos, __u32 end)
{
	__u8 c;

	pos = sip_skip_blanks(p, pos, end);
	c = sip_byte(p, pos);
	return pos >= end || c == ';' || c == ',';
}

/*
 * Moves p->at one step towards the first of two bytes outside quoted strings, or the end. Returns 1
 * when it is there. At the end p->quoted says whether a quoted string is open.
 */
bpf_inline int sip_outside_quotes(struct sip_parser *p, __u32 end, __u8 a, __u8 b)
{
	__u32 any = p->quoted ? SIP_ANY('"', '\\', '"') : SIP_ANY(a, b, '"');
	__u32 pos = sip_find(p, p->at, end, any);
	__u8 c = sip_byte(p, pos);

	p->at = pos;
	if (pos >= end)
		return 1;
	if (c == '"') {
		/* libosip2 knows quoted strings only as a name or as a parameter's value. */
		if (!p->quoted && pos != p->start &&
		    (p->start < end || sip_byte(p, sip_trim(p, 1, pos) - 1) != '='))
			p->ambiguous = 1;
		p->quoted = !p->quoted;
	} else if (!p->quoted) {
		return 1;
	}
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

BPF_GLOBAL int sip_slices_equal(struct sip_parser *p, const struct sip_slice *a,
				const struct sip_slice *b)
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

/* --- short texts, without a loop -------------------------------------------------------------- */

#define SIP_NEAR 8 /* words; a longer text is left to the loops above */

/* Sets p->at to the first of three bytes in [pos, end). Returns 0 if it is not near, or absent. */
bpf_inline int sip_find_near(struct sip_parser *p, __u32 pos, __u32 end, __u8 a, __u8 b, __u8 c)
{
	__u64 marks = 0;

	for (__u32 i = 0; i < SIP_NEAR; i++, pos += 8) {
		__u64 word = sip_word(p, pos);

		marks = sip_equal(word, SIP_EACH(a)) | sip_equal(word, SIP_EACH(b));
		if (c != b)
			marks |= sip_equal(word, SIP_EACH(c));
		if (marks)
			break;
	}
	p->at = pos + (sip_lowest_bit(marks) >> 3);
	return marks && *(volatile __u32 *)&p->at < end;
}

/* Returns whether no byte of [pos, end) may end a parameter's value, and the text is short. */
bpf_inline int sip_plain_value(struct sip_parser *p, __u32 pos, __u32 end)
{
	for (__u32 i = 0; i < SIP_NEAR; i++, pos += 8) {
		__u64 marks = sip_maybe_stop(sip_word(p, pos));

		if (pos + 8 >= end)
			return !(marks & sip_mask(end - pos));
		if (marks)
			return 0;
	}
	return 0;
}

/* Returns whether no byte of [pos, end) is a blank, and the text is short. */
bpf_inline int sip_plain_text(struct sip_parser *p, __u32 pos, __u32 end)
{
	for (__u32 i = 0; i < 2 * SIP_NEAR; i++, pos += 8) {
		__u64 word = sip_word(p, pos);
		__u64 marks = ~(((word & SIP_EACH(0x7f)) + SIP_EACH(0x5f)) | word) & SIP_EACH(0x80);

		if (pos + 8 >= end)
			return !(marks & sip_mask(end - pos));
		if (marks)
			return 0;
	}
	return 0;
}

bpf_inline struct sip_slice sip_slice(__u32 pos, __u32 end)
{
	return (struct sip_slice){ .off = pos, .len = end > pos ? end - pos : 0 };
}

#endif
