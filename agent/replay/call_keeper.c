// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/call_keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/twins.h"
#include "calls/violation_row.h"
#include "replay/violation_queue.h"
#include "util/clock.h"

#define SCAN_EVERY (5 * CG_SECOND)
#define OUTCOMES_EVERY (CG_SECOND / 10) /* each time a bounded number of answers is handled */
#define BUCKETS 16384 /* a power of two */

/* The daemon's defaults. */
static const struct cg_limits limits = {
	.bye_timeout = CG_BYE_TIMEOUT_NS,
	.grace = 32 * CG_SECOND,
	.max_call = 12 * 3600 * CG_SECOND,
	.doubt = 3600 * CG_SECOND,
	.invite_timeout = 600 * CG_SECOND,
	.invite_grace = 32 * CG_SECOND,
};

struct note { /* what the dialog itself does not say */
	struct note *next;
	struct cg_dialog_key key;
	__u64 first_bye;
	__u64 unanswered; /* bye_at of the last BYE recorded as unanswered */
	bool closed_by_doubt; /* at some time */
};

struct cg_keeper {
	struct cg_keeper_user user;
	struct cg_origin origin;
	struct cg_violation_queue *violations;
	struct cg_twins *twins; /* NULL: the host masks no Call-ID */
	__u64 now, next_scan, next_outcomes;
	bool is_over; /* the capture */
	int err;
	struct note *notes[BUCKETS];
	struct cg_replay_call *left; /* at the end of the capture */
	size_t n_left, room_left;
};

struct cg_keeper *cg_keeper_new(const struct cg_config *config, const char *node,
				const struct cg_keeper_user *user)
{
	const struct cg_violation_user of_queue = { user->count, user->violation, user->ctx };
	struct cg_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return NULL;
	keeper->user = *user;
	snprintf(keeper->origin.node, sizeof(keeper->origin.node), "%s", node);
	keeper->violations = cg_violation_queue_new(&limits, &keeper->origin, &of_queue);
	if (config->masks_call_id)
		keeper->twins = cg_twins_new(config->max_dialogs);
	if (!keeper->violations || (config->masks_call_id && !keeper->twins)) {
		cg_keeper_free(keeper);
		return NULL;
	}
	return keeper;
}

void cg_keeper_free(struct cg_keeper *keeper)
{
	if (!keeper)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (keeper->notes[i]) {
			struct note *note = keeper->notes[i];

			keeper->notes[i] = note->next;
			free(note);
		}
	cg_violation_queue_free(keeper->violations);
	cg_twins_free(keeper->twins);
	free(keeper->left);
	free(keeper);
}

/* --- notes ------------------------------------------------------------------------------------ */

static struct note **find_note(struct cg_keeper *keeper, const struct cg_dialog_key *key)
{
	struct note **at = &keeper->notes[(key->call ^ key->tags) & (BUCKETS - 1)];

	while (*at && memcmp(&(*at)->key, key, sizeof(*key)))
		at = &(*at)->next;
	return at;
}

/* Returns the note of a dialog that is in the map; NULL: no memory. */
static struct note *get_note(struct cg_keeper *keeper, const struct cg_dialog_key *key)
{
	struct note **at = find_note(keeper, key), *note = *at;

	if (note)
		return note;
	note = calloc(1, sizeof(*note));
	if (!note) {
		keeper->err = -ENOMEM;
		return NULL;
	}
	note->key = *key;
	*at = note;
	return note;
}

static void remove_note(struct cg_keeper *keeper, const struct cg_dialog_key *key)
{
	struct note **at = find_note(keeper, key), *note = *at;

	if (!note)
		return;
	*at = note->next;
	free(note);
}

void cg_keeper_handle_verdict(struct cg_keeper *keeper, const struct cg_engine_verdict *verdict)
{
	struct note *note;

	if (verdict->method != CG_M_BYE || verdict->status || !cg_engine_find_dialog(&verdict->key))
		return;
	note = get_note(keeper, &verdict->key);
	if (note && !note->first_bye)
		note->first_bye = keeper->now;
}

