// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Streams of many segments, or of many messages. */
#include <errno.h>
#include <string.h>

#include "tcp_case.h"

#define SETTINGS "tcp=enforce"
#define PATH "caller>host"
#define LOW "BYE 10 a>b via=c8"

static struct tcp_talk talk;

static bool failed(int err, const char *what)
{
	if (err)
		wrong("%s: %s", what, strerror(-err));
	return err != 0;
}

/* The two halves of a BYE. Spoiled: what passed is no BYE of the dialog. */
static bool cut_holds(struct harness *harness, size_t cut, int *stalled)
{
	int err = tcp_talk_begin(&talk, harness, SETTINGS, PATH);
	bool good;

	err = err ? err : tcp_talk_write(&talk, LOW);
	err = err ? err : tcp_talk_send(&talk, 0, cut);
	if (failed(err, "the first half") || !tcp_passed(&talk) || tcp_talk_changed(&talk, 0))
		return wrong("cut at %zu: the first half does not pass", cut);
	err = tcp_talk_send(&talk, cut, talk.len);
	*stalled += !tcp_passed(&talk);
	good = !err && (!tcp_passed(&talk) ||
			(tcp_talk_changed(&talk, cut) == 1 && talk.result.sum_is_right));
	return good || wrong("cut at %zu: the second half passes", cut);
}

bool tcp_stream_cuts(struct harness *harness)
{
	int stalled = 0;
	size_t cut = 0, len;
	bool good = true;

	do {
		good &= cut_holds(harness, ++cut, &stalled);
		len = talk.len;
		tcp_talk_end(&talk);
	} while (good && cut + 1 < len);
	/* Behind the Call-ID there is nothing left to spoil: CSeq, Contact and Content-Length. */
	if (good && (!stalled || stalled > 150))
		good = wrong("%d of %zu connections stall", stalled, cut);
	return good;
}

bool tcp_stream_bytes(struct harness *harness)
{
	int err = tcp_talk_begin(&talk, harness, SETTINGS, PATH);
	bool good;

	err = err ? err : tcp_talk_write(&talk, "INFO 14 a>b via=c7");
	err = err ? err : tcp_talk_write(&talk, LOW);
	for (size_t at = 0; at + 1 < talk.len && !err; at++) {
		err = tcp_talk_send(&talk, at, at + 1);
		if (!err && (!tcp_passed(&talk) || tcp_talk_changed(&talk, at)))
			err = -EBADMSG;
	}
	err = err ? err : tcp_talk_send(&talk, talk.len - 1, talk.len);
	good = !failed(err, "a byte") && (!tcp_passed(&talk) || wrong("the last byte passes"));
	tcp_talk_end(&talk);
	return good;
}

/* `count` messages of 5 bytes, and a BYE */
static bool many(struct harness *harness, int count, bool pass)
{
	int err = tcp_talk_begin(&talk, harness, SETTINGS, PATH);
	bool good;

	for (int i = 0; i < count && !err; i++)
		err = tcp_talk_write(&talk, "=N\r\n\r\n");
	err = err ? err : tcp_talk_write(&talk, LOW);
	err = err ? err : tcp_talk_send(&talk, 0, talk.len);
	good = !failed(err, "the segment") && tcp_passed(&talk) == pass &&
	       (!pass || (tcp_talk_changed(&talk, 0) == 2 && talk.result.sum_is_right));
	tcp_talk_end(&talk);
	return good || wrong("%d messages", count);
}

bool tcp_stream_many(struct harness *harness)
{
	return many(harness, 60, true) && many(harness, 250, true);
}

bool tcp_stream_too_many(struct harness *harness)
{
	return many(harness, 300, false);
}

/* The text is used again and again: positions are the segment's own. */
static int send_body(size_t *at, size_t left)
{
	static char body[TCP_BYTES_MAX];
	int err = 0;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = "BYE sip:b SIP/2.0\r\n\r\n"[i % 21];
	while (left && !err) {
		struct tcp_form form = { .at = *at,
					 .bytes = body,
					 .len = left < sizeof(body) ? left : sizeof(body) };

		err = tcp_run(talk.harness, &talk.pair, &form, &talk.result);
		if (!err && (!tcp_passed(&talk) ||
			     memcmp(talk.result.frame + talk.result.payload, body, form.len)))
			err = -EBADMSG;
		*at += form.len;
		left -= form.len;
	}
	return err;
}

bool tcp_stream_body(struct harness *harness)
{
	int err = tcp_talk_begin(&talk, harness, SETTINGS, PATH);
	struct tcp_form form;
	size_t head, at;
	bool good;

	err = err ? err
		  : tcp_talk_write(&talk, "=INFO x SIP/2.0\r\nContent-Length: 1000000\r\n\r\n");
	at = head = talk.len;
	err = err ? err : tcp_talk_send(&talk, 0, head);
	err = err ? err : send_body(&at, 1000000);
	err = err ? err : tcp_talk_write(&talk, LOW);
	form = (struct tcp_form){ .at = at, .bytes = talk.text + head, .len = talk.len - head };
	err = err ? err : tcp_run(harness, &talk.pair, &form, &talk.result);
	good = !failed(err, "a segment") && tcp_passed(&talk) && tcp_talk_changed(&talk, head) == 2;
	tcp_talk_end(&talk);
	return good;
}
