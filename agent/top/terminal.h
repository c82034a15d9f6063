/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The terminal under curses, which is restored at the exit and after a signal. */
#ifndef CG_TOP_TERMINAL_H
#define CG_TOP_TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <time.h>

#define CG_TERMINAL_ALARM 1 /* a colour pair, if there are colours */

/* Returns CG_DONE or CG_FAILED (reported). Later reports are captured and printed at the close. */
int cg_terminal_open(void);
void cg_terminal_close(void);

/* True if the terminal has colours and NO_COLOR is not set. */
bool cg_terminal_has_colours(void);

/* True after a signal that ends the program. */
bool cg_terminal_is_interrupted(void);

/* Like ppoll(). Signals are delivered only during this call. */
int cg_terminal_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout);

#endif