void cg_keeper_handle_event(struct cg_keeper *keeper, const struct cg_event *event)
{
	cg_violation_queue_handle(keeper->violations, event);
	/* the tags are a new call's: what was noted is the old one's */
	if (event->type == CG_EV_START)
		remove_note(keeper, &event->key);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void give_call(struct cg_keeper *keeper, const struct cg_replay_call *call)
{
	if (!keeper->err)
		keeper->err = keeper->user.call(keeper->user.ctx, call);
}

/* Keeps the call until all that are left are known. */
static void keep_call(struct cg_keeper *keeper, const struct cg_replay_call *call)
{
	size_t room = keeper->room_left ? 2 * keeper->room_left : 256;
	struct cg_replay_call *left = keeper->left;

	if (keeper->n_left == keeper->room_left) {
		left = realloc(left, room * sizeof(*left));
		if (!left) {
			keeper->err = -ENOMEM;
			return;
		}
		keeper->left = left;
		keeper->room_left = room;
	}
	left[keeper->n_left++] = *call;
}

static const struct cg_twin *find_twin(struct cg_keeper *keeper, const struct cg_dialog_key *key,
				       const struct cg_dialog *dialog)
{
	return keeper->twins ? cg_twins_update(keeper->twins, key, dialog, true, keeper->now)
			     : NULL;
}

static void put_call(struct cg_keeper *keeper, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog, unsigned int due)
{
	const struct cg_twin *twin = find_twin(keeper, key, dialog);
	const struct note *note = *find_note(keeper, key);
	struct cg_replay_call call;

	cg_cdr_fill_row(dialog, &limits, &keeper->origin, due, &call.row);
	if (twin)
		cg_twin_fill_row(twin, &call.row);
	if (note && note->closed_by_doubt)
		call.row.suspect = 1;
	call.first_bye = note && note->first_bye ? (__s64)(note->first_bye / 1000) : CG_NULL;
	call.until = call.row.end_time == CG_NULL ? (__s64)(keeper->now / 1000) : call.row.end_time;
	if (keeper->is_over)
		keep_call(keeper, &call);
	else
		give_call(keeper, &call);
}

/* --- the scan --------------------------------------------------------------------------------- */

static void note_due(struct cg_keeper *keeper, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog, unsigned int due)
{
	struct cg_violation_row row;
	struct note *note;

	if (!(due & (CG_DUE_DOUBT | CG_DUE_UNANSWERED)) && !*find_note(keeper, key))
		return;
	note = get_note(keeper, key);
	if (!note)
		return;
	if (due & CG_DUE_UNANSWERED && note->unanswered != dialog->bye_at) {
		note->unanswered = dialog->bye_at;
		cg_violation_fill_unanswered(key, dialog, &limits, &keeper->origin, &row);
		cg_violation_queue_put(keeper->violations, &row);
	}
	if (due & CG_DUE_DOUBT) {
		note->closed_by_doubt = true;
	} else if (note->closed_by_doubt && !(due & CG_DUE_CLOSING)) {
		note->closed_by_doubt = false;
		cg_violation_fill_alive(key, dialog, keeper->now, &keeper->origin, &row);
		cg_violation_queue_put(keeper->violations, &row);
	}
}

static bool scan_dialog(void *ctx, const struct cg_dialog_key *key, const struct cg_dialog *dialog)
{
	struct cg_keeper *keeper = ctx;
	unsigned int due = cg_cdr_due(dialog, &limits, keeper->now);

	note_due(keeper, key, dialog, due);
	find_twin(keeper, key, dialog);
	if (!(due & CG_DUE_RETIRE) && !keeper->is_over)
		return false;
	put_call(keeper, key, dialog, due);
	remove_note(keeper, key);
	return true;
}

/* A call without guard: its row is all that it gets. */
static bool scan_overflow(void *ctx, const struct cg_dialog_key *key,
			  const struct cg_dialog *dialog)
{
	struct cg_keeper *keeper = ctx;

	put_call(keeper, key, dialog, cg_cdr_due(dialog, &limits, keeper->now));
	return true;
}

static void scan(struct cg_keeper *keeper)
{
	cg_engine_visit_dialogs(scan_dialog, keeper);
	cg_engine_visit_overflow(scan_overflow, keeper);
	cg_engine_expire_invites(limits.invite_grace, limits.invite_timeout);
	cg_engine_correct_usage();
	if (keeper->twins) {
		cg_twins_next_scan(keeper->twins);
		for (__u32 slot = 0; (slot = cg_twins_expire(keeper->twins, slot));)
			;
	}
	keeper->next_scan = keeper->now + SCAN_EVERY;
}

int cg_keeper_run(struct cg_keeper *keeper, __u64 now)
{
	int err = 0;

	keeper->now = now;
	if (now >= keeper->next_scan)
		scan(keeper);
	if (now >= keeper->next_outcomes) {
		err = cg_violation_queue_run(keeper->violations, now);
		keeper->next_outcomes = now + OUTCOMES_EVERY;
	}
	return keeper->err ? keeper->err : err;
}

static int compare_answers(const void *one, const void *two)
{
	const struct cg_replay_call *a = one, *b = two;
	int by_answer = (a->row.answer_time > b->row.answer_time) -
			(a->row.answer_time < b->row.answer_time);

	return by_answer ? by_answer : strcmp(a->row.call_uid, b->row.call_uid);
}

int cg_keeper_finish(struct cg_keeper *keeper, __u64 now)
{
	int err;

	keeper->now = now;
	err = cg_violation_queue_run(keeper->violations, now);
	keeper->is_over = true;
	scan(keeper);
	if (keeper->n_left)
		qsort(keeper->left, keeper->n_left, sizeof(*keeper->left), compare_answers);
	for (size_t i = 0; i < keeper->n_left; i++)
		give_call(keeper, &keeper->left[i]);
	if (!err)
		err = cg_violation_queue_finish(keeper->violations, now);
	return keeper->err ? keeper->err : err;
}
