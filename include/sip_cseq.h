/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Methods and the CSeq header (RFC 3261 20.16). The rules are in sip_parser.h. */
#ifndef SIP_CSEQ_H
#define SIP_CSEQ_H

#include "sip_bytes.h"

/* --- methods ---------------------------------------------------------------------------------- */

#define SIP_LETTERS(a, b, c, d, e, f, g, h)                                                        \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* Case-insensitive: Kamailio relays `invite` and `CSeq: 13 invite`, PJSIP accepts both. */
bpf_inline __u8 sip_method(const struct sip_parser *p, __u32 pos, __u32 len)
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
	s->p->number = value < 0xffffffffULL ? value : 0xffffffffULL; /* saturates: invalid */
	return 0;
}

/* Reads digits into p->number, at most 2^32 - 1. Returns the position behind them. */
BPF_GLOBAL __u32 sip_number(struct sip_parser *p, __u32 pos, __u32 end)
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

/* Fast path for up to nine digits, a blank and a known method. Returns 0 for any other form. */
bpf_inline int sip_cseq_plain(struct sip_parser *p, __u32 pos, __u32 end)
{
	__u64 number = 0;
	__u32 word = pos;
	__u8 digit, method;

	for (__u32 i = 0; i < 9; i++, word++) {
		digit = sip_byte(p, word) - '0';
		if (digit > 9)
			break;
		number = number * 10 + digit;
	}
	/* Through memory, or the verifier walks the rest once for each number of digits. */
	p->at = word;
	p->number = number;
	word = *(volatile __u32 *)&p->at;
	if (word == pos || word + 2 > end || sip_byte(p, word) != ' ')
		return 0;
	word++;
	method = sip_method(p, word, end - word);
	if (method == CG_M_OTHER)
		return 0;
	if (p->msg.status)
		p->msg.method = method;
	else if (method != p->msg.method)
		p->msg.flags |= SIP_BAD_CSEQ;
	p->msg.cseq = p->number;
	p->msg.cseq_method = method;
	p->msg.flags |= SIP_HAS_CSEQ;
	return 1;
}

BPF_GLOBAL int sip_cseq(struct sip_parser *p, __u32 pos, __u32 end)
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
		bad = 1; /* text behind the method */
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

#endif
