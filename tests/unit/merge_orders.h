/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Two nodes write versions of one call's row, each in an order of its own. merge_orders_check()
 * stores the versions of each pair of such orders in all ways that two nodes can interleave them, and
 * compares the rows that come of it. The store is SQLite or PostgreSQL.
 */
#ifndef MERGE_ORDERS_H
#define MERGE_ORDERS_H

#include <stdbool.h>

#include "calls/db_columns.h"

/* Takes the columns of a row as text, in the order of cg_db_tables[CG_TABLE_CDR]; NULL: NULL. */
typedef void (*merge_row_handler)(const char *const *values);

struct merge_store {
	bool (*put)(const struct cg_cdr_row *row);
	bool (*commit)(void); /* what was put since the last commit; no two versions of one row */
	bool (*read)(merge_row_handler handle); /* all rows, in any order */
};

/* Returns whether all rows are right. Prints what is wrong, and how many rows there were. */
bool merge_orders_check(const struct merge_store *store);

#endif
