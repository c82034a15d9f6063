/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A ladder drawn as text: caller, guard and callee side by side, both counters at the sides. */
#ifndef CG_FORMAT_LADDER_TEXT_H
#define CG_FORMAT_LADDER_TEXT_H

#include <stdio.h>

#include "calls/ladder.h"

#define CG_LADDER_WIDTH 80 /* at least, and where output is no terminal */

/*
 * What was refused is red where standard output is coloured, and ends at an X anywhere. Not
 * flushed. clock_offset: as in struct cg_config.
 */
void cg_ladder_draw(FILE *out, const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS],
		    unsigned int width);

#endif
