// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/dialog_tracker.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_A_TURN 16384

struct entry {
	struct cg_dialog_key key;
	__u64 fingerprint; /* of what was queued last; 0: nothing yet */
	__u64 ticket; /* ... its ticket */
	__u64 unanswered; /* bye_at of the BYE whose silence was recorded */
	__u32 sweep; /* the last that met it */
	__u16 file; /* that it was said into */
	__u8 clock;
	bool judged; /* the breaker has counted it */
	bool used;
	struct cg_totals_part part;
};
_Static_assert(sizeof(struct entry) == 64, "a cache line");

struct cg_tracker {
	int dialogs_fd;
	struct cg_writer *writer;
	const struct cg_limits *limits;
	const struct cg_origin *origin;
	struct cg_breaker *breaker;
	struct cg_recent *recent; /* may be NULL */
	struct cg_totals *totals;
	__u64 durable;
	__u16 file;
	__u32 sweep;
	unsigned int clocks, clocks_so_far;
	unsigned int count, mask;
	struct entry *slots; /* open addressing, linear probing, at most half full */
};

struct cg_tracker *cg_tracker_new(unsigned int max_dialogs, int dialogs_fd,
				  struct cg_writer *writer, const struct cg_limits *limits,
				  const struct cg_origin *origin, struct cg_breaker *breaker,
				  struct cg_totals *totals)
{
	struct cg_tracker *track = calloc(1, sizeof(*track));
	size_t slots = 1024;

	if (!track)
		return NULL;
	while (slots < 2ULL * max_dialogs)
		slots *= 2;
	*track = (struct cg_tracker){
		.dialogs_fd = dialogs_fd,
		.writer = writer,
		.limits = limits,
		.origin = origin,
		.breaker = breaker,
		.totals = totals,
		.sweep = 1,
		.clocks = ~0u, /* all, until a sweep knows better */
		.mask = slots - 1,
		.slots = calloc(slots, sizeof(struct entry)), /* pages come as they are touched */
	};
	if (!track->slots) {
		free(track);
		return NULL;
	}
	return track;
}

void cg_tracker_free(struct cg_tracker *track)
{
	if (!track)
		return;
	free(track->slots);
	free(track);
}

void cg_tracker_set_recent(struct cg_tracker *track, struct cg_recent *recent)
{
	track->recent = recent;
}

static void remember(struct cg_tracker *track, const struct cg_dialog_key *key,
		     const struct cg_dialog *dialog)
{
	if (track->recent)
		cg_recent_update_dialog(track->recent, key, dialog);
}

void cg_tracker_set_durable(struct cg_tracker *track, __u64 ticket, unsigned int anew)
{
	track->durable = ticket;
	track->file = anew;
}

/* Keys are keyed hashes already. */
static unsigned int home(const struct cg_tracker *track, const struct cg_dialog_key *key)
{
	return (key->call ^ key->tags) & track->mask;
}

static struct entry *find(struct cg_tracker *track, const struct cg_dialog_key *key)
{
	unsigned int i = home(track, key);

	for (; track->slots[i].used; i = (i + 1) & track->mask)
		if (!memcmp(&track->slots[i].key, key, sizeof(*key)))
			return &track->slots[i];
	if (track->count > track->mask / 2)
		return NULL; /* more dialogs than the map can hold: somebody deletes and inserts */
	track->slots[i] = (struct entry){ .key = *key, .used = true };
	track->count++;
	return &track->slots[i];
}

/* Closes the gap, so that every entry is still reached from its home. */
static void forget(struct cg_tracker *track, struct entry *entry)
{
	unsigned int gap = entry - track->slots;

	cg_totals_remove(track->totals, &entry->part);
	for (unsigned int i = (gap + 1) & track->mask; track->slots[i].used;
	     i = (i + 1) & track->mask) {
		unsigned int from_home = (i - home(track, &track->slots[i].key)) & track->mask;

		if (from_home < ((i - gap) & track->mask))
			continue;
		track->slots[gap] = track->slots[i];
		gap = i;
	}
	track->slots[gap].used = false;
	track->count--;
}

