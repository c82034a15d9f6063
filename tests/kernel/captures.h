/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef CAPTURES_H
#define CAPTURES_H

#include <stdbool.h>

#include "rig.h"

/*
 * The captures that lie beside the project, replayed through the loaded programs, against
 * pcaps-oracle.tsv; `result` is told of each. Without them it says so once.
 */
void captures_run(struct rig *rig, void (*result)(bool good, const char *suite, const char *name));

#endif
