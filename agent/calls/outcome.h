/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What became of the BYEs that observe mode let pass: whether a drop would have been right. A
 * violation waits for the answer that the program saw, or for silence; then its row is told once
 * more, with its outcome. Pure: events and a clock in, outcomes out. What waits is bounded, and
 * dies with the daemon: such a row keeps no outcome, the counters are exact.
 */
#ifndef CG_CALLS_OUTCOME_H
#define CG_CALLS_OUTCOME_H

#include <stdbool.h>

#include "cseqguard.h"

/* X(NAME, word) */
#define CG_OUTCOME_LIST(X)                                                                         \
	X(ACCEPTED, accepted) /* by the far end: a false drop it would have been */                \
	X(REFUSED, refused) /* or answered by another than the witness: the call ran on */         \
	X(SILENT, silent) /* nobody answered within bye_timeout */

#define CG_OUTCOME_ENUM(NAME, word) CG_OUTCOME_##NAME,
enum cg_outcome { CG_OUTCOME_LIST(CG_OUTCOME_ENUM) CG_OUTCOMES };
#undef CG_OUTCOME_ENUM

const char *cg_outcome_name(enum cg_outcome outcome);

#define CG_OUTCOMES_WAITING 4096 /* violations and answers; the oldest make room */

struct cg_outcomes_user {
	/* The dialog as it is now; false: it is not in the map. */
	bool (*find)(void *ctx, const struct cg_dialog_key *key, struct cg_dialog *dialog);
	/* False: no room for that row now. */
	bool (*told)(void *ctx, const struct cg_event *violation, enum cg_outcome outcome);
	void *ctx;
};

struct cg_outcomes;

/* bye_timeout: ns. NULL: no memory. */
struct cg_outcomes *cg_outcomes_new(__u64 bye_timeout, const struct cg_outcomes_user *user);
/* Another one, for those that wait, too. */
void cg_outcomes_set_bye_timeout(struct cg_outcomes *outcomes, __u64 bye_timeout);
void cg_outcomes_free(struct cg_outcomes *outcomes);

/* Any event, in whatever order the two rings give them. */
void cg_outcomes_handle(struct cg_outcomes *outcomes, const struct cg_event *event);

/* Tells what is known by now (CLOCK_BOOTTIME, ns); to be called each second or so. */
void cg_outcomes_run(struct cg_outcomes *outcomes, __u64 now);

#endif
