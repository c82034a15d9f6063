/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Builds SIP messages from the short form of the tables.
 *
 *	METHOD CSEQ FROM>TO word...			a request
 *	STATUS METHOD CSEQ FROM>TO word...		a response
 *
 * FROM and TO are tags; either may be empty. The party with tag t is sip:t@t.example, which is also
 * its Contact. The Request-URI of an in-dialog request is the Contact of its To. Words:
 *	via=x,y	branches z9hG4bKx, z9hG4bKy, the first on top; `-`: a Via without branch
 *	cid=X		Call-ID; default: that of the case
 *	uri=X		Request-URI
 *	contact=X	Contact URI, `none`: no such header; `own`: at the sender's address
 *	route=X,Y rr=X,Y	Route and Record-Route: <sip:X;lr>, or X as it is if it holds ':'
 *	received=X	of the second Via, or the top one if there is no other
 *	no=via,cseq	headers left out: via, from, to, callid, cseq
 *	pad=N		N additional bytes in the top Via
 *	compact lower upper spaced folded lf	form of the header lines
 *	first=X	text before the start line
 *	@label		names the step, for `end@label` and the like
 * Further lines are header lines, which come before all others. A message that starts with '=' is
 * sent verbatim, with $ID replaced by the Call-ID of the case. %HH is that byte in all forms.
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

/*
 * sent_by: host and port of the sender as in a Via, NULL: unknown. A branch keeps the sent-by of the host that
 * was the first to put it on top of a request; message_forget() forgets them. 0, or -EINVAL for a word that is
 * not known. call_id: the case's own.
 */
int message_make(struct message *message, const char *form, const char *call_id,
		 const char *sent_by);
void message_forget(void);

#endif
