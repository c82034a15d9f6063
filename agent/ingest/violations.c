// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/violations.h"

#include "util/clock.h"

static bool put_row(void *ctx, const struct cg_violation_row *row)
{
	struct cg_violations *violations = ctx;

	return cg_writer_put(violations->writer, CG_TABLE_VIOLATION, row) != 0;
}

enum cg_violation_result cg_violations_put(struct cg_violations *violations,
					   const struct cg_violation_row *row)
{
	if (!cg_writer_queue_space(violations->writer))
		return CG_VIOLATION_NO_SPACE;
	if (!cg_fold_admit(violations->fold, row))
		return CG_VIOLATION_FOLDED;
	put_row(violations, row);
	return CG_VIOLATION_STORED;
}

void cg_violations_flush(struct cg_violations *violations)
{
	cg_fold_flush(violations->fold, cg_boottime(), put_row, violations);
}
