// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/calls/shares.c agent/calls/candidate_list.c
#include <stdlib.h>
#include <string.h>

#include "calls/candidate_list.h"
#include "calls/shares.h"
#include "tap.h"

static void v4(__u32 number, __u8 out[16])
{
	const __u8 addr[16] = { [10] = 0xff, 0xff, 10, number >> 16, number >> 8, number };

	memcpy(out, addr, 16);
}

static void addresses(void)
{
	const __u8 v6[16] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	const __u8 net[16] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4 };
	__u8 addr[16], out[16];

	cg_share_addr(v6, out);
	ok(!memcmp(out, net, 16), "shares: an IPv6 address counts with its /64");
	v4(0x010203, addr);
	cg_share_addr(addr, out);
	ok(!memcmp(out, addr, 16), "shares: an IPv4 address counts by itself");
}

static void counts(void)
{
	struct cg_shares *shares = cg_shares_new(1000);
	struct cg_share_entry *entry;
	__u32 slot = 0, sum = 0, n = 0;
	__u8 addr[16];

	for (int round = 0; round < 3; round++)
		for (__u32 i = 0; i < 1000; i++) {
			v4(i, addr);
			entry = cg_shares_get(shares, addr);
			if (entry && !(i % 7 && round))
				entry->dialogs++;
		}
	while ((entry = cg_shares_next(shares, &slot)))
		sum += entry->dialogs, n++;
	ok(n == 1000 && sum == 1000 + 2 * 143, "shares: each of 1,000 addresses keeps its count");
	v4(7, addr);
	entry = cg_shares_find(shares, addr);
	ok(entry && entry->dialogs == 3, "shares: an address is found with its count");
	entry->dialogs = 4;
	ok(cg_shares_most(shares) == entry, "shares: the address with most dialogs is named");
	v4(5000, addr);
	ok(!cg_shares_find(shares, addr) && !cg_shares_get(shares, addr),
	   "shares: a full table takes no further address");
	cg_shares_free(shares);
}

static void relays(void)
{
	ok(cg_share_is_large(101, 400), "shares: more than a quarter of all calls is large");
	ok(!cg_share_is_large(100, 400), "shares: near miss: a quarter is not");
	ok(!cg_share_is_large(99, 100), "shares: near miss: fewer than 100 calls are not");
}

static void candidates(void)
{
	struct cg_candidate_list *list = calloc(1, sizeof(*list));
	const unsigned int all = 3 * CG_CANDIDATES_MAX;
	bool sorted = true;

	/* 7919 is no factor of `all`: each time comes once, in no order */
	for (unsigned int i = 0; i < all; i++) {
		struct cg_dialog_key key = { .call = i * 7919ULL % all };

		cg_candidate_list_add(list, &key, 1000 + key.call);
	}
	cg_candidate_list_sort(list);
	for (unsigned int i = 0; i < list->count; i++)
		sorted &= list->items[i].at == 1000 + i && list->items[i].key.call == i;
	ok(list->count == CG_CANDIDATES_MAX && sorted,
	   "candidates: of three times as many the oldest stay, the oldest first");
	free(list);
}

int main(void)
{
	addresses();
	counts();
	relays();
	candidates();
	return tap_done();
}
