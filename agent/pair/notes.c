// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Shares the calls that ring: entries of maps `pending` and `branches` that are new since the last pass.
 * A pass reads both maps in batches, one in each turn of the loop. It begins at most four times a second,
 * and takes at most a tenth of a core.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pair/pair_internal.h"
#include "util/loop.h"

#define BATCH 256 /* entries at once */
#define PASS_NS (CG_SECOND / 4)
#define PASS_SHARE 10 /* of the time */

enum { NOTES, BRANCHES };

/* A set of entries, by a number that their keyed hashes make. Its room is twice what is in it. */
struct entry_set {
	__u64 *numbers; /* 0: free */
	size_t size, count;
};

struct cg_pair_notes {
	struct cg_pair *pair;
	sd_event_source *timer;
	struct entry_set before, now; /* of the last pass and of this one */
	int map; /* NOTES or BRANCHES */
	bool has_token;
	__u32 token;
	__u64 work; /* ns, of this pass */
	struct cg_txn_key keys[BATCH];
	union {
		struct cg_invite notes[BATCH];
		struct cg_branch branches[BATCH];
	} values;
};

/* --- sets ------------------------------------------------------------------------------------- */

static __u64 make_number(const struct cg_txn_key *key, int map)
{
	__u64 number = (key->call + 0x9e3779b97f4a7c15ULL * key->from) ^ (key->branch + map);

	return number ? number : 1;
}

static __u64 *find_place(const struct entry_set *set, __u64 number)
{
	size_t i = number & (set->size - 1);

	while (set->numbers[i] && set->numbers[i] != number)
		i = (i + 1) & (set->size - 1);
	return &set->numbers[i];
}

static bool set_has(const struct entry_set *set, __u64 number)
{
	return set->size && *find_place(set, number);
}

static int grow_set(struct entry_set *set)
{
	struct entry_set larger = { .size = set->size ? 2 * set->size : 1024, .count = set->count };

	larger.numbers = calloc(larger.size, sizeof(*larger.numbers));
	if (!larger.numbers)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++)
		if (set->numbers[i])
			*find_place(&larger, set->numbers[i]) = set->numbers[i];
	free(set->numbers);
	*set = larger;
	return 0;
}

/* Without memory the entry is published again in the next pass. */
static void add_to_set(struct entry_set *set, __u64 number)
{
	__u64 *place;

	if (2 * set->count >= set->size && grow_set(set))
		return;
	place = find_place(set, number);
	set->count += !*place;
	*place = number;
}

/* --- a pass ----------------------------------------------------------------------------------- */

static bool publish_note(struct cg_pair *pair, const struct cg_txn_key *key,
			 const struct cg_invite *note)
{
	static struct cg_record record = { .type = CG_RECORD_NOTE };

	record.txn = *key;
	cg_record_set_note(&record, note,
			   pair->guard->config.clock_offset[note->clock % CG_CLOCKS]);
	return cg_publish_record(pair, &record);
}

static bool publish_branch(struct cg_pair *pair, const struct cg_txn_key *key,
			   const struct cg_branch *branch)
{
	static struct cg_record record = { .type = CG_RECORD_BRANCH };
	const struct cg_config *config = &pair->guard->config;

	record.txn = *key;
	cg_record_set_branch(&record, branch, config->clock_offset[config->clock % CG_CLOCKS]);
	return cg_publish_record(pair, &record);
}

/* What could not be published is tried in the next pass. */
static void handle_entry(struct cg_pair_notes *notes, int i)
{
	const struct cg_txn_key *key = &notes->keys[i];
	__u64 number = make_number(key, notes->map);
	bool is_note = notes->map == NOTES;
	__u64 done = is_note ? notes->values.notes[i].done : notes->values.branches[i].done;
	bool is_known = done || set_has(&notes->before, number) || set_has(&notes->now, number);

	if (!is_known)
		is_known = is_note ? publish_note(notes->pair, key, &notes->values.notes[i])
				   : publish_branch(notes->pair, key, &notes->values.branches[i]);
	if (is_known)
		add_to_set(&notes->now, number);
}

/* Reads and handles a batch. True: the map has no more, or cannot be read. */
static bool run_batch(struct cg_pair_notes *notes)
{
	const struct cg_guard_maps *guard = notes->pair->guard;
	int fd = notes->map == NOTES ? guard->pending_fd : guard->branches_fd, err;
	__u32 count = BATCH, next = 0;

	err = bpf_map_lookup_batch(fd, notes->has_token ? &notes->token : NULL, &next, notes->keys,
				   &notes->values, &count, NULL)
		      ? -errno
		      : 0;
	if (err && err != -ENOENT)
		return true;
	notes->token = next;
	notes->has_token = true;
	for (__u32 i = 0; i < count; i++)
		handle_entry(notes, i);
	return err == -ENOENT;
}

static void finish_pass(struct cg_pair_notes *notes)
{
	__u64 rest = PASS_SHARE * notes->work;

	free(notes->before.numbers);
	notes->before = notes->now;
	notes->now = (struct entry_set){};
	notes->work = 0;
	notes->map = NOTES;
	cg_timer_set(notes->timer, rest > PASS_NS ? rest : PASS_NS);
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_pair_notes *notes = ctx;
	__u64 began = cg_boottime();
	bool done;

	(void)usec;
	if (!notes->pair->is_synced) { /* there is nobody to publish to */
		cg_timer_set(timer, PASS_NS);
		return 0;
	}
	done = run_batch(notes);
	notes->work += cg_boottime() - began;
	cg_timer_set(timer, 1);
	if (!done)
		return 0;
	notes->has_token = false;
	if (notes->map == BRANCHES)
		finish_pass(notes);
	else
		notes->map = BRANCHES;
	return 0;
}

/* --- what others share ------------------------------------------------------------------------ */

void cg_notes_insert(struct cg_pair *pair, const struct cg_record *record)
{
	const struct cg_config *config = &pair->guard->config;
	__u8 clock = config->clock % CG_CLOCKS;
	__s64 offset = config->clock_offset[clock];
	bool is_note = record->type == CG_RECORD_NOTE;
	struct cg_branch branch;
	struct cg_invite note;

	add_to_set(&pair->notes->now, make_number(&record->txn, is_note ? NOTES : BRANCHES));
	cg_record_get_note(record, clock, offset, &note);
	cg_record_get_branch(record, offset, &branch);
	if (is_note)
		bpf_map_update_elem(pair->guard->pending_fd, &record->txn, &note, BPF_NOEXIST);
	else
		bpf_map_update_elem(pair->guard->branches_fd, &record->txn, &branch, BPF_NOEXIST);
}

int cg_notes_new(struct cg_pair *pair, struct cg_pair_notes **out)
{
	struct cg_pair_notes *notes = calloc(1, sizeof(*notes));
	int err;

	if (!notes)
		return -ENOMEM;
	notes->pair = pair;
	err = cg_timer_add(pair->loop, &notes->timer, handle_timer, notes);
	if (err) {
		free(notes);
		return err;
	}
	cg_timer_set(notes->timer, PASS_NS);
	*out = notes;
	return 0;
}

void cg_notes_free(struct cg_pair_notes *notes)
{
	if (!notes)
		return;
	sd_event_source_disable_unref(notes->timer);
	free(notes->before.numbers);
	free(notes->now.numbers);
	free(notes);
}
