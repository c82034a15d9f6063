/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* `top` on a terminal, full screen: keys, and what they show. */
#ifndef CG_TOP_SCREEN_H
#define CG_TOP_SCREEN_H

#include "top/top.h"

/*
 * Until q, a signal, or `count` refreshes (0: no limit), one every delay_ms; the terminal is as it was before. Exit
 * code; what fails is reported once it is.
 */
int cg_top_screen(struct cg_top *top, unsigned int delay_ms, unsigned int count);

#endif
