/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A ladder drawn as text: columns for caller, guard and callee, with a CSeq counter on each side.
 */
#ifndef CG_FORMAT_LADDER_TEXT_H
#define CG_FORMAT_LADDER_TEXT_H

#include <stdio.h>

#include "calls/ladder.h"

#define CG_LADDER_WIDTH 80 /* minimum, and the width if output is no terminal */

/*
 * Draws the ladder. The arrow of a dropped packet ends at an X, and is red if standard output is
 * coloured. Does not flush `out`. clock_offset: as in struct cg_config.
 */
void cg_ladder_draw(FILE *out, const struct cg_ladder *ladder, const __s64 clock_offset[CG_CLOCKS],
		    unsigned int width);

#endif
