/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A walk over map `dialogs`. */
#ifndef CG_DIALOGS_H
#define CG_DIALOGS_H

#include "cseqguard.h"

/*
 * Each dialog goes to `take`, which ends the walk by a value other than 0. Records are whole: the kernel
 * holds the lock of each. What comes or goes meanwhile may be met or not. 0, what `take` returned, or
 * -errno (as of cg_map_open_as()), not reported. Long walks show their progress, called `what`.
 */
int cg_dialogs_each(const char *instance, const char *what,
		    int (*take)(void *ctx, const struct cg_dialog_key *key,
				const struct cg_dialog *dialog),
		    void *ctx);

#endif
