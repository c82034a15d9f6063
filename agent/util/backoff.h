/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* How long to wait before a peer is tried again: twice as long each time, up to a bound. Pure. */
#ifndef CG_UTIL_BACKOFF_H
#define CG_UTIL_BACKOFF_H

#include "util/clock.h"

#define CG_BACKOFF_FIRST (CG_SECOND / 4)
#define CG_BACKOFF_MOST (10 * CG_SECOND)

/* The next wait after one of `ns`. */
static inline __u64 cg_backoff_next(__u64 ns)
{
	return ns * 2 < CG_BACKOFF_MOST ? ns * 2 : CG_BACKOFF_MOST;
}

#endif
