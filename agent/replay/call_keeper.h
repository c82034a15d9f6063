/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Does for the engine what the daemon does for a running guard, by the clock of the capture. It
 * makes rows of calls from dialogs, and rows of violations, with their outcomes, from events. It
 * removes finished entries from the maps. Each row is handed out once, when nothing can change it
 * any more.
 */
#ifndef CG_REPLAY_CALL_KEEPER_H
#define CG_REPLAY_CALL_KEEPER_H

#include "calls/cdr.h"
#include "engine/engine.h"

struct cg_replay_call {
	struct cg_cdr_row row;
	__s64 first_bye; /* microseconds since 1970, of the first BYE of either leg; CG_NULL: none */
	__s64 until; /* end_time; of an open call the end of the capture */
};

struct cg_keeper_user {
	/* Return 0, or -errno, which ends the replay. */
	int (*call)(void *ctx, const struct cg_replay_call *call);
	int (*violation)(void *ctx, const struct cg_violation_row *row);
	/* Counts a violation, which may have no row of its own: those of a flood are summed up. */
	void (*count)(void *ctx, const struct cg_violation_row *row);
	void *ctx;
};

struct cg_keeper;

/* config, node and user are copied. NULL: no memory. */
struct cg_keeper *cg_keeper_new(const struct cg_config *config, const char *node,
				const struct cg_keeper_user *user);
void cg_keeper_free(struct cg_keeper *keeper);

/* Handles a record of the rings. */
void cg_keeper_handle_event(struct cg_keeper *keeper, const struct cg_event *event);

/* Notes the verdict on a packet. */
void cg_keeper_handle_verdict(struct cg_keeper *keeper, const struct cg_engine_verdict *verdict);

/* Call it before each packet, with the engine's clock. Returns 0, or -errno of the user. */
int cg_keeper_run(struct cg_keeper *keeper, __u64 now);

/* The capture is over: hands out all rows that are left, calls by the time of their answer. */
int cg_keeper_finish(struct cg_keeper *keeper, __u64 now);

#endif
