/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef RACE_H
#define RACE_H

#include <stdbool.h>

#include "harness.h"

/* Packets of one dialog on two CPUs at the same time. Calls `result` for each test. */
void race_run(struct harness *harness,
	      void (*result)(bool good, const char *suite, const char *name));

/* The halves of up to 32,000 BYEs on two CPUs. */
bool race_fragments(struct harness *harness);

#endif
