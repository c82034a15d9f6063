/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The shipper sends the rows of the spool to PostgreSQL in batches, one statement each. It deletes
 * them from the spool after the commit. A batch may be sent again at any time, because rows merge by
 * their key (db_tables.h). A row that PostgreSQL refuses for its content moves to table `rejected`
 * of the spool and does not delay others.
 */
#ifndef CG_POSTGRES_SHIP_H
#define CG_POSTGRES_SHIP_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "postgres/stale_calls.h"
#include "spool/writer.h"

struct cg_ship;

/*
 * Starts to connect. timeout: ns for connecting, and for each statement. Strings, writer and
 * `stale`, with the origin of the rows, must outlive the shipper. 0 or -errno.
 */
int cg_ship_new(sd_event *loop, const char *conninfo, __u64 timeout, const char *spool_path,
		struct cg_writer *writer, struct cg_stale_calls *stale, struct cg_ship **ship);
void cg_ship_set_timeout(struct cg_ship *ship, __u64 timeout); /* from the next statement on */
void cg_ship_free(struct cg_ship *ship);

/* Sends what it can: the spool has new rows, or a new file. */
void cg_ship_notify(struct cg_ship *ship);

/* True if all rows are in PostgreSQL, or if it cannot be reached: waiting would not help. */
int cg_ship_is_idle(const struct cg_ship *ship);

struct cg_ship_status {
	bool connected; /* and rows can be sent */
	__s64 committed_at; /* last batch, microseconds since 1970; 0: none yet */
	unsigned int rejected; /* rows that PostgreSQL refused for their content */
	const char *
		trouble; /* why it is not connected, or ""; valid until the next turn of the loop */
};
void cg_ship_get_status(const struct cg_ship *ship, struct cg_ship_status *status);

#endif
