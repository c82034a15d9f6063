/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * `cseqguard cdr settle`: an operator closes a suspect or open call in the daemon's store,
 * PostgreSQL or the spool. The row gets end reason `operator`. Table settlement records who
 * decided, when and why, and the previous values.
 */
#ifndef CG_CLI_SETTLE_H
#define CG_CLI_SETTLE_H

#include "cli/options.h"
#include "config/store_select.h"

/* Returns an exit code, errors reported. */
int cg_settle(const struct cg_options *options, const char *call_uid, const struct cg_store *store);

#endif
