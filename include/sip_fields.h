/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The fields of a SIP message: parameters, addresses, Call-ID. The rules are in sip_parser.h.
 */
#ifndef SIP_FIELDS_H
#define SIP_FIELDS_H

#include "sip_cseq.h"

/* --- parameters: Via's branch, From's and To's tag -------------------------------------------- */

struct sip_params {
	struct sip_parser *p;
	__u64 name; /* lower case */
	__u32 name_len;
	__u32 end;
	__u32 list; /* a ',' separates values of this header */
	struct sip_slice value;
};

/* A parameter of that name: its value is from `pos` to p->at. */
bpf_inline void sip_store_param(struct sip_params *s, __u32 pos)
{
	struct sip_parser *p = s->p;
	struct sip_slice value = sip_slice(pos, p->at);

	if (!p->found)
		s->value = value;
	if (!sip_slices_equal(p, &s->value, &value))
		p->conflict = 1;
	if (p->found < 2)
		p->found++;
	if (!s->list && !sip_is_separator_next(p, p->at, s->end))
		p->ambiguous = 1;
}

/* Handles the next parameter from p->at on. Stops at a ','. */
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
		sip_store_param(s, word);
	} else if (word >= s->end || c == ';' || c == ',' || word > name_end) {
		p->at = name_end; /* a name without a value */
		sip_store_param(s, name_end);
	}
	return 0;
}

/* Parses one Via value from p->at on, and skips the comma behind it. */
BPF_GLOBAL int sip_via_value(struct sip_parser *p, __u32 end)
{
	struct sip_params s = { .p = p, .end = end, .name_len = 6, .list = 1 };

	if (!p)
		return 0;
	s.name = SIP_LETTERS('b', 'r', 'a', 'n', 'c', 'h', 0, 0);
	p->quoted = p->found = p->conflict = 0;
	sip_loop(SIP_MAX, sip_param_step, &s);
	if (p->conflict)
		p->msg.flags |= SIP_REPEATED;
	if (p->vias == 0)
		p->msg.branch = s.value;
	else
		p->msg.branch2 = s.value;
	p->vias++;
	p->at++;
	return 0;
}

bpf_inline void sip_via(struct sip_parser *p, __u32 pos, __u32 end)
{
	p->at = pos;
	if (p->vias < 2)
		sip_via_value(p, end);
	if (p->vias < 2 && p->at < end)
		sip_via_value(p, end);
}

/* --- From, To, Contact ------------------------------------------------------------------------ */

struct sip_display {
	struct sip_parser *p;
	__u32 end;
};

static long sip_display_step(__u32 i, void *arg)
{
	struct sip_display *s = arg;

	(void)i;
	return sip_outside_quotes(s->p, s->end, '<', ';');
}

/*
 * Parses a name-addr or addr-spec (RFC 3261 20.10): sets *uri, and p->at to the start of the
 * parameters. Returns 0, or -1 if a quote or '<' is open.
 */
BPF_GLOBAL int sip_address(struct sip_parser *p, __u32 pos, __u32 end, struct sip_slice *uri)
{
	struct sip_display s = { .p = p, .end = end };
	__u32 at, name;

	if (!p || !uri)
		return -1;
	p->at = p->start = pos;
	p->quoted = 0;
	p->quoted_tag_risk = sip_byte(p, pos) != '<';
	sip_loop(SIP_MAX, sip_display_step, &s);
	at = p->at;
	if (p->quoted)
		return -1;
	if (at == end || sip_byte(p, at) != '<') {
		if (sip_find(p, pos, at, SIP_ANY(',', ',', ',')) < at)
			p->ambiguous = 1;
		*uri = sip_slice(pos, sip_trim(p, pos, at));
		return 0;
	}
	name = pos;
	pos = at + 1;
	at = sip_find(p, pos, end, SIP_ANY('>', ';', ';'));
	if (at < end && sip_byte(p, at) == ';') {
		/* For libosip2 the name `a:b` is an address, and the URI one of its parameters. */
		if (p->quoted_tag_risk && sip_byte(p, name) != '"' &&
		    sip_find(p, name, pos, SIP_ANY(':', ':', ':')) < pos)
			p->ambiguous = 1;
		p->quoted_tag_risk = 1;
		at = sip_find(p, at, end, SIP_ANY('>', '>', '>'));
	}
	if (at == end)
		return -1;
	*uri = sip_slice(pos, at);
	p->at = at + 1;
	return 0;
}

/* Returns whether there is a `;tag=` at `pos`, case-insensitive. */
bpf_inline int sip_is_tag(const struct sip_parser *p, __u32 pos)
{
	const __u64 tag = SIP_LETTERS(';', 't', 'a', 'g', '=', 0, 0, 0);

	return !((sip_fold(sip_word(p, pos)) ^ sip_fold(tag)) & sip_mask(5));
}

/* Returns whether the first `;tag=` from `pos` on is that of the value. */
BPF_GLOBAL int sip_tag_is_first(struct sip_parser *p, __u32 pos, __u32 end, __u32 value)
{
	if (!p)
		return 0;
	pos = sip_find(p, pos, end, SIP_ANY(';', ';', ';'));
	for (__u32 i = 0; i < 4 && pos < end && pos + 5 != value && !sip_is_tag(p, pos); i++)
		pos = sip_find(p, pos + 1, end, SIP_ANY(';', ';', ';'));
	return pos + 5 == value;
}

