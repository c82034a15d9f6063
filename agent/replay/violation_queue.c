// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/violation_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/outcome.h"
#include "calls/violation_fold.h"
#include "calls/violation_row.h"
#include "engine/engine.h"
#include "util/clock.h"

#define QUEUE_MAX 8192
#define MARGIN CG_SECOND /* until an answer is handled */

struct waiting {
	struct cg_violation_row row;
	__u64 seq; /* of the event */
	__u64 until;
};

struct cg_violation_queue {
	const struct cg_limits *limits;
	const struct cg_origin *origin;
	struct cg_violation_user user;
	struct cg_outcomes *outcomes;
	struct cg_fold *fold;
	__u64 fold_until; /* the minute of its sums */
	int err;
	unsigned int first, end; /* indexes of `ring`, modulo its size */
	struct waiting ring[QUEUE_MAX];
};

static struct waiting *waiting_at(struct cg_violation_queue *queue, unsigned int i)
{
	return &queue->ring[i % QUEUE_MAX];
}

static bool find_dialog(void *ctx, const struct cg_dialog_key *key, struct cg_dialog *dialog)
{
	const struct cg_dialog *found = cg_engine_find_dialog(key);

	(void)ctx;
	if (found)
		*dialog = *found;
	return found;
}

static bool set_outcome(void *ctx, const struct cg_event *violation, enum cg_outcome outcome)
{
	struct cg_violation_queue *queue = ctx;

	for (unsigned int i = queue->end; i != queue->first; i--) { /* it is a young one */
		struct waiting *w = waiting_at(queue, i - 1);

		if (w->seq != violation->seq)
			continue;
		snprintf(w->row.outcome, sizeof(w->row.outcome), "%s", cg_outcome_name(outcome));
		break;
	}
	return true;
}

struct cg_violation_queue *cg_violation_queue_new(const struct cg_limits *limits,
						  const struct cg_origin *origin,
						  const struct cg_violation_user *user)
{
	struct cg_violation_queue *queue = calloc(1, sizeof(*queue));
	const struct cg_outcomes_user of_outcomes = { find_dialog, set_outcome, queue };

	if (!queue)
		return NULL;
	queue->limits = limits;
	queue->origin = origin;
	queue->user = *user;
	queue->outcomes = cg_outcomes_new(limits->bye_timeout, &of_outcomes);
	queue->fold = cg_fold_new();
	if (!queue->outcomes || !queue->fold) {
		cg_violation_queue_free(queue);
		return NULL;
	}
	return queue;
}

void cg_violation_queue_free(struct cg_violation_queue *queue)
{
	if (!queue)
		return;
	cg_outcomes_free(queue->outcomes);
	cg_fold_free(queue->fold);
	free(queue);
}

static bool give_row(void *ctx, const struct cg_violation_row *row)
{
	struct cg_violation_queue *queue = ctx;

	if (!queue->err)
		queue->err = queue->user.give(queue->user.ctx, row);
	return true;
}

static void finish_oldest(struct cg_violation_queue *queue)
{
	const struct cg_violation_row *row = &waiting_at(queue, queue->first++)->row;

	queue->user.count(queue->user.ctx, row);
	if (cg_fold_admit(queue->fold, row))
		give_row(queue, row);
}

/* Adds a row, behind which the oldest may have to go without its outcome. */
static void add_row(struct cg_violation_queue *queue, const struct cg_violation_row *row, __u64 seq,
		    __u64 until)
{
	struct waiting *w;

	if (queue->end - queue->first == QUEUE_MAX)
		finish_oldest(queue);
	w = waiting_at(queue, queue->end++);
	w->row = *row;
	w->seq = seq;
	w->until = until;
}

void cg_violation_queue_handle(struct cg_violation_queue *queue, const struct cg_event *event)
{
	bool may_be_answered = event->method == CG_M_BYE && event->action == CG_WOULD_DROP;
	__u64 wait = may_be_answered ? queue->limits->bye_timeout + MARGIN : 0;
	struct cg_violation_row row;

	if (event->type == CG_EV_VIOLATION) {
		cg_violation_fill_event(event, queue->origin, "", &row);
		add_row(queue, &row, event->seq, event->at + wait);
	}
	cg_outcomes_handle(queue->outcomes, event);
}

void cg_violation_queue_put(struct cg_violation_queue *queue, const struct cg_violation_row *row)
{
	add_row(queue, row, row->seq, 0);
}

int cg_violation_queue_run(struct cg_violation_queue *queue, __u64 now)
{
	cg_outcomes_run(queue->outcomes, now);
	while (queue->first != queue->end) {
		const struct waiting *w = waiting_at(queue, queue->first);

		if (w->until >= now && !*w->row.outcome)
			break;
		finish_oldest(queue);
	}
	if (now >= queue->fold_until) {
		cg_fold_flush(queue->fold, now, give_row, queue);
		queue->fold_until = now + CG_FOLD_MINUTE_NS;
	}
	return queue->err;
}

int cg_violation_queue_finish(struct cg_violation_queue *queue, __u64 now)
{
	for (int i = 0; i < QUEUE_MAX / 256; i++) /* a bounded number of answers each */
		cg_outcomes_run(queue->outcomes, now + MARGIN);
	while (queue->first != queue->end)
		finish_oldest(queue);
	cg_fold_flush(queue->fold, now, give_row, queue);
	return queue->err;
}
