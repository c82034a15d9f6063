// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/share_count.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/foreign_dialogs.h"
#include "util/clock.h"

#define SMALL_PART 16 /* an address with less of its share is not added to the map */

enum stage { CORRECT, ADD };
enum class { UNCHECKED, BOUND, EXEMPT };

struct cg_share_count {
	const struct cg_guard_maps *guard;
	struct cg_shares *shares; /* NULL: no memory for this scan */
	struct cg_shares *to_gateways; /* a set of notes, by make_note_key() */
	__u64 begin; /* of this scan: later entries are in what the kernel adds */
	struct cg_usage usage; /* entries found by this scan */
	struct cg_usage usage_base; /* map `usage` at its begin */
	struct cg_share_most most, most_so_far;
	enum stage stage;
	bool has_token; /* token is the position in map `shares` */
	__u32 token;
	__u32 slot; /* ADD: position in the table */
	__u8 keys[CG_SHARE_BATCH][16];
	struct cg_share values[CG_SHARE_BATCH];
};

struct cg_share_count *cg_share_count_new(const struct cg_guard_maps *guard)
{
	struct cg_share_count *count = calloc(1, sizeof(*count));

	if (count)
		count->guard = guard;
	return count;
}

void cg_share_count_free(struct cg_share_count *count)
{
	if (!count)
		return;
	cg_shares_free(count->shares);
	cg_shares_free(count->to_gateways);
	free(count);
}

/*
 * Reads the next values of map `shares`. Returns their number, or -errno. *end: there are no more.
 */
static int read_batch(struct cg_share_count *count, bool *end)
{
	DECLARE_LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u32 n = CG_SHARE_BATCH, next = 0;
	int err = 0;

	if (bpf_map_lookup_batch(count->guard->shares_fd, count->has_token ? &count->token : NULL,
				 &next, count->keys, count->values, &n, &opts))
		err = -errno;
	if (err && err != -ENOENT)
		return err;
	count->token = next;
	count->has_token = !err;
	*end = err;
	return n;
}

static void set_base(struct cg_shares *shares, const __u8 addr[16], const struct cg_share *base)
{
	struct cg_share_entry *entry = cg_shares_get(shares, addr);

	if (entry)
		entry->base = *base;
}

/*
 * Stores the present values of the maps. All of `shares` at once: it holds CG_SHARES_MAX values, a
 * few milliseconds.
 */
static void note_base(struct cg_share_count *count)
{
	int n = 1, left = CG_SHARES_MAX;
	bool end = !count->shares;
	__u32 zero = 0;

	count->begin = cg_boottime();
	if (bpf_map_lookup_elem(count->guard->usage_fd, &zero, &count->usage_base))
		count->usage_base = (struct cg_usage){};
	while (!end && n > 0 && left > 0) {
		n = read_batch(count, &end);
		for (int i = 0; i < n; i++)
			set_base(count->shares, count->keys[i], &count->values[i]);
		left -= n;
	}
	count->has_token = false;
}

void cg_share_count_start(struct cg_share_count *count)
{
	__u32 max = count->guard->config.max_dialogs;

	cg_shares_free(count->shares);
	cg_shares_free(count->to_gateways);
	count->shares = cg_shares_new(max + cg_pending_max(max) + CG_SHARES_MAX);
	count->to_gateways = cg_shares_new(cg_pending_max(max));
	count->usage = (struct cg_usage){};
	count->most_so_far = (struct cg_share_most){};
	count->stage = CORRECT;
	count->has_token = false;
	count->slot = 0;
	note_base(count);
}

/* Returns an enum cg_addr_class. All but CG_ADDR_OTHER are bound by no share. */
static __u32 get_class(const struct cg_share_count *count, const __u8 addr[16])
{
	struct cg_prefix prefix = { .bits = 128 };
	__u32 class;

	memcpy(prefix.addr, addr, 16);
	if (bpf_map_lookup_elem(count->guard->gateways_fd, &prefix, &class))
		return CG_ADDR_OTHER;
	return class;
}

/* Returns the entry of an address that is bound by a share, else NULL. */
static struct cg_share_entry *get_bound(struct cg_share_count *count, const __u8 addr[16])
{
	struct cg_share_entry *entry;
	__u8 key[16];

	cg_share_addr(addr, key);
	entry = count->shares ? cg_shares_get(count->shares, key) : NULL;
	if (!entry)
		return NULL;
	/* Of an IPv6 /64 one address may be a relay, and the next one not. */
	if (entry->class == UNCHECKED || memcmp(addr, key, 16))
		entry->class = get_class(count, addr) == CG_ADDR_OTHER ? BOUND : EXEMPT;
	return entry->class == BOUND ? entry : NULL;
}

void cg_share_count_add_dialog(struct cg_share_count *count, const struct cg_dialog *dialog)
{
	struct cg_share_entry *entry;

	if (!cg_time_is_after(count->begin, dialog->answer))
		return;
	count->usage.dialogs++;
	if (!cg_dialog_is_counted(dialog) ||
	    !cg_caller_has_share(dialog->caller_flags, dialog->callee_flags))
		return;
	entry = get_bound(count, dialog->caller.addr);
	if (entry)
		entry->dialogs++;
}

