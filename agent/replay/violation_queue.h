/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Violations on their way to the report: each waits until the outcome of its BYE is known, or
 * cannot be known. All are counted; the rows of a flood are then folded as the daemon folds them
 * (calls/violation_fold.h). The queue is bounded: when it is full, the oldest violation is given
 * without its outcome.
 */
#ifndef CG_REPLAY_VIOLATION_QUEUE_H
#define CG_REPLAY_VIOLATION_QUEUE_H

#include "calls/cdr.h"

struct cg_violation_user {
	void (*count)(void *ctx, const struct cg_violation_row *row); /* each violation */
	/* The rows that are left, and the sums of others. Returns 0 or -errno. */
	int (*give)(void *ctx, const struct cg_violation_row *row);
	void *ctx;
};

struct cg_violation_queue;

/* limits, origin: must outlive it. NULL: no memory. */
struct cg_violation_queue *cg_violation_queue_new(const struct cg_limits *limits,
						  const struct cg_origin *origin,
						  const struct cg_violation_user *user);
void cg_violation_queue_free(struct cg_violation_queue *queue);

/* Handles any event. */
void cg_violation_queue_handle(struct cg_violation_queue *queue, const struct cg_event *event);

/* Adds a row without outcome. */
void cg_violation_queue_put(struct cg_violation_queue *queue, const struct cg_violation_row *row);

/* Gives the rows that are done at `now` (ns). Call it ten times a second. Returns 0 or -errno. */
int cg_violation_queue_run(struct cg_violation_queue *queue, __u64 now);

/* The capture is over: gives all rows. */
int cg_violation_queue_finish(struct cg_violation_queue *queue, __u64 now);

#endif
