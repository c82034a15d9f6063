/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Violations on their way to the report: each waits until the outcome of its BYE is known, or cannot be
 * known. The rows of a flood are folded as the daemon folds them (calls/violation_fold.h). Bounded.
 */
#ifndef CG_REPLAY_VIOLATION_QUEUE_H
#define CG_REPLAY_VIOLATION_QUEUE_H

#include "calls/cdr.h"

typedef int (*cg_violation_give)(void *ctx, const struct cg_violation_row *row);

struct cg_violation_queue;

/* limits, origin: must outlive it. NULL: no memory. */
struct cg_violation_queue *cg_violation_queue_new(const struct cg_limits *limits,
						  const struct cg_origin *origin,
						  cg_violation_give give, void *ctx);
void cg_violation_queue_free(struct cg_violation_queue *queue);

/* Handles any event. */
void cg_violation_queue_handle(struct cg_violation_queue *queue, const struct cg_event *event);

/* Adds a row without outcome. */
void cg_violation_queue_put(struct cg_violation_queue *queue, const struct cg_violation_row *row);

/* Gives the rows that are done at `now` (ns). Call it every few seconds. Returns 0 or -errno. */
int cg_violation_queue_run(struct cg_violation_queue *queue, __u64 now);

/* The capture is over: gives all rows. */
int cg_violation_queue_finish(struct cg_violation_queue *queue, __u64 now);

#endif
