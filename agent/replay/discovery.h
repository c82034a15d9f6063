/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Works out the hosts from the first packets of a capture, and keeps these packets. It stops after
 * CG_DISCOVERY_BYTES or CG_DISCOVERY_INVITES, or at the end of the capture.
 */
#ifndef CG_REPLAY_DISCOVERY_H
#define CG_REPLAY_DISCOVERY_H

#include "cseqguard.h"
#include "capture/capture_file.h"
#include "replay/hosts.h"

#define CG_DISCOVERY_BYTES (64 << 20)
#define CG_DISCOVERY_INVITES 4000

struct cg_discovery;

struct cg_discovery *cg_discovery_new(const struct cg_config *config); /* NULL: no memory */
void cg_discovery_free(struct cg_discovery *discovery);

/* Keeps a copy of the packet. Returns 1 if it is the last one to keep, 0, or -ENOMEM. */
int cg_discovery_add(struct cg_discovery *discovery, const struct cg_capture_packet *packet);

/* Adds the hosts that the packets show. */
void cg_discovery_choose(struct cg_discovery *discovery, cg_host_is_gateway is_gateway,
			 struct cg_replay_hosts *hosts);

/*
 * Gives out the kept packets, from the first one on: returns 1, or 0 if there are no more. Then the
 * discovery is empty again.
 */
int cg_discovery_next(struct cg_discovery *discovery, struct cg_capture_packet *packet);

#endif
