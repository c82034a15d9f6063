/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Map `dialogs`, one by one. */
#ifndef CG_MAPS_DIALOGS_H
#define CG_MAPS_DIALOGS_H

#include "cseqguard.h"

/*
 * Each dialog goes to `take`; a value other than 0 ends the walk. Records are whole: the kernel
 * holds the lock of each. What comes or goes meanwhile may be met or not. 0, what `take` returned,
 * or -errno of cg_map_open(), not reported. A long walk shows its progress.
 */
int cg_dialogs_for_each(const char *instance,
			int (*take)(void *ctx, const struct cg_dialog *dialog), void *ctx);

#endif
