/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Counts over the calls and violations of a replay. No I/O. */
#ifndef CG_REPLAY_SUMMARY_H
#define CG_REPLAY_SUMMARY_H

#include "replay/call_keeper.h"
#include "replay/hosts.h"
#include "replay/judge.h"
#include "capture/reader.h"
#include "stats/offenders.h"

#define CG_SUMMARY_SHORT_US 1000000
#define CG_SUMMARY_TOP 8 /* addresses that are named */
#define CG_SUMMARY_COUNT_MAX 10000 /* answers of one address that are counted */

struct cg_replay_summary {
	__u64 calls, open, suspect;
	__u64 byes; /* that came in, of calls whose start is in the capture */
	__u64 byes_unknown; /* that came in, of calls whose start is not */
	/* what enforce mode refuses */
	__u64 bye_refusals, other_refusals; /* packets */
	__u64 right, wrong,
		silent; /* BYEs that observe mode let pass: refused, accepted, not answered */
	/*
	 * of calls that a bill by the first BYE makes shorter, by more than the host takes to
	 * forward one
	 */
	__u64 calls_short;
	__s64 lost_us;
	struct cg_offenders sources; /* of refusals */
	struct cg_offenders callees; /* addresses that answered calls, and are no gateway */
	struct cg_offenders unexpected; /* ... in place of the one that the host had sent to */
	__u8 mode; /* enum cg_mode */
	bool hosts_are_given;
	bool has_gateways;
	struct cg_replay_hosts hosts;
	__u64 first_at, last_at; /* ns since 1970: of the packets */
	struct cg_reader_counters reader;
	struct cg_tcp_counters tcp;
	struct cg_judge_counters judge;
	__u64 doubles; /* messages that were left out, as they came as a packet and by HEP */
};

/*
 * Returns the microseconds by which a bill that ends at the first BYE is shorter than the call;
 * CG_NULL: no BYE was seen.
 */
__s64 cg_replay_call_difference(const struct cg_replay_call *call);

void cg_summary_add_call(struct cg_replay_summary *summary, const struct cg_replay_call *call);
void cg_summary_add_violation(struct cg_replay_summary *summary,
			      const struct cg_violation_row *row);
void cg_summary_add_event(struct cg_replay_summary *summary, const struct cg_event *event);
void cg_summary_add_verdict(struct cg_replay_summary *summary, enum cg_direction direction,
			    const struct cg_engine_verdict *verdict);

/* True if a BYE that the far end accepted would have been refused. */
bool cg_summary_has_wrong(const struct cg_replay_summary *summary);

#endif
