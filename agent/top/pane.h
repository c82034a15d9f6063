/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A text to scroll in, over the screen of `top`: its help, or one call. */
#ifndef CG_TOP_PANE_H
#define CG_TOP_PANE_H

#include "top/text.h"

struct cg_pane {
	struct cg_line *lines; /* NULL: closed */
	unsigned int n, first;
};

void cg_pane_help(struct cg_pane *pane);
void cg_pane_call(struct cg_pane *pane, const char *instance, const struct cg_dialog *dialog);
void cg_pane_close(struct cg_pane *pane);

/* by lines, down where positive; bound: where the screen shows so many. */
void cg_pane_scroll(struct cg_pane *pane, int by);
void cg_pane_bound(struct cg_pane *pane, unsigned int rows);

#endif
