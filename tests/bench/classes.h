/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Each class of packet by itself, its dialog hot in the cache. */
#ifndef BENCH_CLASSES_H
#define BENCH_CLASSES_H

#include "measure.h"

int classes_run(struct bench *bench); /* 0 or -errno */

/*
 * Checks that each class still has the verdict and the reason that it is measured for. Prints TAP.
 * Returns how many have not, or -errno.
 */
int classes_check(struct bench *bench);

#endif
