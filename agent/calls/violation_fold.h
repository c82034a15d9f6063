/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Bounds the rows of violations, so that a flood does not fill the store. A minute has ten rows of
 * each source and reason, and 1,000 in all. What is over that is folded: it is counted in a sum,
 * one row of the minute for each reason and action, without call and source. So the sum of `count`
 * over the rows is the number of violations. The memory does not depend on the sources. No I/O, no
 * clock.
 */
#ifndef CG_CALLS_VIOLATION_FOLD_H
#define CG_CALLS_VIOLATION_FOLD_H

#include <stdbool.h>

#include "calls/db_columns.h"

#define CG_FOLD_MINUTE_NS 60000000000ULL
#define CG_FOLD_ROWS_OF_SOURCE 10 /* of one source and reason in a minute */
#define CG_FOLD_ROWS 1000 /* in a minute, without the sums */
#define CG_FOLD_SUMS 256 /* in a minute */

struct cg_fold;

struct cg_fold *cg_fold_new(void); /* NULL: no memory */
void cg_fold_free(struct cg_fold *fold);

/* Returns true if the violation has a row of its own. If not, it has been added to a sum. */
bool cg_fold_admit(struct cg_fold *fold, const struct cg_violation_row *row);

/* Stores a row. False: no space now. */
typedef bool (*cg_fold_put)(void *ctx, const struct cg_violation_row *row);

/*
 * Calls `put` for each sum that has grown since it was stored. A sum that is stored again replaces
 * its row. Begins a new minute once the old one is over and all its sums are stored. now: ns.
 */
void cg_fold_flush(struct cg_fold *fold, __u64 now, cg_fold_put put, void *ctx);

#endif
