// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

/* Waiting time for a violation, whose ring may be read later than the ring of the answer. */
#define RINGS_APART_NS 500000000ULL
#define ANSWERS_PER_RUN 256

struct waiting {
	struct cg_event event; /* a violation, or the END or RESUME that answers one */
	bool done;
};

struct cg_outcomes {
	__u64 bye_timeout;
	struct cg_outcomes_user user;
	unsigned int first, end; /* indexes of `ring`, modulo its size */
	struct waiting ring[CG_OUTCOMES_WAITING];
};

#define OUTCOME_WORD(NAME, word) #word,
const char *cg_outcome_name(enum cg_outcome outcome)
{
	static const char *const words[] = { CG_OUTCOME_LIST(OUTCOME_WORD) };

	return outcome < CG_OUTCOMES ? words[outcome] : "unknown";
}

struct cg_outcomes *cg_outcomes_new(__u64 bye_timeout, const struct cg_outcomes_user *user)
{
	struct cg_outcomes *outcomes = calloc(1, sizeof(*outcomes));

	if (outcomes) {
		outcomes->bye_timeout = bye_timeout;
		outcomes->user = *user;
	}
	return outcomes;
}

void cg_outcomes_set_bye_timeout(struct cg_outcomes *outcomes, __u64 bye_timeout)
{
	outcomes->bye_timeout = bye_timeout;
}

void cg_outcomes_free(struct cg_outcomes *outcomes)
{
	free(outcomes);
}

static struct waiting *waiting_at(struct cg_outcomes *outcomes, unsigned int i)
{
	return &outcomes->ring[i % CG_OUTCOMES_WAITING];
}

static bool is_violation(const struct waiting *waiting)
{
	return waiting->event.type == CG_EV_VIOLATION;
}

void cg_outcomes_handle(struct cg_outcomes *outcomes, const struct cg_event *event)
{
	bool known = event->key.call | event->key.tags;
	bool ours = event->type == CG_EV_VIOLATION
			    ? event->method == CG_M_BYE && known
			    : event->type == CG_EV_END || event->type == CG_EV_RESUME;

	/* A violation raised by the answer itself (`refused`) has action pass. */
	if (event->action != CG_WOULD_DROP || !ours)
		return;
	if (outcomes->end - outcomes->first == CG_OUTCOMES_WAITING)
		outcomes->first++;
	*waiting_at(outcomes, outcomes->end++) = (struct waiting){ .event = *event };
}

static bool is_same_dialog(const struct cg_event *a, const struct cg_event *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key));
}

/* True for two copies of one BYE. Their branches may differ. */
static bool is_same_bye(const struct cg_event *a, const struct cg_event *b)
{
	return is_same_dialog(a, b) && a->leg == b->leg && a->cseq_valid == b->cseq_valid &&
	       a->cseq == b->cseq;
}

/*
 * Returns the BYE that was answered: the last one before the answer with the answer's CSeq. If a
 * proxy has renumbered, none has that CSeq, and it is the last one before the answer.
 */
static const struct cg_event *find_answered_bye(struct cg_outcomes *outcomes,
						const struct cg_event *answer)
{
	const struct cg_event *last = NULL;
	bool numbered = false;

	for (unsigned int i = outcomes->first; i != outcomes->end; i++) {
		const struct cg_event *bye = &waiting_at(outcomes, i)->event;
		bool same = bye->cseq_valid && answer->cseq_valid && bye->cseq == answer->cseq;

		if (!is_violation(waiting_at(outcomes, i)) || !is_same_dialog(bye, answer) ||
		    bye->at > answer->at || (numbered && !same))
			continue;
		if (!last || same > numbered || bye->at >= last->at)
			last = bye;
		numbered |= same;
	}
	return last;
}

/* Reports the outcome of all copies of the answered BYE. Returns false if there was no room. */
static bool report_answer(struct cg_outcomes *outcomes, const struct cg_event *event)
{
	const struct cg_event *bye = find_answered_bye(outcomes, event);
	enum cg_outcome outcome =
		event->type == CG_EV_END ? CG_OUTCOME_ACCEPTED : CG_OUTCOME_REFUSED;

	for (unsigned int i = outcomes->first; bye && i != outcomes->end; i++) {
		struct waiting *w = waiting_at(outcomes, i);

		if (w->done || !is_violation(w) || !is_same_bye(&w->event, bye) ||
		    w->event.at > event->at)
			continue;
		if (!outcomes->user.notify(outcomes->user.ctx, &w->event, outcome))
			return false;
		w->done = true;
	}
	return true;
}

/*
 * Reports a violation whose time is over by the state of the dialog. Returns false if there was no
 * room.
 */
static bool report_timeout(struct cg_outcomes *outcomes, const struct cg_event *violation)
{
	const struct cg_outcomes_user *user = &outcomes->user;
	struct cg_dialog dialog;

	if (!user->find(user->ctx, &violation->key, &dialog) ||
	    !(dialog.flags & CG_D_BYE_WOULD_DROP))
		return true; /* another BYE is the pending one; this one's answer was not watched */
	/* the host has forwarded the BYE since it came in */
	if (dialog.state == CG_S_ENDING && !cg_time_is_after(violation->at, dialog.bye_at))
		return user->notify(user->ctx, violation, CG_OUTCOME_SILENT);
	if (dialog.state == CG_S_ENDED && !cg_time_is_after(violation->at, dialog.end))
		return user->notify(user->ctx, violation, CG_OUTCOME_ACCEPTED);
	return true;
}

void cg_outcomes_run(struct cg_outcomes *outcomes, __u64 now)
{
	struct waiting *w;
	int answers = 0;

	for (unsigned int i = outcomes->first; i != outcomes->end; i++) {
		w = waiting_at(outcomes, i);
		if (w->done || is_violation(w) || w->event.at + RINGS_APART_NS > now)
			continue;
		if (answers++ == ANSWERS_PER_RUN || !report_answer(outcomes, &w->event))
			return;
		w->done = true;
	}
	for (; outcomes->first != outcomes->end; outcomes->first++) {
		w = waiting_at(outcomes, outcomes->first);
		if (w->done)
			continue;
		if (!is_violation(w) || w->event.at + outcomes->bye_timeout > now ||
		    !report_timeout(outcomes, &w->event))
			return;
	}
}
