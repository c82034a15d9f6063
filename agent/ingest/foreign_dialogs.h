/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What this host does for the dialogs that another host of the pair has opened. Each host guards all of
 * them. Their rows and their timers are the owner's, until he is gone and the call has spoken here: a
 * call is then closed under its owner's name. Two hosts may write one row, as their versions give the
 * same row in any order (calls/db_columns.h). Pure.
 */
#ifndef CG_INGEST_FOREIGN_DIALOGS_H
#define CG_INGEST_FOREIGN_DIALOGS_H

#include <stdbool.h>

#include "calls/cdr.h"

struct cg_duty {
	unsigned int due; /* as cg_cdr_due(), less what is left to the owner */
	bool has_row; /* this host writes the dialog's row */
	bool is_counted; /* it is one of this host's calls: totals, breaker, shares */
};

/* Returns whether the dialog counts as a call of this host: its own, or one that has spoken here. */
static inline bool cg_dialog_is_counted(const struct cg_dialog *dialog)
{
	return !dialog->peer || dialog->flags & CG_D_SPEAKS_HERE;
}

/* due: as cg_cdr_due() says at `now`. owner_is_gone: of a foreign dialog. */
struct cg_duty cg_dialog_duty(const struct cg_dialog *dialog, const struct cg_limits *limits,
			      bool owner_is_gone, unsigned int due, __u64 now);

#endif
