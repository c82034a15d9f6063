/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The per-CPU counters, added up: as named fields, or as an array to walk over. Nothing prints. */
#ifndef CG_COUNTERS_H
#define CG_COUNTERS_H

#include "cseqguard.h"

#define CG_NUMBERS (sizeof(struct cg_counters) / sizeof(__u64)) /* a struct of __u64 throughout */

union cg_counters_sum {
	struct cg_counters counters;
	__u64 numbers[CG_NUMBERS];
};

/* fd: of the map `counters`. 0 or -errno, sum untouched. */
int cg_counters_read(int fd, union cg_counters_sum *sum);

#endif
