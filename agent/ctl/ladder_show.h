/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The ladders of one Call-ID: from the daemon's memory, and from what the map holds now. */
#ifndef CG_CTL_LADDER_SHOW_H
#define CG_CTL_LADDER_SHOW_H

#include <stdbool.h>
#include <stdio.h>

/* Writes them to `file`; json: to stdout. Returns an exit code, errors reported. */
int cg_ladder_show(FILE *file, const char *instance, const char *call_id, bool json);

#endif
