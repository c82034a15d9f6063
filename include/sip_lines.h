/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The lines of a SIP message: where they end, and which headers they are. The first header of each
 * kind is stored, and parsed after all lines are known. A second pass compares repeated headers.
 */
#ifndef SIP_LINES_H
#define SIP_LINES_H

#include "sip_fields.h"
#include "sip_start.h"

/* The headers that make a dialog. */
#define SIP_SEEN_DIALOG                                                                            \
	(1 << SIP_H_VIA | 1 << SIP_H_FROM | 1 << SIP_H_TO | 1 << SIP_H_CALL_ID | 1 << SIP_H_CSEQ)

#define SIP_LETTER(c) (1U << ((c) - 'a'))

/* Fast path: most lines can be skipped by their first letter. */
bpf_inline int sip_header_is_relevant(__u8 first)
{
	__u32 letter = (__u32)(first | 0x20) - 'a';

	return letter < 26 && (SIP_LETTER('v') | SIP_LETTER('f') | SIP_LETTER('t') |
			       SIP_LETTER('i') | SIP_LETTER('m') | SIP_LETTER('c')) >>
					      letter &
				      1;
}

/* Returns whether the line may be a Route, Record-Route, Replaces or Join. */
bpf_inline int sip_header_is_rare(__u8 first)
{
	return (first | 0x20) == 'r' || (first | 0x20) == 'j';
}

/* Returns the header that the line may be, by its name. *len is the length of that name. */
bpf_inline enum sip_header sip_header_name(const struct sip_parser *p, __u32 line, __u32 *len)
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

/* Returns the header at `pos`. *value is the position behind its colon. */
bpf_inline enum sip_header sip_header_at(struct sip_parser *p, __u32 pos, __u32 end, __u32 *value)
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

/* Adds a line. list: enum sip_list. Global: inline, it would be walked for each line of a step. */
BPF_GLOBAL int sip_lines_add(struct sip_parser *p, __u32 list, __u32 pos, __u32 end)
{
	struct sip_lines *lines;
	__u64 slot;

	if (!p)
		return 0;
	lines = &p->lines[list & (SIP_LISTS - 1)];
	slot = lines->n++;
	sip_barrier(slot);
	if (slot > SIP_LIST_LINES)
		slot = SIP_LIST_LINES;
	sip_barrier(slot);
	lines->line[slot] = sip_slice(pos, end);
	return 0;
}

/* Route or Record-Route, which have no compact form; *len is the length of that name. */
bpf_inline __u32 sip_route_name(const struct sip_parser *p, __u32 line, __u32 *len)
{
	__u64 raw = sip_word(p, line), word = sip_fold(raw), more = sip_fold(sip_word(p, line + 8));

	*len = 5;
	if ((word & sip_mask(5)) == SIP_LETTERS('r', 'o', 'u', 't', 'e', 0, 0, 0))
		return SIP_H_ROUTE;
	*len = 12;
	if (word == SIP_LETTERS('r', 'e', 'c', 'o', 'r', 'd', '-', 'r') &&
	    (__u8)(raw >> 48) == '-' &&
	    (more & sip_mask(4)) == SIP_LETTERS('o', 'u', 't', 'e', 0, 0, 0, 0))
		return SIP_H_RECORD_ROUTE;
	return SIP_H_OTHER;
}

/* Returns the length of the name of a Replaces or Join, else 0. */
bpf_inline __u32 sip_replaces_name(const struct sip_parser *p, __u32 line)
{
	__u64 word = sip_fold(sip_word(p, line));

	if (word == SIP_LETTERS('r', 'e', 'p', 'l', 'a', 'c', 'e', 's'))
		return 8;
	return (word & sip_mask(4)) == SIP_LETTERS('j', 'o', 'i', 'n', 0, 0, 0, 0) ? 4 : 0;
}

/* A line that begins with 'r' or 'j'. Notes Route, Record-Route, Replaces and Join. */
BPF_GLOBAL int sip_rare_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 header, len, pos;

	if (!p)
		return 0;
	header = sip_route_name(p, line, &len);
	if (header == SIP_H_OTHER)
		len = sip_replaces_name(p, line);
	pos = sip_skip_blanks(p, line + len, end);
	if (!len || pos >= end || sip_byte(p, pos) != ':')
		return 0;
	if (header == SIP_H_OTHER)
		p->msg.flags |= SIP_REPLACES;
	else
		sip_lines_add(p, header - SIP_HEADERS + 1, pos + 1, end);
	return 0;
}

bpf_inline int sip_line_is_route(const struct sip_parser *p, __u32 line)
{
	__u32 len;

	return sip_route_name(p, line, &len) != SIP_H_OTHER;
}

