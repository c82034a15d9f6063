/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * URIs: the remote target as a hash, and the port that a Request-URI names.
 *
 * API: uri_target_hash32(), request_uri_port().
 */
#ifndef CG_URI_H
#define CG_URI_H

#include "hash.h"
#include "sip_cseq.h"

#define URI_USER_MAX 128 /* bytes; escapes of a longer user part are not decoded */

struct uri_unescape {
	struct sip_parser *p;
	__u32 from; /* end of the bytes that are not read yet */
	__u32 to; /* start of the bytes that are written */
	__u32 start;
	__u32 pad;
};

bpf_inline __u8 hex_value(__u8 c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Characters that need no escape (RFC 3261 19.1.4, 25.1), and the '+' of telephone numbers. */
bpf_inline int uri_char_is_unreserved(__u8 c)
{
	return (__u8)(c - '0') <= 9 || (__u8)((c | 0x20) - 'a') <= 25 || c == '-' || c == '_' ||
	       c == '.' || c == '!' || c == '~' || (c >= '\'' && c <= '+');
}

static long uri_unescape_step(__u32 i, void *arg)
{
	struct uri_unescape *u = arg;
	struct sip_parser *p = u->p;
	__u8 c, high;

	if (u->from <= u->start)
		return 1;
	c = sip_byte(p, --u->from);
	if (u->from >= u->start + 2 && sip_byte(p, u->from - 2) == '%' && sip_is_hex(c) &&
	    sip_is_hex(high = sip_byte(p, u->from - 1)) &&
	    uri_char_is_unreserved(hex_value(high) << 4 | hex_value(c))) {
		c = hex_value(high) << 4 | hex_value(c);
		u->from -= 2;
	}
	p->buf[--u->to & (SIP_MAX - 1)] = c;
	return 0;
}

/*
 * Decodes the escapes of a user part in place, from its end backwards. Returns the new start. The
 * buffer may be changed, because nothing reads a Contact or the Request-URI of a BYE after this.
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

/*
 * Returns a hash of a URI without its parameters and headers, never 0; 0 for an empty URI. A client
 * copies the remote target into its requests (RFC 3261 12.2.1.1). It may escape characters that
 * need no escape, and write the host in any letter case (19.1.4). A ';' or '?' before the '@'
 * belongs to the user part.
 */
BPF_GLOBAL __u32 uri_target_hash32(struct sip_parser *p, const struct cg_config *config,
				   const struct sip_slice *uri)
{
	__u32 end, at, stop, start;
	__u64 hash;

	if (!p || !config || !uri || !uri->len)
		return 0;
	end = uri->off + uri->len;
	at = sip_find(p, uri->off, end, SIP_ANY('@', '@', '@'));
	stop = sip_find(p, at < end ? at : uri->off, end, SIP_ANY(';', '?', '>'));
	if (at == end)
		at = uri->off; /* no user */
	start = uri_unescape_user(p, uri->off, at);
	hash = hash_exact(p, config, start, at - start);
	hash = HASH_ROTATE(hash, 1) + hash_folded(p, config, at, stop - at);
	return (__u32)(hash >> 32) | 1;
}

/* Returns the port of the Request-URI, 5060 if it has none (RFC 3261 19.1.2), 0 if invalid. */
bpf_inline __u16 request_uri_port(struct sip_parser *p)
{
	struct sip_slice uri = p->msg.request_uri;
	__u32 end = uri.off + uri.len, pos;

	pos = sip_find(p, uri.off, end, SIP_ANY('@', '@', '@'));
	if (pos == end)
		pos = sip_find(p, uri.off, end, SIP_ANY(':', ':', ':'));
	pos++;
	if (pos < end && sip_byte(p, pos) == '[')
		pos = sip_find(p, pos, end, SIP_ANY(']', ']', ']'));
	pos = sip_find(p, pos, end, SIP_ANY(':', ';', '?'));
	if (pos >= end || sip_byte(p, pos) != ':')
		return 5060;
	sip_number(p, pos + 1, end);
	return p->number <= 0xffff ? p->number : 0;
}

#endif
