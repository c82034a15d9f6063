/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The shipper: rows go from the spool to PostgreSQL in batches, each one statement, and leave the
 * spool after its commit. A batch may be sent again at any time: rows merge by their key (table.h).
 * A row that PostgreSQL refuses for its content moves to the spool's `rejected` and holds up no
 * other.
 */
#ifndef CG_POSTGRES_SHIP_H
#define CG_POSTGRES_SHIP_H

#include <stdbool.h>

#include "calls/cdr.h"
#include "spool/writer.h"

struct cg_ship;

/* Strings and writer must outlive it. 0 or -errno. */
int cg_ship_new(int loop, const char *conninfo, __u64 timeout, const char *spool_path,
		struct cg_writer *writer, const struct cg_origin *origin, struct cg_ship **ship);
void cg_ship_set_timeout(struct cg_ship *ship, __u64 timeout); /* from the next statement on */
void cg_ship_free(struct cg_ship *ship);

/* The spool has new rows (or a file of its own again): sends what it can. */
void cg_ship_notify(struct cg_ship *ship);

/* Nothing to wait for: all is in PostgreSQL, or it cannot be reached. */
int cg_ship_is_idle(const struct cg_ship *ship);

struct cg_ship_status {
	bool up; /* connected, and of use */
	__s64 committed_at; /* the last batch: microseconds since 1970; 0: none yet */
	const char *trouble; /* why it is not up, or ""; valid until the loop turns */
};
void cg_ship_get_status(const struct cg_ship *ship, struct cg_ship_status *status);

#endif
