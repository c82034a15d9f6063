// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "send.h"

#include <stddef.h>

#include "message.h"

int send_make(struct packet_to_send *packet, const char *path, const char *form,
	      const char *call_id)
{
	return send_make_framed(packet, path, form, call_id, NULL);
}

int send_make_framed(struct packet_to_send *packet, const char *path, const char *form,
		     const char *call_id, const char *wrap)
{
	static struct message message;
	char sent_by[HOST_SENT_BY];
	struct endpoint from, to;
	int err = endpoint_path(path, &from, &to, &packet->in);

	if (!err)
		host_sent_by(&from, sent_by);
	err = err ? err : message_make(&message, form, call_id, sent_by);
	return err ? err : frame_make(&packet->frame, &from, &to, message.text, message.len, wrap);
}

int send_times(struct harness *harness, const char *path, const char *form, const char *call_id,
	       int times)
{
	static struct packet_to_send packet;
	__u32 verdict;
	int err = send_make(&packet, path, form, call_id);

	return err ? err
		   : harness_run(harness, packet.in, packet.frame.bytes, packet.frame.len, times,
				 &verdict, NULL);
}

int send_ringing(struct harness *harness, const char *call_id)
{
	int err = send_times(harness, "caller>host", "INVITE 13 a> via=c1", call_id, 1);

	return err ? err
		   : send_times(harness, "host>gateway", "INVITE 13 a> via=p1,c1", call_id, 1);
}

int send_answered(struct harness *harness, const char *call_id)
{
	return send_times(harness, "gateway>host", "200 INVITE 13 a>b via=p1,c1", call_id, 1);
}
