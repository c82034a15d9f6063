// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The one list of what guard and libosip2 5.3 may read in two ways. Whatever is SIP_AMBIGUOUS is not
 * compared at all, for there two readings are the finding: a BYE of the kind is dropped; nor is a CSeq
 * that is SIP_BAD_CSEQ.
 */
#include "differences.h"

#include <string.h>

static int holds(const struct sip_parser *p, const struct sip_slice *slice, char byte)
{
	return memchr(p->buf + slice->off, byte, slice->len) != NULL;
}

const char *difference(const struct sip_parser *p, const struct opinion *o, enum field field)
{
	const struct sip_slice *tag = field == FROM_TAG ? &p->msg.from_tag : &p->msg.to_tag;

	if ((field == FROM_TAG || field == TO_TAG) && holds(p, tag, ','))
		return "a comma ends an address for libosip2; in a tag Kamailio takes it as part "
		       "of "
		       "that, since some UAs make such, and the bill goes by Kamailio's reading";
	if (field == METHOD && (__u8)o->method[0] <= ' ')
		return "what stands before a method is part of it for libosip2; Kamailio skips it, "
		       "so "
		       "a BYE behind it is one";
	if (field == METHOD && strpbrk(o->method, "\t\r\n"))
		return "only a space ends a method for libosip2; for Sofia-SIP a tab does, so a "
		       "BYE "
		       "before it is one";
	if (field == METHOD && !p->msg.status && p->msg.method == CG_M_OTHER && o->status)
		return "whatever begins with SIP/ is a response for libosip2; no peer else takes "
		       "another version for one, and none takes it for a BYE";
	return NULL;
}
