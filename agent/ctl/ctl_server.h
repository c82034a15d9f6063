/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's control socket. It sends each event as one packet to each connected client, and
 * answers clients that send a request (ctl_proto.h). A slow client loses events, or waits for its
 * answer. It never blocks the daemon.
 */
#ifndef CG_CTL_CTL_SERVER_H
#define CG_CTL_CTL_SERVER_H

#include <systemd/sd-event.h>

#include "calls/recent.h"

struct cg_ctl_server;

/*
 * Opens the socket. The caller holds the instance's lock, because the file of an earlier daemon is
 * replaced. `recent` must outlive the server. 0 or -errno, logged.
 */
int cg_ctl_server_new(sd_event *loop, const char *instance, const struct cg_recent *recent,
		      struct cg_ctl_server **server);
void cg_ctl_server_free(struct cg_ctl_server *server);

void cg_ctl_server_send_event(struct cg_ctl_server *server, const struct cg_event *event);

#endif
