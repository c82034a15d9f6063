/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* `top` on a terminal, full screen, with keys. */
#ifndef CG_TOP_SCREEN_H
#define CG_TOP_SCREEN_H

#include "top/top.h"

/*
 * Shows the screen until the key q, a signal, or `count` refreshes (0: no limit) every delay_ms.
 * Restores the terminal. Returns an exit code; errors are reported after that.
 */
int cg_top_run_screen(struct cg_top *top, unsigned int delay_ms, unsigned int count);

#endif