/* Authorization or Proxy-Authorization: they repeat the realm, nonce and opaque of a challenge. */
bpf_inline int sip_line_is_credentials(struct sip_parser *p, __u32 line, __u32 end)
{
	__u64 raw = sip_word(p, line), more;

	if ((sip_fold(raw) & sip_mask(5)) == SIP_LETTERS('p', 'r', 'o', 'x', 'y', 0, 0, 0) &&
	    (__u8)(raw >> 40) == '-')
		line += 6;
	more = sip_fold(sip_word(p, line + 8));
	if (sip_fold(sip_word(p, line)) != SIP_LETTERS('a', 'u', 't', 'h', 'o', 'r', 'i', 'z') ||
	    (more & sip_mask(5)) != SIP_LETTERS('a', 't', 'i', 'o', 'n', 0, 0, 0))
		return 0;
	return sip_byte(p, sip_skip_blanks(p, line + 13, end)) == ':';
}

/*
 * A line that peers read in several ways. A BYE has From, To, Call-ID, Route and Record-Route as
 * the other leg chose them, and credentials as it asked for them. Any other line is the sender's.
 */
BPF_GLOBAL int sip_note_odd_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 value = 0;

	if (!p)
		return 0;
	p->msg.flags |= SIP_AMBIGUOUS;
	if (sip_line_is_route(p, line) || sip_line_is_credentials(p, line, end))
		return 0;
	switch (sip_header_at(p, line, end, &value)) {
	case SIP_H_FROM:
	case SIP_H_TO:
	case SIP_H_CALL_ID:
		return 0;
	default:
		p->msg.flags |= SIP_AMBIGUOUS_SENDER;
	}
	return 0;
}

/* PJSIP ends a header at '&' as at a line end. Another may follow: `Expires: 1&CSeq: 5 BYE`. */
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
		sip_note_odd_line(p, s->pos, s->end);
	return 0;
}

BPF_GLOBAL int sip_check_ampersands(struct sip_parser *p, __u32 line, __u32 end)
{
	struct sip_search s = { .p = p, .pos = line, .end = end };

	if (!p)
		return 0;
	p->at = line;
	p->quoted = 0;
	sip_loop(SIP_MAX, sip_ampersand_step, &s);
	return 0;
}

/* Returns the value of a header without the blanks around it. */
bpf_inline struct sip_slice sip_header_value(struct sip_parser *p, enum sip_header header)
{
	struct sip_slice raw = p->values[header];
	__u32 end = raw.off + raw.len, pos = sip_skip_blanks(p, raw.off, end);

	return sip_slice(pos, sip_trim(p, pos, end));
}

/* A repeated header. Another value than that of the first makes the message ambiguous. */
BPF_GLOBAL int sip_check_repeated(struct sip_parser *p, __u32 header, __u32 pos, __u32 end)
{
	if (!p)
		return 0;
	pos = sip_skip_blanks(p, pos, end);
	if (header == SIP_H_CALL_ID && sip_trim(p, pos, end) != end)
		p->msg.flags |= SIP_LAX_MATCH;
	end = sip_trim(p, pos, end);
	switch (header) {
	case SIP_H_FROM:
		return sip_party(p, pos, end, SIP_HAS_FROM);
	case SIP_H_TO:
		return sip_party(p, pos, end, SIP_HAS_TO);
	case SIP_H_CSEQ:
		return sip_cseq(p, pos, end);
	case SIP_H_CALL_ID:
		return sip_call_id(p, pos, end);
	}
	return 0;
}

/* A header line: stores the first of each kind, and notes repeated ones. */
bpf_inline void sip_header_line(struct sip_parser *p, __u32 line, __u32 end)
{
	__u32 header, pos, bit;

	header = sip_header_at(p, line, end, &pos);
	if (header == SIP_H_VIA)
		sip_lines_add(p, SIP_VIA_LINES, pos, end);
	if (header == SIP_H_VIA && p->seen & 1 << SIP_H_VIA)
		header = SIP_H_VIA2;
	bit = 1 << header;
	if (header == SIP_H_OTHER)
		return;
	if (p->second_pass && p->values[header & 7].off != pos)
		sip_check_repeated(p, header, pos, end);
	else if (p->seen & bit)
		p->seen_twice |= bit;
	else
		p->values[header & 7] = sip_slice(pos, end);
	p->seen |= bit;
}

struct sip_walk {
	struct sip_parser *p;
};

static long sip_leading_step(__u32 i, void *arg)
{
	struct sip_search *s = arg;
	__u32 pos = s->pos + i;

	if (pos < s->end && sip_byte(s->p, pos) <= ' ')
		return 0;
	s->found = pos;
	return 1;
}

/* Skips everything up to a blank. Peers differ in what they skip before a start line. */
BPF_GLOBAL __u32 sip_skip_leading(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_search s = { .p = p, .pos = pos, .end = end, .found = pos };

	if (p && pos < end && sip_byte(p, pos) <= ' ')
		sip_loop(SIP_MAX, sip_leading_step, &s);
	return s.found < end ? s.found : end;
}

