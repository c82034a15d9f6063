/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's socket: each event goes, as one packet, to each client that is connected and asks
 * nothing; one that asks (ask.h) is answered. A client that is slow loses events, or waits; it
 * never holds the daemon up.
 */
#ifndef CG_CTL_CTL_SERVER_H
#define CG_CTL_CTL_SERVER_H

#include <systemd/sd-event.h>

#include "calls/recent.h"

struct cg_ctl_server;

/*
 * 0 or -errno, logged. The instance's lock must be held: a socket file of a dead daemon is
 * replaced. recent must outlive it.
 */
int cg_ctl_server_new(sd_event *loop, const char *instance, const struct cg_recent *recent,
		      struct cg_ctl_server **server);
void cg_ctl_server_free(struct cg_ctl_server *server);

void cg_ctl_server_send_event(struct cg_ctl_server *server, const struct cg_event *event);

#endif
