/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Exponential back-off before a peer is tried again. */
#ifndef CG_UTIL_BACKOFF_H
#define CG_UTIL_BACKOFF_H

#include <stdlib.h>

#include "util/clock.h"

#define CG_BACKOFF_FIRST (CG_SECOND / 4) /* ns */
#define CG_BACKOFF_MOST (10 * CG_SECOND)

/* Returns the wait that follows a wait of `ns`: twice as long, at most CG_BACKOFF_MOST. */
static inline __u64 cg_backoff_next(__u64 ns)
{
	return ns * 2 < CG_BACKOFF_MOST ? ns * 2 : CG_BACKOFF_MOST;
}

/*
 * Returns the time to wait: between half of `ns` and all of it, so that many nodes do not try at
 * once.
 */
static inline __u64 cg_backoff_wait(__u64 ns)
{
	return ns - arc4random_uniform(ns / 2000) * 1000ULL;
}

#endif
