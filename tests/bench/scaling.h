/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Two CPUs at once, each at dialogs of its own. */
#ifndef BENCH_SCALING_H
#define BENCH_SCALING_H

#include "measure.h"

int scaling_run(struct bench *bench, __u32 dialogs); /* numbers 0 and up. 0 or -errno */

#endif
