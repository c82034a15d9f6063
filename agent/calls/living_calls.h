/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The set of all calls with a dialog in the maps, as one complete scan found them. An open row of an
 * earlier call that is not in the set has lost its dialog. No I/O.
 */
#ifndef CG_CALLS_LIVING_CALLS_H
#define CG_CALLS_LIVING_CALLS_H

#include <stdbool.h>

#include "calls/db_columns.h"

struct cg_living_calls {
	__u64 since; /* CLOCK_BOOTTIME, ns: the scan began; 0: it has not begun */
	__u8 clock; /* current clock number then: later calls have this clock or a newer one */
	bool complete; /* the scan has read all dialogs */
	__u32 count, mask;
	__u64 *slots; /* hashes; 0: free. Open addressing, at most half full */
};

/* For `max` calls; memory is used as calls come. Beyond that, all calls count as living. NULL: no memory. */
struct cg_living_calls *cg_living_calls_new(__u32 max);
void cg_living_calls_free(struct cg_living_calls *living);

/* What identifies a row of a node: cg_cdr_identify(). */
void cg_living_calls_add(struct cg_living_calls *living, const char *call_uid, __s64 setup_time);
bool cg_living_calls_has(const struct cg_living_calls *living, const char *call_uid,
			 __s64 setup_time);

#endif
