// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/dialog_tracker.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "calls/twins.h"
#include "calls/violation_row.h"

#define SLOTS_PER_RUN 16384

struct entry {
	struct cg_dialog_key key;
	__u64 fingerprint; /* of the last row queued; 0: none yet */
	__u64 ticket; /* of that row */
	__u64 unanswered; /* bye_at of the last BYE recorded as unanswered */
	__u32 scan; /* the last that found it */
	__u16 generation; /* of the file with that row */
	__u8 clock;
	bool closed_by_doubt : 1; /* as the last row queued says */
	bool in_breaker : 1; /* the breaker has counted it */
	bool is_in_the_way : 1; /* the map needs its place: a candidate end closes it at once */
	bool used : 1;
	struct cg_totals_part part;
};
_Static_assert(sizeof(struct entry) == 64, "a cache line");

struct cg_tracker {
	const struct cg_guard_maps *guard;
	struct cg_violations *violations; /* with the writer of all rows */
	const struct cg_limits *limits;
	const struct cg_origin *origin;
	struct cg_breaker *breaker;
	struct cg_recent *recent; /* may be NULL */
	struct cg_totals *totals;
	struct cg_living_calls *living; /* may be NULL */
	struct cg_twins *twins; /* NULL: the host has not masked Call-IDs so far */
	__u32 twins_slot; /* of its expiry; 0: done */
	__u64 durable;
	__u16 generation;
	__u32 scan;
	unsigned int clocks; /* bit mask, of the last complete scan */
	unsigned int clocks_so_far;
	unsigned int count, mask;
	struct entry *slots; /* open addressing, linear probing, at most half full */
};

struct cg_tracker *cg_tracker_new(const struct cg_guard_maps *guard,
				  struct cg_violations *violations, const struct cg_limits *limits,
				  const struct cg_origin *origin, struct cg_breaker *breaker,
				  struct cg_totals *totals)
{
	struct cg_tracker *tracker = calloc(1, sizeof(*tracker));
	size_t slots = 1024;

