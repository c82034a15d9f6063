/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What has become of the records, in all and of each sender. Bounded: the sender longest silent
 * gives way.
 */
#ifndef CG_HEP_HEP_COUNTS_H
#define CG_HEP_HEP_COUNTS_H

#include "hep/hep_sift.h"

#define CG_HEP_SENDERS_MAX 32

struct cg_hep_sender {
	__u8 addr[16];
	__u64 last; /* CLOCK_BOOTTIME, ns; 0: the entry is free */
	__u64 fates[CG_HEP_FATES];
	__u64 clock_off;
};

struct cg_hep_counts { /* zero it first */
	__u64 fates[CG_HEP_FATES];
	__u64 clock_off; /* JUDGED, with a time that is not believed */
	__u64 lost; /* datagrams that the kernel dropped, because they came too fast */
	struct cg_hep_sender senders[CG_HEP_SENDERS_MAX];
};

struct cg_hep_status {
	struct cg_hep_counts counts;
	unsigned int waiting; /* for those that are to come before */
	unsigned int connections;
	bool has_program, has_key;
	const char *address;
};

void cg_hep_count(struct cg_hep_counts *counts, const __u8 sender[16], enum cg_hep_fate fate,
		  bool clock_off, __u64 now);

/* Returns the sender with most records of this fate, or NULL. */
const struct cg_hep_sender *cg_hep_find_most(const struct cg_hep_counts *counts,
					     enum cg_hep_fate fate);

/* True if the operator has to look for the cause at the sender. */
bool cg_hep_fate_is_fault(enum cg_hep_fate fate);

#endif
