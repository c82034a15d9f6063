/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Stores violations: as rows of their own, or beyond the limits of violation_fold.h in sums. */
#ifndef CG_INGEST_VIOLATIONS_H
#define CG_INGEST_VIOLATIONS_H

#include "calls/violation_fold.h"
#include "spool/writer.h"

struct cg_violations { /* filled by the caller; its pointers must outlive it */
	struct cg_writer *writer;
	struct cg_fold *fold;
};

enum cg_violation_result {
	CG_VIOLATION_NO_SPACE, /* the writer's queue is full: nothing was done */
	CG_VIOLATION_FOLDED,
	CG_VIOLATION_STORED, /* as a row of its own, which may be put again with its outcome */
};

enum cg_violation_result cg_violations_put(struct cg_violations *violations,
					   const struct cg_violation_row *row);

/* Stores the sums. Call after each batch of events, and each second. */
void cg_violations_flush(struct cg_violations *violations);

#endif
