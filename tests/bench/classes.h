/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Each class of packet by itself, its dialog hot in the cache. */
#ifndef BENCH_CLASSES_H
#define BENCH_CLASSES_H

#include "measure.h"

int classes_run(struct bench *bench); /* 0 or -errno */

#endif
