/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * SIP messages from the short form of the tables.
 *
 *	METHOD CSEQ FROM>TO word...			a request
 *	STATUS METHOD CSEQ FROM>TO word...		a response
 *
 * FROM and TO are tags, either may be empty. The party with tag t is sip:t@t.example and gives that as
 * its Contact; an in-dialog request goes to the Contact of its To. Words:
 *	via=x,y	branches z9hG4bKx, z9hG4bKy, the first on top; `-`: a Via without branch
 *	cid=X		Call-ID; else one of the case's own
 *	uri=X		Request-URI
 *	contact=X	Contact URI, `none`: no such header
 *	no=via,cseq	headers left out: via, from, to, callid, cseq
 *	pad=N		N bytes more in the top Via
 *	compact lower upper spaced folded lf	how header lines are written
 *	first=X	text before the start line
 *	@label		names the step, for `end@label` and the like
 * Lines after the first are header lines of their own, put before all others. A message that starts
 * with '=' is taken verbatim, $ID being the case's Call-ID. Everywhere %HH is that byte.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>

#define MESSAGE_MAX 9000

struct message {
	char text[MESSAGE_MAX];
	size_t len;
	char call_id[512]; /* as in the text, up to a NUL */
	char method[16]; /* of a response: of its CSeq; empty if verbatim */
	int status; /* 0: a request */
	char label[16];
};

/* 0, or -EINVAL for a word that is not known. call_id: the case's own. */
int message_make(struct message *message, const char *form, const char *call_id);

#endif
