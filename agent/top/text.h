/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What `top` shows, as lines of text: of the screen and of batch mode. */
#ifndef CG_TOP_TEXT_H
#define CG_TOP_TEXT_H

#include "top/top.h"

enum cg_look { CG_LOOK_PLAIN, CG_LOOK_TITLE, CG_LOOK_HEAD, CG_LOOK_ALARM };

#define CG_LINE_MAX 1024

struct cg_line {
	enum cg_look look;
	char text
		[CG_LINE_MAX]; /* no control characters; at most as many columns as was asked for */
};

#define CG_TOP_OFFENDERS 3 /* on the screen */
#define CG_TOP_HEAD_LINES (9 + CG_TOP_OFFENDERS)
#define CG_TOP_WIDE 256 /* columns where nothing limits them */

/* The lines above the calls. Returns how many. */
unsigned int cg_top_head(const struct cg_top *top, unsigned int columns,
			 struct cg_line lines[CG_TOP_HEAD_LINES]);

void cg_top_calls_head(const struct cg_top *top, unsigned int columns, struct cg_line *line);
void cg_top_call(const struct cg_top *top, const struct cg_dialog *dialog, unsigned int columns,
		 struct cg_line *line);

/* What a call's ladder does not tell, a fact a line. Returns how many of `max`. */
unsigned int cg_top_call_facts(const struct cg_dialog *dialog, struct cg_line *lines,
			       unsigned int max);

#endif
