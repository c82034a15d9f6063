/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Finds messages that follow from refused requests: the requests that the host forwarded, and the
 * responses to both. A forwarded request is found by the branch of the Via below the host's own. If
 * the host hides the topology, it has one Via, and is found by Call-ID, From tag and CSeq. Of more
 * than CG_OMISSIONS_MAX refused requests, the oldest are forgotten.
 */
#ifndef CG_REPLAY_OMISSION_H
#define CG_REPLAY_OMISSION_H

#include "capture/sip_facts.h"

#define CG_OMISSIONS_MAX 1024
#define CG_OMISSION_NS 64000000000ULL /* how long a refused request is remembered */

struct cg_omission {
	struct cg_sip_facts refused;
	__u64 branch_out; /* of the request that the host made of it; 0: none yet */
	__u64 until;
};

struct cg_omissions {
	unsigned int next;
	struct cg_omission list[CG_OMISSIONS_MAX];
};

void cg_omissions_add(struct cg_omissions *omissions, const struct cg_sip_facts *refused,
		      __u64 now);

/* Returns whether the message follows from a refused request. */
bool cg_omissions_match(struct cg_omissions *omissions, enum cg_direction direction,
			const struct cg_sip_facts *facts, __u64 now);

#endif
