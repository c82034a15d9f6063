/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * URIs compared as RFC 3261 19.1.4 says: one keyed hash for a whole URI.
 *
 * API: uri_hash().
 */
#ifndef CG_URI_H
#define CG_URI_H

#include "sip_hash.h"
#include "sip_cseq.h"

#define URI_USER_MAX 128 /* a longer user part is compared without decoding */

struct uri_unescape {
	struct sip_parser *p;
	__u32 from; /* the byte before this one is the next to read */
	__u32 to; /* ... and to write */
	__u32 start;
	__u32 pad;
};

/* RFC 3261 19.1.4 and 25.1: unreserved; '+' and '#', which are in telephone numbers. */
bpf_inline int uri_char_is_unreserved(__u8 c)
{
	return (__u8)(c - '0') <= 9 || (__u8)((c | 0x20) - 'a') <= 25 || c == '-' || c == '_' ||
	       c == '#' || c == '.' || c == '!' || c == '~' || (c >= '\'' && c <= '+');
}

static long uri_unescape_step(__u32 i, void *arg)
{
	struct uri_unescape *u = arg;
	struct sip_parser *p = u->p;
	__u8 c, high, value;

	(void)i;
	if (u->from <= u->start)
		return 1;
	c = sip_byte(p, --u->from);
	if (u->from >= u->start + 2 && sip_byte(p, u->from - 2) == '%' && sip_is_hex(c) &&
	    sip_is_hex(high = sip_byte(p, u->from - 1))) {
		value = sip_hex_value(high) << 4 | sip_hex_value(c);
		u->from -= 2;
		if (uri_char_is_unreserved(value)) {
			c = value;
		} else { /* stays, with its digits in lower case */
			p->buf[--u->to & (SIP_MAX - 1)] = c | 0x20;
			p->buf[--u->to & (SIP_MAX - 1)] = high | 0x20;
			c = '%';
		}
	}
	p->buf[--u->to & (SIP_MAX - 1)] = c;
	return 0;
}

/*
 * Decodes the escapes of a user part in place, towards its end. Returns its new start. No other
 * code reads a Contact, or the Request-URI of a BYE, afterwards.
 */
BPF_SUBPROG __u32 uri_unescape_user(struct sip_parser *p, __u32 start, __u32 end)
{
	struct uri_unescape u = { .p = p, .from = end, .to = end, .start = start };

	if (end - start <= URI_USER_MAX &&
	    sip_find(u.p, start, end, SIP_ANY('%', '%', '%')) < end) {
		sip_loop(URI_USER_MAX, uri_unescape_step, &u);
		return u.to;
	}
	return start;
}

struct uri_params {
	struct sip_parser *p;
	__u32 pos; /* of the ';' in front of the next parameter */
	__u32 end;
};

/* Returns whether the parameter is a default: `lr` or `transport=udp` (RFC 3261 19.1.4, 19.1.1). */
bpf_inline int uri_param_is_default(const struct sip_parser *p, __u32 pos, __u32 end)
{
	__u64 word = sip_fold(sip_word(p, pos)), more = sip_fold(sip_word(p, pos + 8));

	if ((word & sip_mask(2)) == SIP_LETTERS('l', 'r', 0, 0, 0, 0, 0, 0))
		return pos + 2 == end || sip_byte(p, pos + 2) == '=';
	return end - pos == 13 && word == SIP_LETTERS('t', 'r', 'a', 'n', 's', 'p', 'o', 'r') &&
	       (more & sip_mask(5)) == (SIP_LETTERS('t', '=', 'u', 'd', 'p', 0, 0, 0) |
					(SIP_EACH(0x20) & sip_mask(5)));
}

/* Adds the next parameter: their order means nothing. */
static long uri_param_step(__u32 i, void *arg)
{
	struct uri_params *u = arg;
	__u32 pos = u->pos + 1, end;

	(void)i;
	if (u->pos >= u->end)
		return 1;
	end = sip_find(u->p, pos, u->end, SIP_ANY(';', ';', ';'));
	if (end > pos && !uri_param_is_default(u->p, pos, end)) {
		u->p->uri.params_sum += hash_folded(u->p, pos, end - pos);
		u->p->uri.params++;
	}
	u->pos = end;
	return 0;
}

#define URI_PARAMS_MAX 32

/* Joins the hashes of the parts in p->uri. scheme: its hash. Sets name_hash and plain. */
bpf_inline __u64 uri_join_hashes(struct sip_parser *p, __u64 scheme, int has_user)
{
	__u64 hash = HASH_ROTATE(scheme, 7) + p->uri.user_hash;

	if (has_user)
		p->uri.name_hash = hash * 0x9e3779b97f4a7c15ULL + p->uri.params_sum + p->uri.params;
	p->uri.plain = !has_user && !p->uri.params;
	hash = HASH_ROTATE(hash, 7) + p->uri.host_hash;
	hash = HASH_ROTATE(hash, 7) + ((__u64)p->uri.port << 32 | p->uri.params) +
	       p->uri.params_sum;
	/* each bit of the port reaches those that a set keeps */
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ULL | 1;
}

/*
 * The keyed hash of a whole URI, compared as in RFC 3261 19.1.4: scheme, user, host, port and every
 * parameter but `lr` and `transport=udp`. A missing port is 5060. Returns 0 for a URI that never
 * matches: with headers behind '?'. One with too many parameters, or with a port that is no number,
 * equals the same bytes only. Writes the parts to p->uri. Decodes the user's escapes where they
 * are, so hash each slice once.
 */
BPF_GLOBAL __u64 uri_hash(struct sip_parser *p, __u32 pos, __u32 len)
{
	struct uri_params u = { .p = p };
	__u32 start = pos, end = pos + len, at, user, stop;
	__u64 hash;

	if (!p)
		return 0;
	p->uri = (struct sip_uri){ .port = 5060 };
	at = sip_find(p, pos, end, SIP_ANY('@', '@', '@'));
	user = sip_find(p, pos, end, SIP_ANY(':', ':', ':'));
	if (!len || user >= end)
		return 0;
	hash = hash_folded(p, pos, user - pos);
	user++;
	pos = user;
	if (at < end) {
		pos = at + 1;
		user = uri_unescape_user(p, user, at);
		p->uri.user_hash = hash_exact(p, user, at - user) | 1;
	}
	stop = pos;
	if (sip_byte(p, pos) == '[')
		stop = sip_find(p, pos, end, SIP_ANY(']', ']', ']'));
	stop = sip_find(p, stop, end, SIP_ANY(':', ';', '?'));
	p->uri.host = sip_slice(pos, stop);
	p->uri.host_hash = hash_folded(p, pos, stop - pos);
	if (stop < end && sip_byte(p, stop) == ':') {
		pos = stop + 1;
		stop = sip_find(p, pos, end, SIP_ANY(';', '?', '?'));
		if (sip_number(p, pos, stop) != stop || p->number > 0xffff)
			return hash_exact(p, start, len) | 1;
		p->uri.port = p->number;
	}
	if (sip_find(p, stop, end, SIP_ANY('?', '?', '?')) < end)
		return 0;
	u.pos = stop;
	u.end = end;
	sip_loop(URI_PARAMS_MAX, uri_param_step, &u);
	if (u.pos < u.end)
		return hash_exact(p, start, len) | 1;
	return uri_join_hashes(p, hash, at < end);
}

#endif