/* All words of the key are keyed hashes. */
static void make_note_key(const struct cg_txn_key *key, __u64 note, __u8 out[16])
{
	const __u64 words[2] = { key->call ^ key->from, note };

	memcpy(out, words, sizeof(words));
}

void cg_share_count_add_branch(struct cg_share_count *count, const struct cg_txn_key *key,
			       const struct cg_branch *branch)
{
	__u8 note[16];

	if (cg_time_is_after(count->begin, branch->renewed)) {
		count->usage.branches++;
		count->usage.hep_branches += !!(branch->flags & CG_B_HEP);
	}
	if (!count->to_gateways || get_class(count, branch->sent_to) != CG_ADDR_GATEWAY)
		return;
	make_note_key(key, branch->note, note);
	cg_shares_get(count->to_gateways, note);
}

void cg_share_count_add_pending(struct cg_share_count *count, const struct cg_txn_key *key,
				const struct cg_invite *note)
{
	struct cg_share_entry *entry;
	__u8 note_key[16];

	if (!cg_time_is_after(count->begin, note->setup))
		return;
	count->usage.pending++;
	make_note_key(key, key->branch, note_key);
	if (note->flags & CG_I_LOCAL ||
	    (count->to_gateways && cg_shares_find(count->to_gateways, note_key)))
		return;
	entry = get_bound(count, note->caller_addr);
	if (entry)
		entry->pending++;
}

/*
 * What the kernel has added since the base. It began again at 0 if the value was evicted meanwhile.
 */
static __u32 get_added(__u32 now, __u32 base)
{
	return now >= base ? now - base : now;
}

/* Sets the number of an address that map `shares` holds. */
static void correct_entry(struct cg_share_count *count, const __u8 addr[16])
{
	static const struct cg_share_entry nobody;
	struct cg_share_entry *entry = cg_shares_find(count->shares, addr);
	const struct cg_share_entry *counted = entry ? entry : &nobody;
	struct cg_share found, value;

	if (entry)
		entry->written = true;
	if (bpf_map_lookup_elem(count->guard->shares_fd, addr, &found))
		return; /* evicted */
	value = (struct cg_share){
		.dialogs = counted->dialogs + get_added(found.dialogs, counted->base.dialogs),
		.pending = counted->pending + get_added(found.pending, counted->base.pending),
		.row_at = found.row_at,
	};
	if (value.dialogs != found.dialogs || value.pending != found.pending)
		bpf_map_update_elem(count->guard->shares_fd, addr, &value, BPF_EXIST);
}

static int correct_batch(struct cg_share_count *count)
{
	bool end;
	int n = read_batch(count, &end);

	for (int i = 0; i < n; i++)
		correct_entry(count, count->keys[i]);
	if (n >= 0 && end)
		count->stage = ADD;
	return n < 0 ? n : 0;
}

static int correct_usage(struct cg_share_count *count)
{
	struct cg_usage value;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(count->guard->usage_fd, &zero, &value))
		return -errno;
	value.dialogs = count->usage.dialogs + get_added(value.dialogs, count->usage_base.dialogs);
	value.pending = count->usage.pending + get_added(value.pending, count->usage_base.pending);
	value.branches =
		count->usage.branches + get_added(value.branches, count->usage_base.branches);
	value.hep_branches = count->usage.hep_branches +
			     get_added(value.hep_branches, count->usage_base.hep_branches);
	return bpf_map_update_elem(count->guard->usage_fd, &zero, &value, BPF_ANY) ? -errno : 0;
}

static bool entry_is_small(const struct cg_share_count *count, const struct cg_share_entry *entry)
{
	__u32 max = count->guard->config.max_dialogs,
	      part = count->guard->config.share * SMALL_PART;

	return !part ||
	       (entry->dialogs < max / part && entry->pending < cg_pending_max(max) / part);
}

/*
 * Adds the addresses that the map lacks, because it was made after their calls, or has evicted
 * them. Small ones would evict others.
 */
static int add_batch(struct cg_share_count *count)
{
	const struct cg_share_entry *entry = NULL;

	for (int i = 0; i < CG_SHARE_BATCH; i++) {
		struct cg_share value;

		entry = cg_shares_next(count->shares, &count->slot);
		if (!entry)
			break;
		if (entry->dialogs > count->most_so_far.dialogs) {
			memcpy(count->most_so_far.addr, entry->addr, 16);
			count->most_so_far.dialogs = entry->dialogs;
		}
		value = (struct cg_share){ .dialogs = entry->dialogs, .pending = entry->pending };
		if (!entry->written && !entry_is_small(count, entry))
			bpf_map_update_elem(count->guard->shares_fd, entry->addr, &value,
					    BPF_NOEXIST);
	}
	return !entry;
}

int cg_share_count_write(struct cg_share_count *count)
{
	int err;

	if (!count->shares)
		return 1;
	if (count->stage == CORRECT)
		return correct_batch(count);
	if (!add_batch(count))
		return 0;
	count->most = count->most_so_far;
	err = correct_usage(count);
	return err ? err : 1;
}

void cg_share_count_get_most(const struct cg_share_count *count, struct cg_share_most *most)
{
	*most = count->most;
}
