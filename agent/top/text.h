/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The content of `top` as lines of text, for the screen and for batch mode. */
#ifndef CG_TOP_TEXT_H
#define CG_TOP_TEXT_H

#include "top/top.h"

enum cg_line_style { CG_STYLE_PLAIN, CG_STYLE_TITLE, CG_STYLE_HEAD, CG_STYLE_ALARM };

#define CG_LINE_MAX 1024

struct cg_line {
	enum cg_line_style style;
	char text[CG_LINE_MAX]; /* no control characters; no wider than the requested columns */
};

#define CG_TOP_OFFENDERS 3 /* on the screen */
#define CG_TOP_HEAD_LINES (10 + CG_TOP_OFFENDERS)
#define CG_TOP_WIDE 256 /* columns if nothing limits them */

/* Formats the lines above the calls. Returns their number. */
unsigned int cg_top_format_head(const struct cg_top *top, unsigned int columns,
				struct cg_line lines[CG_TOP_HEAD_LINES]);

/* Format the heading of the calls, and one call. */
void cg_top_format_calls_head(const struct cg_top *top, unsigned int columns, struct cg_line *line);
void cg_top_format_call(const struct cg_top *top, const struct cg_dialog *dialog,
			unsigned int columns, struct cg_line *line);

/* Formats what the ladder of a call does not show, at most `max` lines. Returns their number. */
unsigned int cg_top_format_details(const struct cg_dialog *dialog, struct cg_line *lines,
				   unsigned int max);

#endif