static __u64 put_row(struct cg_tracker *track, const struct cg_dialog *dialog, unsigned int due)
{
	struct cg_cdr_row row;

	cg_cdr_fill_row(dialog, track->limits, track->origin, due, &row);
	return cg_writer_put(track->writer, CG_TABLE_CDR, &row);
}

/* Deletes the dialog; what the kernel wrote to it since the last look is said after all. */
static void retire(struct cg_tracker *track, struct entry *entry, __u64 now)
{
	struct cg_dialog last;
	unsigned int due;

	if (bpf_map_lookup_and_delete_elem_flags(track->dialogs_fd, &entry->key, &last,
						 BPF_F_LOCK)) {
		if (errno == ENOENT)
			forget(track, entry);
		return;
	}
	remember(track, &entry->key, &last);
	due = cg_cdr_due(&last, track->limits, now);
	if (cg_cdr_fingerprint(&last, due) != entry->fingerprint)
		put_row(track, &last, due);
	cg_totals_update(track->totals, &entry->part, &last, track->limits, due, now);
	forget(track, entry);
}

void cg_tracker_update(struct cg_tracker *track, const struct cg_dialog_key *key,
		       const struct cg_dialog *dialog, __u64 now)
{
	unsigned int due = cg_cdr_due(dialog, track->limits, now);
	__u64 fingerprint = cg_cdr_fingerprint(dialog, due);
	struct entry *entry = find(track, key);
	struct cg_violation_row violation;

	remember(track, key, dialog);
	if (!entry) {
		put_row(track, dialog, due);
		return;
	}
	entry->sweep = track->sweep;
	entry->clock = dialog->clock % CG_CLOCKS;
	cg_totals_update(track->totals, &entry->part, dialog, track->limits, due, now);
	if (!entry->judged)
		entry->judged = cg_breaker_update(track->breaker, dialog, now);
	if (due & CG_DUE_UNANSWERED && entry->unanswered != dialog->bye_at) {
		cg_cdr_fill_unanswered(key, dialog, track->limits, track->origin, &violation);
		if (cg_writer_put(track->writer, CG_TABLE_VIOLATION, &violation))
			entry->unanswered = dialog->bye_at;
	}
	if (entry->fingerprint != fingerprint || entry->file != track->file) {
		__u64 ticket = put_row(track, dialog, due);

		if (ticket) {
			entry->fingerprint = fingerprint;
			entry->file = track->file;
			entry->ticket = ticket;
		}
	} else if (due & CG_DUE_RETIRE && entry->ticket <= track->durable) {
		retire(track, entry, now);
	}
}

int cg_tracker_fetch(struct cg_tracker *track, const struct cg_dialog_key *key, __u64 now)
{
	struct cg_dialog dialog;

	if (bpf_map_lookup_elem_flags(track->dialogs_fd, key, &dialog, BPF_F_LOCK))
		return -errno;
	cg_tracker_update(track, key, &dialog, now);
	return 0;
}

unsigned int cg_tracker_expire(struct cg_tracker *track, unsigned int from)
{
	unsigned int i = from;

	if (!from)
		track->clocks_so_far = 0;
	for (; i <= track->mask && i - from < SLOTS_A_TURN; i++) {
		struct entry *entry = &track->slots[i];

		/* A moved entry may be passed over once: the next sweep has it. */
		if (entry->used && track->sweep - entry->sweep > 1)
			forget(track, entry);
		if (entry->used)
			track->clocks_so_far |= 1u << entry->clock;
	}
	if (i <= track->mask)
		return i;
	track->clocks = track->clocks_so_far;
	return 0;
}

void cg_tracker_next_scan(struct cg_tracker *track)
{
	track->sweep++;
}

unsigned int cg_tracker_clocks(const struct cg_tracker *track)
{
	return track->clocks;
}

unsigned int cg_tracker_count(const struct cg_tracker *track)
{
	return track->count;
}
