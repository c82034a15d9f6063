// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/dialog_tracker.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/dialog_tracker_internal.h"
#include "ingest/foreign_dialogs.h"

#define SLOTS_PER_RUN 16384

struct cg_tracker *cg_tracker_new(const struct cg_guard_maps *guard,
				  struct cg_violations *violations, const struct cg_limits *limits,
				  const struct cg_origin *origin, struct cg_breaker *breaker,
				  struct cg_totals *totals)
{
	struct cg_tracker *tracker = calloc(1, sizeof(*tracker));

	if (!tracker)
		return NULL;
	*tracker = (struct cg_tracker){
		.guard = guard,
		.violations = violations,
		.limits = limits,
		.origin = origin,
		.breaker = breaker,
		.totals = totals,
		.scan = 1,
		.clocks = ~0u, /* all, until the first scan is complete */
	};
	if (cg_dialog_table_init(&tracker->table, guard->config.max_dialogs)) {
		free(tracker);
		return NULL;
	}
	return tracker;
}

void cg_tracker_free(struct cg_tracker *tracker)
{
	if (!tracker)
		return;
	cg_twins_free(tracker->twins);
	cg_dialog_table_free(&tracker->table);
	free(tracker);
}

void cg_tracker_set_recent(struct cg_tracker *tracker, struct cg_recent *recent)
{
	tracker->recent = recent;
}

void cg_tracker_set_living(struct cg_tracker *tracker, struct cg_living_calls *living)
{
	tracker->living = living;
}

void cg_tracker_set_pair(struct cg_tracker *tracker, struct cg_pair *pair)
{
	tracker->pair = pair;
}

static void pass_on(struct cg_tracker *tracker, const struct cg_dialog_key *key,
		    const struct cg_dialog *dialog)
{
	if (tracker->recent)
		cg_recent_update_dialog(tracker->recent, key, dialog);
	if (tracker->living &&
	    !dialog->peer) /* the rows of other nodes are not this one's to close */
		cg_living_calls_add_dialog(tracker->living, dialog, tracker->origin);
}

void cg_tracker_set_durable(struct cg_tracker *tracker, __u64 ticket, unsigned int generation)
{
	tracker->durable = ticket;
	tracker->generation = generation;
}

/* Of a dialog that has left the map. */
static void remove_entry(struct cg_tracker *tracker, struct cg_dialog_entry *entry)
{
	cg_pair_publish_gone(tracker->pair, &entry->key);
	cg_totals_remove(tracker->totals, &entry->part);
	cg_dialog_table_remove(&tracker->table, entry);
}

/* Adds a call of this host to the sums. */
static void count_dialog(struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			 const struct cg_dialog *dialog, const struct cg_duty *duty, __u64 now)
{
	if (!duty->is_counted)
		return;
	cg_totals_update(tracker->totals, &entry->part, dialog, tracker->limits, duty->due, now);
	if (!entry->in_breaker)
		entry->in_breaker = cg_breaker_update(tracker->breaker, dialog, now);
}

/* Returns the other dialog of this call, on a host that masks the Call-ID; NULL: none is known. */
static const struct cg_twin *find_twin(struct cg_tracker *tracker, const struct cg_dialog_key *key,
				       const struct cg_dialog *dialog, __u64 now)
{
	const struct cg_config *config = &tracker->guard->config;

	if (config->masks_call_id && !tracker->twins)
		tracker->twins = cg_twins_new(config->max_dialogs);
	if (!tracker->twins)
		return NULL;
	return cg_twins_update(tracker->twins, key, dialog, config->masks_call_id, now);
}

/*
 * Returns cg_cdr_due(). No candidate end is too young if the map needs the dialog's place, or if
 * its twin, which has the better witness, has ended.
 */
static unsigned int get_due(const struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			    const struct cg_dialog *dialog, const struct cg_twin *twin, __u64 now)
{
	struct cg_limits limits = *tracker->limits;
	unsigned int due;

	if (entry->is_in_the_way ||
	    (twin && twin->has_ended && twin->rank > cg_dialog_witness_rank(dialog)))
		limits.doubt = 0;
	due = cg_cdr_due(dialog, &limits, now);
	if (!(due & (CG_DUE_DOUBT | CG_DUE_SILENT)))
		entry->is_in_the_way = false; /* it has ended, or shown a sign of life */
	return entry->is_in_the_way ? due | CG_DUE_RETIRE : due;
}

/* Returns what of it this host has to do. */
static struct cg_duty get_duty(const struct cg_tracker *tracker, struct cg_dialog_entry *entry,
			       const struct cg_dialog *dialog, const struct cg_twin *twin,
			       __u64 now)
{
	bool is_gone = dialog->peer &&
		       (!tracker->pair || cg_pair_peer_is_gone(tracker->pair, dialog->peer, now));
	struct cg_duty duty = cg_dialog_duty(dialog, tracker->limits, is_gone,
					     get_due(tracker, entry, dialog, twin, now), now);

	if (dialog->peer && !*cg_pair_node(tracker->pair, dialog->peer))
		duty.has_row = false; /* without a name: the pair was left */
	return duty;
}

/*
 * Deletes the dialog from the map. What the kernel changed since the last update is still written.
 * Returns whether the dialog is in the map again, because it has shown a sign of life since.
 */