/* Handles a header line or the start line. Returns 1 if no line is needed after it. */
bpf_inline long sip_read_line(struct sip_parser *p, __u32 line, __u32 end)
{
	if (p->started) {
		if (p->ampersand)
			sip_check_ampersands(p, line, end);
		if (sip_header_is_relevant(sip_byte(p, line)))
			sip_header_line(p, line, end);
		else if (sip_header_is_rare(sip_byte(p, line)))
			sip_rare_line(p, line, end);
		return 0;
	}
	if (sip_byte(p, line) <= ' ')
		line = sip_skip_leading(p, line, end);
	if (line == end)
		return 0;
	p->started = 1;
	if (p->second_pass)
		return 0; /* parsed in the first pass */
	if (!sip_start_plain(p, line, end))
		p->failed = sip_start_line(p, line, end) != 0;
	return p->failed != 0;
}

/* Returns whether an empty line is a CRLF behind a line that ends in a bare LF. */
bpf_inline int sip_is_mixed(const struct sip_parser *p, __u32 end, __u32 next)
{
	return next - end == 2 && sip_byte(p, end - 1) == '\n' && sip_byte(p, end - 2) != '\r';
}

/* A line ends at `end`, and the next begins at `next`. Returns 1 at the end of the headers. */
bpf_inline long sip_end_line(struct sip_parser *p, __u32 end, __u32 next)
{
	__u32 line = p->line;
	__u8 c = sip_byte(p, next), goes_on = next < p->len && (c == ' ' || c == '\t');

	if (end == line) {
		p->line = next;
		if (!p->started)
			return 0;
		p->msg.flags |= SIP_HEADERS_END;
		/* libosip2 does not end the headers at such a line. */
		if (goes_on || !(p->seen & SIP_SEEN_DIALOG) || sip_is_mixed(p, end, next))
			p->msg.flags |= SIP_AMBIGUOUS;
		return 1;
	}
	if (goes_on) {
		p->folded = 1;
		return 0;
	}
	if (next >= p->len && !p->complete)
		return 1; /* the rest of the line is not in the buffer */
	p->line = next;
	return sip_read_line(p, line, end);
}

/*
 * Sets p->bits for the next 64 bytes: bit n is set if byte n is below ' '. Also notes a possible
 * '&'. Each word contributes one column of an 8 by 8 bit matrix, which is then transposed.
 */
bpf_inline void sip_next_block(struct sip_parser *p)
{
	const __u8 *block = p->buf + (p->next & (SIP_MAX - 64));
	__u64 plain = 0, ampersands = 0;

	for (__u32 i = 0; i < 8; i++) {
		const void *at = block + 8 * i;
		__u64 word = SIP_LOAD64(at), x = word ^ SIP_EACH('&');

		ampersands |= (x - SIP_EACH(1)) & ~x;
		plain = plain >> 1 |
			((((word & SIP_EACH(0x7f)) + SIP_EACH(0x60)) | word) & SIP_EACH(0x80));
		/* Keeps clang from computing all words at once, which spills registers. */
		sip_barrier(plain);
		sip_barrier(ampersands);
	}
	if (ampersands & SIP_EACH(0x80))
		p->ampersand = 1;
	p->bits = ~sip_transpose(plain);
	p->next += 64;
}

/*
 * Handles the next control byte (mostly a line end), or reads the next 64 bytes. Returns 1 if done.
 */
bpf_inline long sip_next_line(struct sip_parser *p)
{
	__u64 bits = p->bits, left = bits & (bits - 1);
	__u32 pos, next;
	__u8 c;

	if (!bits && p->next < p->len) {
		sip_next_block(p);
		return 0;
	}
	pos = p->next - 64 + sip_lowest_bit(bits);
	next = pos + 1;
	c = sip_byte(p, pos);
	p->bits = left;
	if (!bits || pos >= p->len) { /* no more control bytes: the last line has no line end */
		pos = next = p->len;
		if (p->line >= pos)
			return 1;
	} else if (pos < p->line) {
		return 0; /* the LF of a CRLF that is split over two blocks */
	} else if (c == '\r' && next < p->len && sip_byte(p, next) == '\n') {
		if (next & 63)
			p->bits = left & (left - 1);
		next++;
	} else if (c != '\n') {
		/* See "control" in sip_parser.h. */
		if (p->started &&
		    ((c == '\r' && next < p->len) || c == '\0' || c == '\v' || c == '\f'))
			sip_note_odd_line(p, p->line, p->len);
		p->folded = 1;
		return 0;
	}
	return sip_end_line(p, pos, next);
}

#define SIP_STEPS 4 /* lines or blocks of 64 bytes for each call of the callback */

static long sip_line_step(__u32 i, void *arg)
{
	(void)i;
	for (__u32 step = 0; step < SIP_STEPS; step++)
		if (sip_next_line(((struct sip_walk *)arg)->p))
			return 1;
	return 0;
}

bpf_inline void sip_walk_lines(struct sip_parser *p)
{
	struct sip_walk walk = { .p = p };

	p->bits = 0;
	p->next = p->line = 0;
	p->lines[SIP_VIA_LINES].n = p->lines[SIP_ROUTE_LINES].n = 0;
	p->lines[SIP_RECORD_ROUTE_LINES].n = 0;
	p->seen = p->started = p->failed = p->folded = 0;
	sip_loop((SIP_MAX + SIP_MAX / 64) / SIP_STEPS + 1, sip_line_step, &walk);
}

#endif
