/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Runs each packet and message as the guarded host would see it: ingress where it is for the host,
 * egress where it is the host's own, both where the host talks to itself. A message without a
 * packet is put into a UDP datagram made for it, so the rules read all messages in one way. A
 * message that the guard could not have read is a report, as the daemon gives one to the program
 * for HEP.
 *
 * In enforce mode, what follows from a refused request is left out: the host would not have
 * forwarded it, nor answered it.
 */
#ifndef CG_REPLAY_JUDGE_H
#define CG_REPLAY_JUDGE_H

#include "capture/reader.h"
#include "engine/engine.h"
#include "replay/hosts.h"

struct cg_judge_counters {
	__u64 of_no_host; /* packets between addresses that are not the host's */
	__u64 invites_of_no_host; /* initial INVITEs among them */
	__u64 unjudged; /* messages whose addresses fit no datagram */
	__u64 left_out; /* messages, in enforce mode */
};

/* Gets the verdict on each packet. */
typedef void (*cg_judge_verdict)(void *ctx, enum cg_direction direction,
				 const struct cg_engine_verdict *verdict);

struct cg_judge;

/* hosts, config: must outlive it. NULL: no memory. */
struct cg_judge *cg_judge_new(const struct cg_config *config, const struct cg_replay_hosts *hosts,
			      cg_judge_verdict handle, void *ctx);
void cg_judge_free(struct cg_judge *judge);

/* The clock of the engine must be set. */
void cg_judge_packet(struct cg_judge *judge, const struct cg_ip_packet *packet);
void cg_judge_message(struct cg_judge *judge, const struct cg_reader_message *message);

const struct cg_judge_counters *cg_judge_get_counters(const struct cg_judge *judge);

#endif
