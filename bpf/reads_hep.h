/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Whether this load of the object is the one for what proxies report (hep.h).
 *
 * API: from_hep(), count_add().
 */
#ifndef CG_READS_HEP_H
#define CG_READS_HEP_H

#include <linux/types.h>

#include "bpf_attr.h"

/* The verifier knows its value, and walks one of the two ways only. */
const volatile __u8 reads_hep = 0; /* not static: README.md, Types */

bpf_inline int from_hep(void)
{
	return reads_hep;
}

/* Adds 1 to a number of this CPU. XDP may interrupt the program that reads reports. */
bpf_inline void count_add(__u64 *number)
{
	if (from_hep())
		__sync_fetch_and_add(number, 1);
	else
		(*number)++;
}

#endif
