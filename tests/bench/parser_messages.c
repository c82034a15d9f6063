// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "parser_messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

/* What SIPp 3.6 sends in its scenarios uac and uas, with its values put in. */
#define VIA(n) "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-4711-1-" n "\r\n"
#define CALLER "From: sipp <sip:sipp@192.0.2.1:5060>;tag=4711SIPpTag001\r\n"
#define CALLEE(tag) "To: service <sip:service@192.0.2.2:5060>" tag "\r\n"
#define TO_TAG ";tag=4712SIPpTag011"
#define CALL_ID "Call-ID: 1-4711@192.0.2.1\r\n"
#define END "Max-Forwards: 70\r\nSubject: Performance Test\r\n"
#define CONTACT "Contact: sip:sipp@192.0.2.1:5060\r\n"
#define WITH_SDP "Content-Type: application/sdp\r\n"

static const char sdp[] = "v=0\r\no=user1 53655765 2353687637 IN IP4 192.0.2.1\r\ns=-\r\n"
			  "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
			  "a=rtpmap:0 PCMU/8000\r\n";

/* As a phone with video and SRTP sends it through two proxies. */
static const char large_sdp[] =
	"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
	"t=0 0\r\nm=audio 49170 RTP/SAVP 96 9 8 0 18 101\r\na=rtpmap:96 opus/48000/2\r\n"
	"a=fmtp:96 useinbandfec=1; stereo=0; maxaveragebitrate=64000\r\na=rtpmap:9 G722/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\n"
	"a=fmtp:18 annexb=no\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
	"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\r\n"
	"a=rtcp:49171\r\na=ptime:20\r\na=sendrecv\r\nm=video 51372 RTP/SAVP 97 98\r\n"
	"b=AS:1024\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f; "
	"packetization-mode=1\r\na=rtpmap:98 VP8/90000\r\na=rtcp-fb:* nack pli\r\na=sendrecv\r\n";

#define LARGE                                                                                      \
	"INVITE sip:+4930123456@proxy.example.net;user=phone SIP/2.0\r\n"                          \
	"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa7c6a8dlze.1;received=198.51.100.7\r\n"  \
	"Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK77ef4c2312983.1;rport=5060\r\n"           \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnashds8;rport\r\n"                          \
	"Record-Route: <sip:198.51.100.7;lr;ftag=9fxced76sl>\r\n"                                  \
	"Record-Route: <sip:203.0.113.9;lr>\r\nMax-Forwards: 68\r\n"                               \
	"From: \"Alice Example\" <sip:+4930987654@example.org;user=phone>;tag=9fxced76sl\r\n"      \
	"To: <sip:+4930123456@example.net;user=phone>\r\n"                                         \
	"Call-ID: 3848276298220188511@client.example.org\r\nCSeq: 314159 INVITE\r\n"               \
	"Contact: <sip:alice@192.0.2.1:5060;transport=udp;ob>;+sip.instance="                      \
	"\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\"\r\n"                                  \
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO, "      \
	"PRACK, UPDATE\r\nSupported: replaces, 100rel, timer, norefersub, outbound, path\r\n"      \
	"Session-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n"                                    \
	"P-Asserted-Identity: \"Alice Example\" <sip:+4930987654@example.org>\r\n"                 \
	"P-Charging-Vector: icid-value=1234bc9876e;orig-ioi=example.org\r\n"                       \
	"User-Agent: Example Softphone 5.20.1 (Linux x86_64)\r\n" WITH_SDP

static const struct {
	const char *key;
	const char *name;
	const char *head; /* all but Content-Length */
	const char *body;
} one_message[] = {
	{ .key = "invite",
	  .name = "INVITE of SIPp",
	  .head = "INVITE sip:service@192.0.2.2:5060 SIP/2.0\r\n" VIA("0") CALLER CALLEE("") CALL_ID
	  "CSeq: 1 INVITE\r\n" CONTACT END WITH_SDP,
	  .body = sdp },
	{ .key = "ok",
	  .name = "200 to it",
	  .head = "SIP/2.0 200 OK\r\n" VIA("0") CALLER CALLEE(TO_TAG) CALL_ID
	  "CSeq: 1 INVITE\r\nContact: <sip:192.0.2.2:5060;transport=UDP>\r\n" WITH_SDP,
	  .body = sdp },
	{ .key = "ack",
	  .name = "ACK",
	  .head = "ACK sip:service@192.0.2.2:5060 SIP/2.0\r\n" VIA("5") CALLER CALLEE(TO_TAG)
		  CALL_ID "CSeq: 1 ACK\r\n" CONTACT END,
	  .body = "" },
	{ .key = "bye",
	  .name = "BYE",
	  .head = "BYE sip:service@192.0.2.2:5060 SIP/2.0\r\n" VIA("7") CALLER CALLEE(TO_TAG)
		  CALL_ID "CSeq: 2 BYE\r\n" CONTACT END,
	  .body = "" },
	{ .key = "large_invite",
	  .name = "INVITE with 3 Via and a large SDP",
	  .head = LARGE,
	  .body = large_sdp },
};
#define ONE_MESSAGE (sizeof(one_message) / sizeof(*one_message))

/* A class of one message. 0 or -ENOMEM. */
static int add_message(struct message_class *class, const char *head, const char *body)
{
	char *text;
	int len = asprintf(&text, "%sContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);

	if (len < 0)
		return -ENOMEM;
	class->messages = calloc(1, sizeof(*class->messages));
	if (!class->messages) {
		free(text);
		return -ENOMEM;
	}
	class->messages[0] = (struct message){ .text = text, .len = len };
	class->count = 1;
	return 0;
}

/* The vectors that begin a message and are no larger than a datagram that is parsed. */
static int add_vectors(struct message_class *class)
{
	struct vector *vectors = calloc(VECTORS_MAX, sizeof(*vectors));
	int count = vectors ? vectors_own(vectors) : -ENOMEM;

	*class = (struct message_class){ .key = "vectors", .name = "tests/vectors, on average" };
	class->messages = count > 0 ? calloc(count, sizeof(*class->messages)) : NULL;
	for (int i = 0; i < count && class->messages; i++) {
		struct message *message = &class->messages[class->count];

		message->len = vectors[i].len;
		message->text = malloc(vectors[i].len + 1);
		if (!message->text)
			break;
		memcpy(message->text, vectors[i].text, vectors[i].len);
		message->text[vectors[i].len] = '\0';
		class->count++;
	}
	free(vectors);
	return count < 0 ? count : (size_t)count == class->count ? 0 : -ENOMEM;
}

int messages_read(struct message_class **out)
{
	struct message_class *c = calloc(ONE_MESSAGE + 1, sizeof(*c));
	int err = c ? 0 : -ENOMEM;

	for (size_t i = 0; i < ONE_MESSAGE && !err; i++) {
		c[i].key = one_message[i].key;
		c[i].name = one_message[i].name;
		err = add_message(&c[i], one_message[i].head, one_message[i].body);
	}
	if (!err)
		err = add_vectors(&c[ONE_MESSAGE]);
	if (err) {
		messages_free(c, c ? ONE_MESSAGE + 1 : 0);
		return err;
	}
	*out = c;
	return ONE_MESSAGE + 1;
}

void messages_free(struct message_class *classes, int count)
{
	for (int c = 0; c < count; c++) {
		for (size_t m = 0; m < classes[c].count; m++)
			free(classes[c].messages[m].text);
		free(classes[c].messages);
	}
	free(classes);
}
