/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* BYEs among a thousand, 100 thousand and a million dialogs, a random one each. */
#ifndef BENCH_MILLION_H
#define BENCH_MILLION_H

#include "measure.h"

#define MILLION 1000000

/* Leaves a million dialogs, numbers 0 and up. 0 or -errno. */
int million_run(struct bench *bench);

#endif
