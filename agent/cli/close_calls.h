/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What `detach -a` does before it removes the maps: no row of a call stays open. */
#ifndef CG_CLI_CLOSE_CALLS_H
#define CG_CLI_CLOSE_CALLS_H

#include "cli/options.h"

/*
 * Lets the daemon write every dialog to its spool, with open calls closed as `detached`, and waits
 * for it. Without a daemon, or if it ends before, this process writes them. The programs are
 * detached already, and the caller holds cg_pins_lock(). Returns CG_DONE, or CG_FAILED, reported:
 * then the maps must stay.
 */
int cg_close_calls(const struct cg_options *options);

#endif
