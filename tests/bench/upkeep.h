/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What dialogs cost userspace: their memory, a walk by all of them, and their removal. */
#ifndef BENCH_UPKEEP_H
#define BENCH_UPKEEP_H

#include "measure.h"

/* Of as many dialogs as are there, which must be `count`; leaves none. 0 or -errno. */
int upkeep_run(struct bench *bench, __u32 count);

#endif
