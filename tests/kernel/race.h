/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef RACE_H
#define RACE_H

#include <stdbool.h>

#include "harness.h"

/* One dialog's packets on two CPUs at once; `result` is told of each test. */
void race_run(struct harness *harness,
	      void (*result)(bool good, const char *suite, const char *name));

#endif
