// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "send.h"
#include "tcp_case.h"

static int open_dialog(struct tcp_talk *talk, bool ip6)
{
	struct harness *h = talk->harness;
	const char *id = talk->call_id;
	int err;

	if (!ip6) {
		err = send_ringing(h, id);
		return err ? err : send_answered(h, id);
	}
	err = send_times(h, "caller6>host6", "INVITE 13 a> via=c1", id, 1);
	err = err ? err : send_times(h, "host6>gateway6", "INVITE 13 a> via=p1,c1", id, 1);
	return err ? err : send_times(h, "gateway6>host6", "200 INVITE 13 a>b via=p1,c1", id, 1);
}

int tcp_talk_begin(struct tcp_talk *talk, struct harness *harness, const char *settings,
		   const char *path)
{
	static int number;
	int err;

	*talk = (struct tcp_talk){ .harness = harness,
				   .pair = { .listener = -1, .near = -1, .far = -1 } };
	snprintf(talk->call_id, sizeof(talk->call_id), "tcp-%d@caller.example", ++number);
	message_forget();
	err = harness_reset(harness, settings);
	err = err ? err : open_dialog(talk, strchr(path, '6') != NULL);
	err = err ? err : tcp_pair_open(&talk->pair, path);
	harness_events(harness);
	return err;
}

void tcp_talk_end(struct tcp_talk *talk)
{
	tcp_pair_close(&talk->pair);
	if (talk->attached)
		harness_detach_tcp(talk->harness);
}

int tcp_talk_attach(struct tcp_talk *talk)
{
	int err = harness_attach_tcp(talk->harness);

	talk->attached = !err;
	return err;
}

int tcp_talk_answer(struct tcp_talk *talk, const char *form)
{
	static struct message message;
	char sent_by[HOST_SENT_BY];
	int err;

	host_sent_by(&talk->pair.host, sent_by);
	err = message_make(&message, form, talk->call_id, sent_by);
	return err ? err : tcp_pair_answer(&talk->pair, message.text, message.len);
}

int tcp_talk_write(struct tcp_talk *talk, const char *form)
{
	static struct message message;
	char sent_by[HOST_SENT_BY];
	int err;

	host_sent_by(&talk->pair.caller, sent_by);
	err = message_make(&message, form, talk->call_id, sent_by);
	if (!err && message.len > sizeof(talk->text) - talk->len)
		err = -EMSGSIZE;
	if (err)
		return err;
	memcpy(talk->text + talk->len, message.text, message.len);
	talk->len += message.len;
	return 0;
}

int tcp_talk_send(struct tcp_talk *talk, size_t from, size_t to)
{
	struct tcp_form form = { .at = from, .bytes = talk->text + from, .len = to - from };

	return tcp_run(talk->harness, &talk->pair, &form, &talk->result);
}

int tcp_talk_changed(const struct tcp_talk *talk, size_t from)
{
	const struct tcp_result *r = &talk->result;
	int changed = 0;

	for (size_t i = r->payload; i < r->len; i++)
		changed += r->frame[i] != (__u8)talk->text[from + i - r->payload];
	return changed;
}

bool tcp_passed(const struct tcp_talk *talk)
{
	return talk->result.verdict == (__u32)TC_ACT_UNSPEC;
}
