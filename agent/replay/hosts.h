/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The addresses of the guarded host: given, or worked out from the INVITEs of a capture. A host
 * receives an INVITE and sends it on, under its own Via or with the same Call-ID. If no address
 * does, the hosts are those that receive INVITEs. Two addresses are not of one host if one sends to
 * the other, or if both receive one call. Of such two the one that forwarded more INVITEs is the
 * host.
 */
#ifndef CG_REPLAY_HOSTS_H
#define CG_REPLAY_HOSTS_H

#include "capture/decap.h"
#include "capture/sip_facts.h"

#define CG_REPLAY_HOSTS_MAX 32

struct cg_replay_hosts {
	unsigned int n;
	__u8 addr[CG_REPLAY_HOSTS_MAX][16];
};

bool cg_replay_hosts_has(const struct cg_replay_hosts *hosts, const __u8 addr[16]);
void cg_replay_hosts_add(struct cg_replay_hosts *hosts, const __u8 addr[16]);

struct cg_host_finder;

struct cg_host_finder *cg_host_finder_new(void); /* NULL: no memory */
void cg_host_finder_free(struct cg_host_finder *finder);

/* Notes a message. Only initial INVITEs count. */
void cg_host_finder_note(struct cg_host_finder *finder, const struct cg_flow *flow,
			 const struct cg_sip_facts *facts);

unsigned int cg_host_finder_invites(const struct cg_host_finder *finder); /* noted so far */

typedef bool (*cg_host_is_gateway)(const __u8 addr[16]);

/*
 * Adds the hosts. A gateway is not a host. An address that speaks with a gateway is likely to be
 * one.
 */
void cg_host_finder_choose(struct cg_host_finder *finder, cg_host_is_gateway is_gateway,
			   struct cg_replay_hosts *hosts);

#endif
