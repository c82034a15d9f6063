// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ctl/ctl_proto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "maps/runtime_dir.h"

#define TIMEOUT_SECONDS 5 /* for each packet */

static int send_request(int fd, const char *call_id)
{
	struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
	struct cg_ctl_request packet = { .head = cg_ctl_head(CG_CTL_LADDER, sizeof(packet)) };

	snprintf(packet.call_id, sizeof(packet.call_id), "%s", call_id);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    send(fd, &packet, sizeof(packet), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/* Skips events, which the daemon sent before it read the request. */
static int read_answer(int fd, int (*handle)(void *ctx, const struct cg_recent_call *call),
		       void *ctx, unsigned int *remembered)
{
	union {
		struct cg_ctl_head head;
		struct cg_ctl_call call;
		struct cg_ctl_end end;
	} packet;
	int err = 0;

	while (!err) {
		ssize_t got = recv(fd, &packet, sizeof(packet), 0);

		if (got <= 0)
			return !got || errno == ECONNRESET ? -EPROTO
			       : errno == EAGAIN	   ? -ETIMEDOUT
							   : -errno;
		if (cg_ctl_packet_is(&packet.head, got, CG_CTL_CALL, sizeof(packet.call))) {
			err = handle(ctx, &packet.call.call);
		} else if (cg_ctl_packet_is(&packet.head, got, CG_CTL_END, sizeof(packet.end))) {
			*remembered = packet.end.remembered;
			return 0;
		}
	}
	return err;
}

int cg_ctl_request_ladder(const char *instance, const char *call_id,
			  int (*handle)(void *ctx, const struct cg_recent_call *call), void *ctx,
			  unsigned int *remembered)
{
	int err, fd = cg_runtime_connect(instance);

	if (fd < 0)
		return fd;
	err = send_request(fd, call_id);
	if (!err || err == -EPIPE)
		err = read_answer(fd, handle, ctx, remembered);
	close(fd);
	return err;
}