static bool delete_dialog(struct cg_tracker *tracker, struct cg_dialog_entry *entry, __u64 now)
{
	const struct cg_twin *twin;
	struct cg_dialog last;
	struct cg_duty duty;
	bool back;

	if (bpf_map_lookup_and_delete_elem_flags(tracker->guard->dialogs_fd, &entry->key, &last,
						 BPF_F_LOCK)) {
		if (errno == ENOENT)
			remove_entry(tracker, entry);
		return errno != ENOENT;
	}
	twin = find_twin(tracker, &entry->key, &last, now);
	duty = get_duty(tracker, entry, &last, twin, now);
	back = !(duty.due & CG_DUE_RETIRE) &&
	       !bpf_map_update_elem(tracker->guard->dialogs_fd, &entry->key, &last, BPF_NOEXIST);
	if (back)
		return true; /* the next scan writes its row */
	pass_on(tracker, &entry->key, &last);
	if (duty.has_row)
		cg_tracker_update_row(tracker, entry, &last, duty.due, twin, now);
	count_dialog(tracker, entry, &last, &duty, now);
	remove_entry(tracker, entry);
	return false;
}

bool cg_tracker_update(struct cg_tracker *tracker, const struct cg_dialog_key *key,
		       const struct cg_dialog *dialog, __u64 now)
{
	const struct cg_twin *twin = find_twin(tracker, key, dialog, now);
	struct cg_dialog_entry *entry = cg_dialog_table_get(&tracker->table, key);
	struct cg_duty duty;

	pass_on(tracker, key, dialog);
	cg_pair_publish(tracker->pair, key, dialog);
	if (!entry) {
		if (!dialog->peer)
			cg_tracker_put_row(tracker, dialog,
					   cg_cdr_due(dialog, tracker->limits, now), twin);
		return true;
	}
	duty = get_duty(tracker, entry, dialog, twin, now);
	entry->scan = tracker->scan;
	entry->clock = dialog->clock % CG_CLOCKS;
	cg_dialog_table_set_foreign(&tracker->table, entry, dialog->peer);
	count_dialog(tracker, entry, dialog, &duty, now);
	if (duty.due & CG_DUE_UNANSWERED)
		cg_tracker_put_unanswered(tracker, entry, dialog);
	if (duty.has_row && cg_tracker_update_row(tracker, entry, dialog, duty.due, twin, now))
		return true;
	if (duty.due & CG_DUE_RETIRE && (!duty.has_row || entry->ticket <= tracker->durable))
		return delete_dialog(tracker, entry, now);
	return true;
}

int cg_tracker_fetch(struct cg_tracker *tracker, const struct cg_dialog_key *key, __u64 now)
{
	struct cg_dialog dialog;

	if (bpf_map_lookup_elem_flags(tracker->guard->dialogs_fd, key, &dialog, BPF_F_LOCK))
		return -errno;
	cg_tracker_update(tracker, key, &dialog, now);
	return 0;
}

void cg_tracker_drop_foreign(struct cg_tracker *tracker, const struct cg_dialog_key *key)
{
	const int fd = tracker->guard->dialogs_fd;
	struct cg_dialog_entry *entry;
	struct cg_dialog dialog;

	if (bpf_map_lookup_elem_flags(fd, key, &dialog, BPF_F_LOCK) ||
	    cg_dialog_is_counted(&dialog) ||
	    bpf_map_lookup_and_delete_elem_flags(fd, key, &dialog, BPF_F_LOCK))
		return;
	if (cg_dialog_is_counted(&dialog)) { /* meanwhile */
		bpf_map_update_elem(fd, key, &dialog, BPF_NOEXIST);
		return;
	}
	entry = cg_dialog_table_find(&tracker->table, key);
	if (entry)
		remove_entry(tracker, entry);
}

void cg_tracker_close_doubtful(struct cg_tracker *tracker, const struct cg_dialog_key *key,
			       __u64 now)
{
	struct cg_dialog_entry *entry = cg_dialog_table_get(&tracker->table, key);

	if (!entry)
		return;
	entry->is_in_the_way = true;
	cg_tracker_fetch(tracker, key, now);
}

unsigned int cg_tracker_expire(struct cg_tracker *tracker, unsigned int from)
{
	unsigned int i = from;

	if (!from)
		tracker->clocks_so_far = 0;
	if (tracker->twins && (!from || tracker->twins_slot))
		tracker->twins_slot = cg_twins_expire(tracker->twins, tracker->twins_slot);
	for (; i <= tracker->table.mask && i - from < SLOTS_PER_RUN; i++) {
		struct cg_dialog_entry *entry = &tracker->table.slots[i];

		/* An entry that was moved may be skipped once; the next scan removes it. */
		if (entry->used && tracker->scan - entry->scan > 1)
			remove_entry(tracker, entry);
		if (entry->used)
			tracker->clocks_so_far |= 1u << entry->clock;
	}
	if (i <= tracker->table.mask)
		return i;
	tracker->clocks = tracker->clocks_so_far;
	return 0;
}

void cg_tracker_next_scan(struct cg_tracker *tracker)
{
	tracker->scan++;
	if (tracker->twins)
		cg_twins_next_scan(tracker->twins);
}

unsigned int cg_tracker_clocks(const struct cg_tracker *tracker)
{
	return tracker->clocks;
}

unsigned int cg_tracker_foreign_count(const struct cg_tracker *tracker)
{
	return tracker->table.n_foreign;
}

unsigned int cg_tracker_count(const struct cg_tracker *tracker)
{
	return tracker->table.count;
}
