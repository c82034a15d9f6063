// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_counts.h"

#include <string.h>

/*
 * Returns the sender's entry, which takes the place of the one that is silent for the longest time.
 */
static struct cg_hep_sender *get_sender(struct cg_hep_counts *counts, const __u8 addr[16])
{
	struct cg_hep_sender *oldest = counts->senders;

	for (int i = 0; i < CG_HEP_SENDERS_MAX; i++) {
		struct cg_hep_sender *sender = &counts->senders[i];

		if (sender->last && !memcmp(sender->addr, addr, 16))
			return sender;
		if (sender->last < oldest->last)
			oldest = sender;
	}
	*oldest = (struct cg_hep_sender){};
	memcpy(oldest->addr, addr, 16);
	return oldest;
}

void cg_hep_count(struct cg_hep_counts *counts, const __u8 addr[16], enum cg_hep_fate fate,
		  bool clock_off, __u64 now)
{
	struct cg_hep_sender *sender = get_sender(counts, addr);

	sender->last = now;
	sender->fates[fate]++;
	sender->clock_off += clock_off;
	counts->fates[fate]++;
	counts->clock_off += clock_off;
}

const struct cg_hep_sender *cg_hep_find_most(const struct cg_hep_counts *counts,
					     enum cg_hep_fate fate)
{
	const struct cg_hep_sender *most = NULL;

	for (int i = 0; i < CG_HEP_SENDERS_MAX; i++)
		if (counts->senders[i].fates[fate] &&
		    (!most || counts->senders[i].fates[fate] > most->fates[fate]))
			most = &counts->senders[i];
	return most;
}

bool cg_hep_fate_is_fault(enum cg_hep_fate fate)
{
	return fate == CG_HEP_DAMAGED || fate == CG_HEP_BAD_KEY || fate == CG_HEP_NO_ADDRESS ||
	       fate == CG_HEP_SAME_ADDRESS || fate == CG_HEP_MIXED_FAMILIES ||
	       fate == CG_HEP_NO_HOST;
}