	if (!tracker)
		return NULL;
	while (slots < 2ULL * guard->config.max_dialogs)
		slots *= 2;
	*tracker = (struct cg_tracker){
		.guard = guard,
		.violations = violations,
		.limits = limits,
		.origin = origin,
		.breaker = breaker,
		.totals = totals,
		.scan = 1,
		.clocks = ~0u, /* all, until the first scan is complete */
		.mask = slots - 1,
		.slots = calloc(slots,
				sizeof(struct entry)), /* the kernel allocates pages on first use */
	};
	if (!tracker->slots) {
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
	free(tracker->slots);
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

static void pass_on(struct cg_tracker *tracker, const struct cg_dialog_key *key,
		    const struct cg_dialog *dialog)
{
	if (tracker->recent)
		cg_recent_update_dialog(tracker->recent, key, dialog);
	if (tracker->living)
		cg_living_calls_add_dialog(tracker->living, dialog, tracker->origin);
}

void cg_tracker_set_durable(struct cg_tracker *tracker, __u64 ticket, unsigned int generation)
{
	tracker->durable = ticket;
	tracker->generation = generation;
}

/* Returns the preferred slot of a key. Keys are hashes already. */
static unsigned int get_home_slot(const struct cg_tracker *tracker, const struct cg_dialog_key *key)
{
	return (key->call ^ key->tags) & tracker->mask;
}

/* Returns the entry of a dialog, a new one if needed; NULL: the table is full. */
static struct entry *get_entry(struct cg_tracker *tracker, const struct cg_dialog_key *key)
{
	unsigned int i = get_home_slot(tracker, key);

	for (; tracker->slots[i].used; i = (i + 1) & tracker->mask)
		if (!memcmp(&tracker->slots[i].key, key, sizeof(*key)))
			return &tracker->slots[i];
	if (tracker->count > tracker->mask / 2)
		return NULL; /* more than the map holds: something else deletes and inserts dialogs */
	tracker->slots[i] = (struct entry){ .key = *key, .used = true };
	tracker->count++;
	return &tracker->slots[i];
}

/* Removes an entry and closes the gap, so that all others are still found from their home slot. */
static void remove_entry(struct cg_tracker *tracker, struct entry *entry)
{
	unsigned int gap = entry - tracker->slots;

	cg_totals_remove(tracker->totals, &entry->part);
	for (unsigned int i = (gap + 1) & tracker->mask; tracker->slots[i].used;
	     i = (i + 1) & tracker->mask) {
		unsigned int from_home =
			(i - get_home_slot(tracker, &tracker->slots[i].key)) & tracker->mask;

		if (from_home < ((i - gap) & tracker->mask))
			continue;
		tracker->slots[gap] = tracker->slots[i];
		gap = i;
	}
	tracker->slots[gap].used = false;
	tracker->count--;
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

static __u64 put_row(struct cg_tracker *tracker, const struct cg_dialog *dialog, unsigned int due,
		     const struct cg_twin *twin)
{
	struct cg_cdr_row row;

	cg_cdr_fill_row(dialog, tracker->limits, tracker->origin, due, &row);
	if (twin)
		cg_twin_fill_row(twin, &row);
	return cg_writer_put(tracker->violations->writer, CG_TABLE_CDR, &row);
}

/*
 * Records that a call continued although doubt had closed its row. The new row opens the call
 * again, or has another end.
 */
static void put_alive(struct cg_tracker *tracker, const struct entry *entry,
		      const struct cg_dialog *dialog, unsigned int due, __u64 now)
{
	struct cg_violation_row row;

	if (!entry->closed_by_doubt || due & CG_DUE_DOUBT)
		return;
	cg_violation_fill_alive(&entry->key, dialog, now, tracker->origin, &row);
	cg_violations_put(tracker->violations, &row);
}

/*
 * Returns cg_cdr_due(). No candidate end is too young if the map needs the dialog's place, or if
 * its twin, which has the better witness, has ended.
 */
static unsigned int get_due(const struct cg_tracker *tracker, struct entry *entry,
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

/*
 * Deletes the dialog from the map. What the kernel changed since the last update is still written.
 * Returns whether the dialog is in the map again, because it has shown a sign of life since.
 */
static bool delete_dialog(struct cg_tracker *tracker, struct entry *entry, __u64 now)
{
	const struct cg_twin *twin;
	struct cg_dialog last;
	unsigned int due;
	bool back;

	if (bpf_map_lookup_and_delete_elem_flags(tracker->guard->dialogs_fd, &entry->key, &last,
						 BPF_F_LOCK)) {
		if (errno == ENOENT)
			remove_entry(tracker, entry);
		return errno != ENOENT;
	}
	twin = find_twin(tracker, &entry->key, &last, now);
	due = get_due(tracker, entry, &last, twin, now);
	back = !(due & CG_DUE_RETIRE) &&
	       !bpf_map_update_elem(tracker->guard->dialogs_fd, &entry->key, &last, BPF_NOEXIST);
	if (back)
		return true; /* the next scan writes its row */
	pass_on(tracker, &entry->key, &last);
	if (cg_twin_add_fingerprint(twin, cg_cdr_fingerprint(&last, due)) != entry->fingerprint &&
	    put_row(tracker, &last, due, twin))
		put_alive(tracker, entry, &last, due, now);
	cg_totals_update(tracker->totals, &entry->part, &last, tracker->limits, due, now);
	remove_entry(tracker, entry);
	return false;
}

/* Records once that a BYE stayed unanswered. */
static void put_unanswered(struct cg_tracker *tracker, struct entry *entry,
			   const struct cg_dialog *dialog)
{
	struct cg_violation_row row;

	if (entry->unanswered == dialog->bye_at)
		return;
	cg_violation_fill_unanswered(&entry->key, dialog, tracker->limits, tracker->origin, &row);
	if (cg_violations_put(tracker->violations, &row) != CG_VIOLATION_NO_SPACE)
		entry->unanswered = dialog->bye_at;
}

bool cg_tracker_update(struct cg_tracker *tracker, const struct cg_dialog_key *key,
		       const struct cg_dialog *dialog, __u64 now)
{
	const struct cg_twin *twin = find_twin(tracker, key, dialog, now);
	struct entry *entry = get_entry(tracker, key);
	__u64 fingerprint;
	unsigned int due;

	pass_on(tracker, key, dialog);
	if (!entry) {
		put_row(tracker, dialog, cg_cdr_due(dialog, tracker->limits, now), twin);
		return true;
	}
	due = get_due(tracker, entry, dialog, twin, now);
	fingerprint = cg_twin_add_fingerprint(twin, cg_cdr_fingerprint(dialog, due));
	entry->scan = tracker->scan;
	entry->clock = dialog->clock % CG_CLOCKS;
	cg_totals_update(tracker->totals, &entry->part, dialog, tracker->limits, due, now);
	if (!entry->in_breaker)
		entry->in_breaker = cg_breaker_update(tracker->breaker, dialog, now);
	if (due & CG_DUE_UNANSWERED)
		put_unanswered(tracker, entry, dialog);
	if (entry->fingerprint != fingerprint || entry->generation != tracker->generation) {
		__u64 ticket = put_row(tracker, dialog, due, twin);

		if (ticket) {
			put_alive(tracker, entry, dialog, due, now);
			entry->closed_by_doubt = due & CG_DUE_DOUBT;
			entry->fingerprint = fingerprint;
			entry->generation = tracker->generation;
			entry->ticket = ticket;
		}
	} else if (due & CG_DUE_RETIRE && entry->ticket <= tracker->durable) {
		return delete_dialog(tracker, entry, now);
	}
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

void cg_tracker_close_doubtful(struct cg_tracker *tracker, const struct cg_dialog_key *key,
			       __u64 now)
{
	struct entry *entry = get_entry(tracker, key);

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
	for (; i <= tracker->mask && i - from < SLOTS_PER_RUN; i++) {
		struct entry *entry = &tracker->slots[i];

		/* An entry that was moved may be skipped once; the next scan removes it. */
		if (entry->used && tracker->scan - entry->scan > 1)
			remove_entry(tracker, entry);
		if (entry->used)
			tracker->clocks_so_far |= 1u << entry->clock;
	}
	if (i <= tracker->mask)
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

unsigned int cg_tracker_count(const struct cg_tracker *tracker)
{
	return tracker->count;
}
