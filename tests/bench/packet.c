// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE /* memmem */
#include "packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

#define PAD_MIN 4 /* what pad=1 adds to a Via: ";x=0" */

/* Each once, while there is room, the next again from the first. */
static const char *const lines[] = {
	"Route: <sip:198.51.100.1:5060;lr;ftag=9f2a7c1d>",
	"User-Agent: snomD785/10.1.175.16",
	"Allow: INVITE, ACK, CANCEL, BYE, REFER, OPTIONS, NOTIFY, INFO",
	"Supported: timer, replaces, from-change, 100rel",
	"Allow-Events: talk, hold, refer, call-info",
	"P-Asserted-Identity: <sip:004930123456@proxy.example>",
	"Session-Expires: 3600;refresher=uas",
	"Accept: application/sdp",
	"X-Serialnumber: 000413A1B2C3",
};
#define LINES (sizeof(lines) / sizeof(*lines))

/* As many lines as leave room for a pad that fills what is left. */
static int fill(struct message *message, const char *form, size_t bytes, const char *sent_by)
{
	char more[2048] = "", longer[2560];
	size_t len = message->len;

	for (size_t i = 0; len + strlen(lines[i % LINES]) + 2 + PAD_MIN <= bytes; i++) {
		strcat(more, "\n");
		strcat(more, lines[i % LINES]);
		len += strlen(lines[i % LINES]) + 2;
	}
	if (len + PAD_MIN > bytes || bytes > sizeof(more))
		return -EINVAL;
	snprintf(longer, sizeof(longer), "%s pad=%zu%s", form, bytes - len - PAD_MIN + 1, more);
	return message_make(message, longer, BENCH_CALL_ID, sent_by);
}

/* Where text stands, behind what leads to it; 0: nowhere. */
static size_t find(const struct frame *frame, const char *text, size_t lead)
{
	const __u8 *at = memmem(frame->bytes, frame->len, text, strlen(text));

	return at ? at - frame->bytes + lead : 0;
}

int bench_packet_make(struct bench_packet *packet, const char *path, const char *form,
		      const char *wrap, size_t bytes)
{
	static struct message message;
	struct endpoint from, to;
	char sent_by[HOST_SENT_BY];
	int err = endpoint_path(path, &from, &to, &packet->in);

	if (!err)
		host_sent_by(&from, sent_by);
	err = err ? err : message_make(&message, form, BENCH_CALL_ID, sent_by);
	if (!err && bytes > message.len && *form == '=') {
		memset(message.text + message.len, 'x', bytes - message.len);
		message.len = bytes;
	} else if (!err && bytes > message.len) {
		err = fill(&message, form, bytes, sent_by);
	}
	if (!err && bytes && message.len != bytes)
		err = -EMSGSIZE;
	err = err ? err : frame_make(&packet->frame, &from, &to, message.text, message.len, wrap);
	packet->call_id_at = find(&packet->frame, "Call-ID: " BENCH_CALL_ID, strlen("Call-ID: "));
	packet->cseq_at = find(&packet->frame, "CSeq: " BENCH_RISING, strlen("CSeq: "));
	return err;
}
