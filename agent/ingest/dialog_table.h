/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of the dialogs that the tracker knows: a hash with open addressing. No I/O. */
#ifndef CG_INGEST_DIALOG_TABLE_H
#define CG_INGEST_DIALOG_TABLE_H

#include <stdbool.h>

#include "cseqguard.h"
#include "stats/totals.h"

struct cg_dialog_entry {
	struct cg_dialog_key key;
	__u64 fingerprint; /* of the last row queued; 0: none yet */
	__u64 ticket; /* of that row */
	__u64 unanswered; /* bye_at of the last BYE recorded as unanswered */
	__u32 scan; /* the last that found it */
	__u16 generation; /* of the file with that row */
	__u8 clock;
	bool closed_by_doubt : 1; /* as the last row queued says */
	bool in_breaker : 1; /* the breaker has counted it */
	bool is_in_the_way : 1; /* the map needs its place: a candidate end closes it at once */
	bool is_foreign : 1; /* another host of the pair has opened it */
	bool used : 1;
	struct cg_totals_part part;
};
_Static_assert(sizeof(struct cg_dialog_entry) == 64, "a cache line");

struct cg_dialog_table {
	unsigned int count, mask;
	unsigned int n_foreign;
	struct cg_dialog_entry *slots; /* at most half full */
};

/* For max dialogs; memory is used as they come. 0 or -ENOMEM. */
int cg_dialog_table_init(struct cg_dialog_table *table, __u32 max);
void cg_dialog_table_free(struct cg_dialog_table *table);

/* Returns the entry of a dialog; NULL: there is none. */
struct cg_dialog_entry *cg_dialog_table_find(const struct cg_dialog_table *table,
					     const struct cg_dialog_key *key);

/* ... a new one if needed; NULL: the table is full. */
struct cg_dialog_entry *cg_dialog_table_get(struct cg_dialog_table *table,
					    const struct cg_dialog_key *key);

/* Removes an entry. Another one may move to its place. */
void cg_dialog_table_remove(struct cg_dialog_table *table, struct cg_dialog_entry *entry);

/* A later call with the same tags may be this host's, and the one before another's. */
void cg_dialog_table_set_foreign(struct cg_dialog_table *table, struct cg_dialog_entry *entry,
				 bool is_foreign);

#endif
