/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Iteration over map `dialogs`. */
#ifndef CG_MAPS_DIALOGS_H
#define CG_MAPS_DIALOGS_H

#include "cseqguard.h"

/*
 * Calls `visit` for each dialog until it returns a value other than 0. Each copy is consistent,
 * because the kernel makes it under the dialog's lock. Dialogs that are added or removed during the
 * iteration may be visited or not. A long iteration shows its progress. Returns 0, the value of
 * `visit`, or -errno of cg_map_open(), not reported.
 */
int cg_dialogs_for_each(const char *instance,
			int (*visit)(void *ctx, const struct cg_dialog *dialog), void *ctx);

#endif
