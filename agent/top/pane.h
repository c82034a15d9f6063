/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A text that can be scrolled and covers the screen of `top`: the help, or one call. */
#ifndef CG_TOP_PANE_H
#define CG_TOP_PANE_H

#include "top/text.h"

struct cg_pane {
	struct cg_line *lines; /* NULL: closed */
	unsigned int n, first;
};

/* Fill the pane and open it; it stays closed if memory is short. */
void cg_pane_open_help(struct cg_pane *pane);
void cg_pane_open_call(struct cg_pane *pane, const char *instance, const struct cg_dialog *dialog);
void cg_pane_close(struct cg_pane *pane);

/* Scrolls by lines, down if positive. */
void cg_pane_scroll(struct cg_pane *pane, int by);

/* Limits the position so that the last of `rows` rows on the screen is at most the end. */
void cg_pane_limit_scroll(struct cg_pane *pane, unsigned int rows);

#endif
