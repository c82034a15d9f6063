/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Outcomes of the BYEs that observe mode let pass: they show whether a drop would have been right.
 * A violation waits until its BYE was answered or bye_timeout is over. Then its row is written once
 * more, with the outcome. No I/O, no clock. The number of waiting events is bounded, and they are
 * lost when the daemon ends: such a row stays without an outcome. The counters are exact.
 */
#ifndef CG_CALLS_OUTCOME_H
#define CG_CALLS_OUTCOME_H

#include <stdbool.h>

#include "cseqguard.h"

/* X(NAME, word) */
#define CG_OUTCOME_LIST(X)                                                                         \
	X(ACCEPTED, accepted) /* 2xx of the far end: a drop would have been wrong */               \
	X(REFUSED, refused) /* or answered by a host other than the witness: the call continued */ \
	X(SILENT, silent) /* no answer within bye_timeout */

#define CG_OUTCOME_ENUM(NAME, word) CG_OUTCOME_##NAME,
enum cg_outcome { CG_OUTCOME_LIST(CG_OUTCOME_ENUM) CG_OUTCOMES };
#undef CG_OUTCOME_ENUM

const char *cg_outcome_name(enum cg_outcome outcome);

#define CG_OUTCOMES_WAITING 4096 /* violations and answers; a new one replaces the oldest */

struct cg_outcomes_user {
	/* Reads the dialog. Returns false if it is not in the map. */
	bool (*find)(void *ctx, const struct cg_dialog_key *key, struct cg_dialog *dialog);
	/* Writes the row with its outcome. Returns false if there is no room for it now. */
	bool (*notify)(void *ctx, const struct cg_event *violation, enum cg_outcome outcome);
	void *ctx;
};

struct cg_outcomes;

/* Returns NULL if there is no memory. bye_timeout: ns. */
struct cg_outcomes *cg_outcomes_new(__u64 bye_timeout, const struct cg_outcomes_user *user);
/* Changes the timeout, also for violations that wait already. */
void cg_outcomes_set_bye_timeout(struct cg_outcomes *outcomes, __u64 bye_timeout);
void cg_outcomes_free(struct cg_outcomes *outcomes);

/* Handles any event. The events of the two rings may come in any order. */
void cg_outcomes_handle(struct cg_outcomes *outcomes, const struct cg_event *event);

/* Calls `notify` for the outcomes known at `now` (CLOCK_BOOTTIME, ns). Call it every second. */
void cg_outcomes_run(struct cg_outcomes *outcomes, __u64 now);

#endif
