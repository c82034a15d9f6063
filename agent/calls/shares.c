// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "calls/shares.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct cg_shares {
	__u64 seed; /* senders choose addresses: they must not know which ones collide */
	__u32 max, count, mask;
	struct cg_share_entry *slots; /* open addressing, linear probing, at most half full */
};

struct cg_shares *cg_shares_new(__u32 max)
{
	struct cg_shares *shares = calloc(1, sizeof(*shares));
	size_t slots = 64;

	if (!shares)
		return NULL;
	while (slots < 2ULL * max)
		slots *= 2;
	shares->max = max;
	shares->mask = slots - 1;
	shares->slots = calloc(slots, sizeof(*shares->slots)); /* pages come on first use */
	if (!shares->slots ||
	    getrandom(&shares->seed, sizeof(shares->seed), 0) != sizeof(shares->seed)) {
		cg_shares_free(shares);
		return NULL;
	}
	return shares;
}

void cg_shares_free(struct cg_shares *shares)
{
	if (!shares)
		return;
	free(shares->slots);
	free(shares);
}

static __u32 get_home_slot(const struct cg_shares *shares, const __u8 addr[16])
{
	__u64 word, hash = shares->seed;

	for (int i = 0; i < 16; i += 8) {
		memcpy(&word, addr + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return hash & shares->mask;
}

/* Returns the entry of the address, or the free one where it belongs. */
static struct cg_share_entry *probe(struct cg_shares *shares, const __u8 addr[16])
{
	__u32 i = get_home_slot(shares, addr);

	while (shares->slots[i].used && memcmp(shares->slots[i].addr, addr, 16))
		i = (i + 1) & shares->mask;
	return &shares->slots[i];
}

struct cg_share_entry *cg_shares_find(struct cg_shares *shares, const __u8 addr[16])
{
	struct cg_share_entry *entry = probe(shares, addr);

	return entry->used ? entry : NULL;
}

struct cg_share_entry *cg_shares_get(struct cg_shares *shares, const __u8 addr[16])
{
	struct cg_share_entry *entry = probe(shares, addr);

	if (entry->used)
		return entry;
	if (shares->count == shares->max)
		return NULL;
	memcpy(entry->addr, addr, 16);
	entry->used = true;
	shares->count++;
	return entry;
}

struct cg_share_entry *cg_shares_next(struct cg_shares *shares, __u32 *slot)
{
	while (*slot <= shares->mask) {
		struct cg_share_entry *entry = &shares->slots[(*slot)++];

		if (entry->used)
			return entry;
	}
	return NULL;
}

const struct cg_share_entry *cg_shares_most(struct cg_shares *shares)
{
	const struct cg_share_entry *entry, *most = NULL;
	__u32 slot = 0;

	while ((entry = cg_shares_next(shares, &slot)))
		if (!most || entry->dialogs > most->dialogs)
			most = entry;
	return most;
}
