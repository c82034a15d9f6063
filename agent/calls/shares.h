/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counts of map entries by address: whose calls and INVITEs fill `dialogs` and `pending`. An IPv6
 * address counts by its /64, because a customer has all addresses of it. No maps, no clock.
 */
#ifndef CG_CALLS_SHARES_H
#define CG_CALLS_SHARES_H

#include <linux/types.h>
#include <stdbool.h>

#include "cseqguard.h"

#define CG_SHARE_MANY_PERCENT 25 /* an address with more of all calls may be a relay */
#define CG_SHARE_MANY_CALLS 100 /* ... if it has at least these */

struct cg_share_entry {
	__u8 addr[16];
	__u32 dialogs, pending;
	bool used;
	bool written; /* this and the next are free for the caller, 0 in a new entry */
	__u8 class;
	struct cg_share base;
};

struct cg_shares;

/* For up to `max` addresses. Memory is used as addresses come. NULL: no memory. */
struct cg_shares *cg_shares_new(__u32 max);
void cg_shares_free(struct cg_shares *shares);

/*
 * Returns the entry of an address as cg_share_addr() made it, a new one with zeros if needed; NULL:
 * the table is full.
 */
struct cg_share_entry *cg_shares_get(struct cg_shares *shares, const __u8 addr[16]);
/* Returns the entry of an address, or NULL. */
struct cg_share_entry *cg_shares_find(struct cg_shares *shares, const __u8 addr[16]);

/* Returns the next used entry after *slot, which starts at 0, or NULL. */
struct cg_share_entry *cg_shares_next(struct cg_shares *shares, __u32 *slot);

/* Returns the entry with the most dialogs, or NULL. */
const struct cg_share_entry *cg_shares_most(struct cg_shares *shares);

/* Returns whether an address with `calls` of `all` calls may be a relay. */
static inline bool cg_share_is_large(__u32 calls, __u32 all)
{
	return calls >= CG_SHARE_MANY_CALLS && calls * 100ULL > all * (__u64)CG_SHARE_MANY_PERCENT;
}

#endif
