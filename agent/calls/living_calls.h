/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The set of all calls whose dialog was in a map since a certain moment: those that a complete scan
 * found, and those whose rows were written meanwhile. An open row that is not in the set has lost
 * its dialog. Two threads may use the set. No I/O.
 */
#ifndef CG_CALLS_LIVING_CALLS_H
#define CG_CALLS_LIVING_CALLS_H

#include <pthread.h>
#include <stdbool.h>

#include "calls/cdr.h"

struct cg_living_calls {
	bool complete; /* a scan has read all dialogs since the set was created */
	pthread_mutex_t lock; /* of what is below */
	__u32 count, mask;
	__u64 *slots; /* hashes; 0: free. Open addressing, at most half full */
};

/*
 * For `max` calls; memory is used as calls come. Beyond that, all calls count as living. NULL: no
 * memory.
 */
struct cg_living_calls *cg_living_calls_new(__u32 max);
void cg_living_calls_free(struct cg_living_calls *living);

/* Adds the call of a dialog. */
void cg_living_calls_add_dialog(struct cg_living_calls *living, const struct cg_dialog *dialog,
				const struct cg_origin *origin);

/* By what identifies a row of a node: cg_cdr_identify(). */
void cg_living_calls_add(struct cg_living_calls *living, const char *call_uid, __s64 setup_time);
bool cg_living_calls_has(struct cg_living_calls *living, const char *call_uid, __s64 setup_time);

#endif
