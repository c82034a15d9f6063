/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef CAPTURE_REPLAY_H
#define CAPTURE_REPLAY_H

#include <stdbool.h>

#include "harness.h"

/*
 * The captures that lie beside the project, replayed through the loaded programs, against
 * pcaps-oracle.tsv; `result` is told of each. Without them it says so once.
 */
void capture_replay_run(struct harness *harness,
			void (*result)(bool good, const char *suite, const char *name));

#endif
