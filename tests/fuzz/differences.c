// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The list of accepted differences between the guard's parser and libosip2 5.3. A message with
 * SIP_AMBIGUOUS is not compared, because a difference is expected there. A CSeq with SIP_BAD_CSEQ
 * is not compared either.
 */
#include "differences.h"

#include <string.h>

static int holds(const struct sip_parser *p, const struct sip_slice *slice, char byte)
{
	return memchr(p->buf + slice->off, byte, slice->len) != NULL;
}

/* Returns whether no space follows the code of a status line. */
static int ends_at_code(const struct sip_parser *p)
{
	__u32 i = 0;

	while (i < p->len && p->buf[i] <= ' ')
		i++;
	for (i += 7; i < p->len && p->buf[i] <= ' '; i++) /* behind SIP/2.0 */
		;
	return p->msg.status && (i + 3 >= p->len || p->buf[i + 3] != ' ');
}

const char *difference(const struct sip_parser *p, const struct opinion *o, enum field field)
{
	const struct sip_slice *tag = field == FROM_TAG ? &p->msg.from_tag : &p->msg.to_tag;

	if (!p->msg.status && p->msg.method == CG_M_OTHER && o->status)
		return "whatever begins with SIP/ is a response for libosip2; no other peer takes "
		       "another version for one, and none takes it for a BYE";
	if (ends_at_code(p))
		return "libosip2 looks for the reason behind the next space, be it lines away; "
		       "peers "
		       "that take such a response read its headers";
	if ((field == FROM_TAG || field == TO_TAG) && holds(p, tag, ','))
		return "a comma ends an address for libosip2; in a tag Kamailio takes it as part "
		       "of "
		       "that, since some UAs make such, and the bill goes by Kamailio's reading";
	if (field == METHOD && (__u8)o->method[0] <= ' ')
		return "text before a method is part of it for libosip2; Kamailio skips it, "
		       "so "
		       "a BYE behind it is one";
	if (field == METHOD && strpbrk(o->method, "\t\r\n"))
		return "only a space ends a method for libosip2; for Sofia-SIP a tab does, so a "
		       "BYE "
		       "before it is one";
	return NULL;
}
