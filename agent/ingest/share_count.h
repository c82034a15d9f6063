/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counts, in each map scan, the calls and INVITEs of every address that is bound by a share, and
 * writes the numbers into the maps `shares` and `usage`. The kernel adds to them when a call opens
 * and never subtracts. What it adds during a scan stays: the scan counts the calls from before it.
 */
#ifndef CG_INGEST_SHARE_COUNT_H
#define CG_INGEST_SHARE_COUNT_H

#include "calls/shares.h"
#include "maps/guard_maps.h"
#include "maps/share_most.h"

#define CG_SHARE_BATCH 256 /* addresses in one turn of the loop */

struct cg_share_count;

/* `guard` must outlive it. NULL: no memory. */
struct cg_share_count *cg_share_count_new(const struct cg_guard_maps *guard);
void cg_share_count_free(struct cg_share_count *count);

void cg_share_count_start(struct cg_share_count *count); /* a scan begins */
/* Counts an entry that is still in its map. */
void cg_share_count_add_dialog(struct cg_share_count *count, const struct cg_dialog *dialog);
/* All branches come before the first note: an INVITE that went to a gateway has no limit. */
void cg_share_count_add_branch(struct cg_share_count *count, const struct cg_txn_key *key,
			       const struct cg_branch *branch);
void cg_share_count_add_pending(struct cg_share_count *count, const struct cg_txn_key *key,
				const struct cg_invite *note);

/* All entries were counted: writes a batch. 0; 1: done; or -errno. */
int cg_share_count_write(struct cg_share_count *count);

/* Stores who holds most, of the last complete scan. */
void cg_share_count_get_most(const struct cg_share_count *count, struct cg_share_most *most);

#endif
