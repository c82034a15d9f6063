/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>

#include "harness.h"

/* Floods and full maps, which a table of steps cannot express. Calls `result` for each test. */
void limits_run(struct harness *harness,
		void (*result)(bool good, const char *suite, const char *name));

#endif
