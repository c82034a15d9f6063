/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* `cseqguard replay`: the rules over captures, without root and without the kernel's programs. */
#ifndef CG_REPLAY_REPLAY_H
#define CG_REPLAY_REPLAY_H

#include <stdbool.h>

#include "maps/settings.h"
#include "replay/store.h"

struct cg_replay_options {
	char *const *files; /* "-": standard input */
	int n_files;
	const struct cg_settings *settings; /* addresses among its hosts are the guarded host's */
	struct cg_replay_target target; /* gets the rows as well */
	const char *ladder; /* Call-ID of the call to draw; NULL: report all calls */
	bool json;
};

/*
 * Returns CG_DONE, CG_HONEST_REFUSED if a BYE that the far end accepted would have been refused, or
 * CG_FAILED (reported). It can run once.
 */
int cg_replay_run(const struct cg_replay_options *options);

#endif
