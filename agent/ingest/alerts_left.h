/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The violations that wait in ring `alerts` while no daemon runs: `detach -a` stores them. */
#ifndef CG_INGEST_ALERTS_LEFT_H
#define CG_INGEST_ALERTS_LEFT_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "maps/ring_reader.h"
#include "spool/spool.h"

/*
 * Opens the ring, whose records stay, and says whether it has any. The caller closes *ring. 0 or
 * -errno with *ring untouched.
 */
int cg_alerts_left_open(const char *instance, struct cg_ring_reader **ring, bool *has_records);

/*
 * Puts the violations that no row counts yet into the spool, between begin and commit, as
 * violations.h does. Interfaces are those of the current network namespace. 0 or -errno.
 */
int cg_alerts_left_put(struct cg_ring_reader *ring, const struct cg_config *config,
		       const struct cg_origin *origin, struct cg_spool *spool);

#endif
