/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * `cseqguard cdr settle`: an operator closes a suspect or open call, in PostgreSQL or in the spool,
 * wherever the daemon's store is. Its row says `operator` from then on, table settlement who, when, why, and what stood
 * before.
 */
#ifndef CG_CLI_SETTLE_H
#define CG_CLI_SETTLE_H

#include "cli/options.h"
#include "config/store_select.h"

/* Returns enum cg_exit, errors reported. */
int cg_settle(const struct cg_options *options, const char *call_uid, const struct cg_store *store);

#endif
