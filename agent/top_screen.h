/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* `top` on a terminal, full screen: keys, and what they show. */
#ifndef CG_TOP_SCREEN_H
#define CG_TOP_SCREEN_H

#include "top.h"

/*
 * Until q, a signal, or as many refreshes as options say; the terminal is as it was before. Exit
 * code; what fails is reported once it is.
 */
int cg_top_screen(const struct cg_options *options, struct cg_top *top);

#endif
