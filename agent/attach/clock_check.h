/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Finds a wall clock that is plainly wrong. The times of all rows come from it. */
#ifndef CG_ATTACH_CLOCK_CHECK_H
#define CG_ATTACH_CLOCK_CHECK_H

#include <stdbool.h>
#include <time.h>

#define CG_CLOCK_REMEDY                                                                            \
	"install chrony or systemd-timesyncd; the times of CDRs come from this clock"

#define CG_CLOCK_WHY 96
/*
 * Returns true if `now` is before this program was built. `why` then says so:
 * "2024-01-01T00:00:00Z is before this version was released, 2026-11-26".
 */
bool cg_clock_is_early(time_t now, char why[CG_CLOCK_WHY]);

#endif
