/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef REUSE_H
#define REUSE_H

#include <stdbool.h>

#include "harness.h"

/*
 * Packets of a deleted dialog while its element of the map is given to another one. Calls `result` for each
 * test. REUSE_SECONDS in the environment: how long, default 2.
 */
void reuse_run(struct harness *harness,
	       void (*result)(bool good, const char *suite, const char *name));

#endif
