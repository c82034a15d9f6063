/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The program that merges what another host of a pair has published. */
#ifndef PEER_H
#define PEER_H

#include "harness.h"

/*
 * The other host has failed, and this one takes over: all dialogs become that host's, and nothing else is
 * known of their calls. Returns 0 or -errno.
 */
int peer_take_over(struct harness *harness);

/* The merge, beyond what a table of steps expresses. Calls `result` for each test. */
void peer_run(struct harness *harness,
	      void (*result)(bool good, const char *suite, const char *name));

#endif
