/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The terminal in the hands of curses, and given back whatever ends us. */
#ifndef CG_TOP_TERMINAL_H
#define CG_TOP_TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <time.h>

#define CG_TERMINAL_ALARM 1 /* a pair of colours, where there are colours */

/* CG_DONE, or CG_FAILED, reported. What is reported from here on is said at the close. */
int cg_terminal_open(void);
void cg_terminal_close(void);

/* There are colours, and NO_COLOR does not forbid them. */
bool cg_terminal_colours(void);

/* A signal wants us to end. */
bool cg_terminal_over(void);

/* As ppoll: signals are heeded in here, and only in here. */
int cg_terminal_wait(struct pollfd *fds, nfds_t n, const struct timespec *timeout);

#endif