/* Returns whether chan_sip finds the same tag: it uses the first `;tag=`, quoted or not. */
bpf_inline int sip_tag_is_plain(struct sip_parser *p, __u32 pos, __u32 end, __u32 value)
{
	const __u64 tag = SIP_LETTERS(';', 't', 'a', 'g', '=', 0, 0, 0);

	return !p->found || ((sip_word(p, value - 5) & sip_mask(5)) == tag &&
			     (!p->quoted_tag_risk || sip_tag_is_first(p, pos, end, value)));
}

bpf_inline void sip_store_party(struct sip_parser *p, __u32 has, struct sip_slice uri,
				struct sip_slice tag)
{
	p->msg.flags |= has;
	if (has == SIP_HAS_FROM) {
		p->msg.from_uri = uri;
		p->msg.from_tag = tag;
	} else {
		p->msg.to_uri = uri;
		p->msg.to_tag = tag;
	}
}

/*
 * Fast path for `<uri>` or `"name" <uri>`, without ';' in them. At most `;tag=` in lower case
 * follows, with a value of token characters up to the end. Returns 0 for any other form.
 */
bpf_inline int sip_party_plain(struct sip_parser *p, __u32 pos, __u32 end, __u32 has)
{
	const __u64 tag = SIP_LETTERS(';', 't', 'a', 'g', '=', 0, 0, 0);
	struct sip_slice uri, value = { 0 };
	__u32 at;

	if (sip_byte(p, pos) == '"') {
		if (!sip_find_near(p, pos + 1, end, '"', '\\', ';') || sip_byte(p, p->at) != '"' ||
		    sip_byte(p, p->at + 1) != ' ')
			return 0;
		pos = p->at + 2;
	}
	if (sip_byte(p, pos) != '<' || !sip_find_near(p, pos + 1, end, '>', ';', ';'))
		return 0;
	at = *(volatile __u32 *)&p->at;
	if (sip_byte(p, at) != '>')
		return 0;
	uri = sip_slice(pos + 1, at++);
	if (at < end) {
		if ((sip_word(p, at) ^ tag) & sip_mask(5) || at + 5 >= end ||
		    !sip_plain_value(p, at + 5, end))
			return 0;
		value = sip_slice(at + 5, end);
	}
	sip_store_party(p, has, uri, value);
	return 1;
}

/* Parses From or To. */
BPF_GLOBAL int sip_party(struct sip_parser *p, __u32 pos, __u32 end, __u32 has)
{
	struct sip_params s = { .p = p, .end = end, .name_len = 3 };
	struct sip_slice uri = { 0 };
	__u32 first = end;
	__u8 uri_ambiguous;

	if (!p)
		return 0;
	s.name = SIP_LETTERS('t', 'a', 'g', 0, 0, 0, 0, 0);
	p->ambiguous = p->found = p->conflict = 0;
	if (sip_address(p, pos, end, &uri) || !sip_is_separator_next(p, p->at, end)) {
		p->msg.flags |= SIP_AMBIGUOUS;
	} else {
		first = p->at;
		p->start = end;
		uri_ambiguous = p->ambiguous;
		p->ambiguous = 0;
		sip_loop(SIP_MAX, sip_param_step, &s);
		if (p->ambiguous && has == SIP_HAS_FROM)
			p->msg.flags |= SIP_AMBIGUOUS_ID;
		if (p->at < end || p->conflict || p->quoted || p->ambiguous || uri_ambiguous)
			p->msg.flags |= SIP_AMBIGUOUS;
	}
	if (p->conflict)
		p->msg.flags |= SIP_REPEATED;
	if (first + 5 != s.value.off)
		p->quoted_tag_risk = 1;
	if (p->msg.method == CG_M_BYE && !p->msg.status &&
	    !sip_tag_is_plain(p, pos, end, s.value.off))
		p->msg.flags |= SIP_LAX_MATCH;
	if (p->msg.flags & has) {
		if (!sip_slices_equal(p, &s.value,
				      has == SIP_HAS_FROM ? &p->msg.from_tag : &p->msg.to_tag))
			p->msg.flags |= SIP_AMBIGUOUS | SIP_REPEATED;
		return 0;
	}
	sip_store_party(p, has, uri, s.value);
	return 0;
}

/* Fast path for a Call-ID without blanks that is not too long. Returns 0 for any other. */
bpf_inline int sip_call_id_plain(struct sip_parser *p, __u32 pos, __u32 end)
{
	if (pos == end || !sip_plain_text(p, pos, end))
		return 0;
	p->msg.call_id = sip_slice(pos, end);
	p->msg.flags |= SIP_HAS_CALL_ID;
	return 1;
}

BPF_GLOBAL int sip_call_id(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_slice value = sip_slice(pos, end);

	if (!p)
		return 0;
	if (sip_find(p, pos, end, SIP_ANY(' ', '\t', '\n')) < end)
		p->msg.flags |= SIP_AMBIGUOUS | SIP_AMBIGUOUS_ID;
	if (p->msg.flags & SIP_HAS_CALL_ID) {
		if (!sip_slices_equal(p, &p->msg.call_id, &value))
			p->msg.flags |= SIP_AMBIGUOUS | SIP_REPEATED;
		return 0;
	}
	p->msg.call_id = value;
	p->msg.flags |= SIP_HAS_CALL_ID;
	return 0;
}

bpf_inline void sip_contact(struct sip_parser *p, __u32 pos, __u32 end)
{
	struct sip_slice uri = { 0 };

	if (p->msg.contact.len)
		return;
	if (!sip_address(p, pos, end, &uri))
		p->msg.contact = uri;
}

#endif
