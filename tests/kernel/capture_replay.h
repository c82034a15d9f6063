/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef CAPTURE_REPLAY_H
#define CAPTURE_REPLAY_H

#include <stdbool.h>

#include "harness.h"

/*
 * Replays captures through the loaded programs and compares with pcaps-oracle.tsv. They are not
 * part of the repository: without them there is one skipped test. Calls `result` for each capture.
 */
void capture_replay_run(struct harness *harness,
			void (*result)(bool good, const char *suite, const char *name));

#endif
