/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The state of a map scan, shared by map_scan.c (begins and ends it) and map_scan_stages.c. */
#ifndef CG_INGEST_MAP_SCAN_INTERNAL_H
#define CG_INGEST_MAP_SCAN_INTERNAL_H

#include "ingest/map_scan.h"

enum stage { IDLE, DIALOGS, OVERFLOW, BRANCHES, PENDING, PRESSURE, SHARES, FORGET, FAILED };

struct cg_map_scan {
	const struct cg_guard_maps *guard;
	struct cg_tracker *tracker;
	struct cg_overflow *overflow;
	const struct cg_limits *limits;
	struct cg_share_count *shares;
	struct cg_pressure pressure;
	enum stage stage;
	bool first; /* its progress is shown on a terminal */
	bool again; /* start another scan after this one */
	struct cg_living_calls *wanted; /* the next scan completes it; NULL: none */
	struct cg_living_calls *living; /* this scan completes it; NULL: none */
	bool has_token; /* token is the position in this stage's map */
	__u32 token;
	__u64 work, longest; /* ns: of all batches, of the longest one */
	__u64 pause_until; /* CLOCK_BOOTTIME, ns */
	__u64 backoff; /* before the next try; ns */
	int error; /* of the last scan that failed, logged; 0: none since a complete one */
	__u32 n_found; /* entries in this stage's map so far */
	__u32 n_dialogs; /* entries that this scan has left in map dialogs */
	struct cg_usage_alarm dialogs, pending, unguarded;
	struct cg_map_scan_status done;
	unsigned int slot; /* of FORGET */
	union {
		struct cg_dialog_key dialogs[CG_SCAN_BATCH];
		struct cg_txn_key pending[CG_SCAN_BATCH];
	} keys;
	union {
		struct cg_dialog dialogs[CG_SCAN_BATCH];
		struct cg_invite pending[CG_SCAN_BATCH];
		struct cg_branch branches[CG_SCAN_BATCH];
	} values;
};

/* Enters a stage, at the begin of its map. */
static inline void cg_map_scan_enter(struct cg_map_scan *scan, enum stage stage)
{
	scan->stage = stage;
	scan->has_token = false;
	scan->n_found = 0;
	scan->slot = 0;
}

/* Handles one batch of the stage. 0; 1: the scan is complete; or -errno. */
int cg_map_scan_run_stage(struct cg_map_scan *scan, __u64 now);

#endif
