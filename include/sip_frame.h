/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where a message of a stream ends (RFC 3261 18.3): its header block ends at the empty line, its
 * body has the length that Content-Length says.
 *
 * All peers must find the same end. Otherwise a body for one peer is a request for another. So only
 * the form that all of them read alike is accepted. Any other form is SIP_FRAME_ODD:
 * - a line end that is not CRLF, or a NUL;
 * - a blank before the first word;
 * - a Content-Length with a blank before its colon, with anything but digits as its value, folded,
 *   or twice with two values.
 * Without Content-Length there is no body. CRLFs before a message are skipped (RFC 5626 3.5.1).
 *
 * A header block may be longer than the buffer. Then whole lines of it are taken, and the search
 * continues with the rest: see sip_frame_find().
 *
 * API: sip_frame_find().
 */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "sip_lines.h"

enum sip_frame_result { SIP_FRAME_PART, SIP_FRAME_WHOLE, SIP_FRAME_ODD };

/* The result, and the state of the search; in map memory for the reason in struct sip_parser. */
struct sip_frame {
	__u32 start; /* of the message, behind the CRLFs */
	__u32 end; /* behind the empty line, if it is whole */
	__u32 body; /* bytes that follow */
	__u8 result; /* enum sip_frame_result */
	__u8 has_length; /* a Content-Length was found */
	__u8 after_length; /* it is in the line before this one */
	__u8 rest; /* lines of this header block were taken before */
};

/*
 * Returns the length of the name of a Content-Length in either form, or 0. The name may be followed
 * by anything.
 */
bpf_inline __u32 sip_length_name(const struct sip_parser *p, __u32 line)
{
	__u64 word = sip_fold(sip_word(p, line)), more = sip_fold(sip_word(p, line + 8));
	__u8 next = sip_byte(p, line + 1);

	if ((__u8)word == 'l' && (next == ':' || sip_is_blank(next)))
		return 1;
	return word == SIP_LETTERS('c', 'o', 'n', 't', 'e', 'n', 't', '-') &&
			       (more & sip_mask(6)) ==
				       SIP_LETTERS('l', 'e', 'n', 'g', 't', 'h', 0, 0)
		       ? 14
		       : 0;
}

/* Reads a line that begins with `c` or `l`. Returns whether all peers read it alike. */
bpf_inline int sip_frame_length(struct sip_parser *p, struct sip_frame *f, __u32 line, __u32 end)
{
	__u32 name = sip_length_name(p, line), pos, digits;

	if (!name)
		return 1;
	pos = line + name;
	if (sip_byte(p, pos) != ':')
		return !sip_is_blank(sip_byte(p, pos)); /* the name of another header */
	digits = sip_skip_blanks(p, pos + 1, end);
	pos = sip_number(p, digits, end);
	if (pos == digits || pos - digits > 8 || sip_skip_blanks(p, pos, end) != end)
		return 0;
	if (f->has_length && f->body != p->number)
		return 0;
	f->body = p->number;
	f->has_length = 1;
	f->after_length = 1;
	return 1;
}

bpf_inline long sip_frame_odd(struct sip_frame *f)
{
	f->result = SIP_FRAME_ODD;
	return 1;
}

/* The CRLF of a line [line, end) was found. Returns 1 if the search is over. */
bpf_inline long sip_frame_line(struct sip_parser *p, struct sip_frame *f, __u32 line, __u32 end)
{
	__u8 first = sip_byte(p, line) | 0x20;

	p->line = end + 2;
	if (end == line) {
		f->end = end + 2;
		f->result = SIP_FRAME_WHOLE;
		return 1;
	}
	if ((line == f->start && !f->rest && sip_byte(p, line) <= ' ') ||
	    (f->after_length && sip_is_blank(sip_byte(p, line))))
		return sip_frame_odd(f);
	f->after_length = 0;
	if ((first == 'c' || first == 'l') && !sip_frame_length(p, f, line, end))
		return sip_frame_odd(f);
	return 0;
}

/* Handles the next control byte, or reads the next 64 bytes. Returns 1 if the search is over. */
bpf_inline long sip_frame_next(struct sip_parser *p, struct sip_frame *f)
{
	__u64 bits = p->bits;
	__u32 pos;
	__u8 c;

	if (!bits && p->next < p->len) {
		sip_next_block(p);
		return 0;
	}
	pos = p->next - 64 + sip_lowest_bit(bits);
	c = sip_byte(p, pos);
	p->bits = bits & (bits - 1);
	if (!bits || pos >= p->len)
		return 1;
	if (pos == f->start && !f->rest && (c == '\r' || c == '\n')) {
		f->start = p->line = pos + 1;
		return 0;
	}
	if (c == '\r')
		return pos + 1 < p->len && sip_byte(p, pos + 1) != '\n' ? sip_frame_odd(f) : 0;
	if (c == '\0' || (c == '\n' && (!pos || sip_byte(p, pos - 1) != '\r')))
		return sip_frame_odd(f);
	return c == '\n' ? sip_frame_line(p, f, p->line, pos - 1) : 0;
}

struct sip_frame_walk {
	struct sip_parser *p;
	struct sip_frame *f;
};

static long sip_frame_step(__u32 i, void *arg)
{
	struct sip_frame_walk *w = arg;

	(void)i;
	for (__u32 step = 0; step < SIP_STEPS; step++)
		if (sip_frame_next(w->p, w->f))
			return 1;
	return 0;
}

/*
 * Searches the first `len` bytes of p->buf, at most SIP_MAX, for the end of a message. Fills *f and
 * returns f->result. If that is SIP_FRAME_PART, f->start == len means that there are only CRLFs, and
 * p->line is the start of the line without its end.
 *
 * *f must be zeros. For the rest of a header block, behind p->line of an earlier call: `body`,
 * `has_length` and `after_length` of that call, and 1 in `rest`.
 */
BPF_GLOBAL int sip_frame_find(struct sip_parser *p, struct sip_frame *f, __u32 len)
{
	struct sip_frame_walk walk = { .p = p, .f = f };

	if (!p || !f)
		return 0;
	f->start = f->end = 0;
	f->result = SIP_FRAME_PART;
	p->len = len < SIP_MAX ? len : SIP_MAX;
	p->bits = 0;
	p->next = p->line = 0;
	/* A step for each block and for each control byte: every byte may be one. */
	sip_loop((SIP_MAX + SIP_MAX / 64) / SIP_STEPS + 1, sip_frame_step, &walk);
	return f->result;
}

#endif
