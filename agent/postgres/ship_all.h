/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Sends all rows of a spool to PostgreSQL, by the daemon's shipper, for programs that may wait. */
#ifndef CG_POSTGRES_SHIP_ALL_H
#define CG_POSTGRES_SHIP_ALL_H

#include <stddef.h>

#define CG_SHIP_WHY 640

/*
 * Connects as this node, creates the schema if needed, and sends the rows. A row is deleted from the
 * spool when PostgreSQL has committed it. If there is no spool, an empty one is created, and the call
 * only checks the connection. It gives up after half a minute without an answer of the server, or ten
 * seconds in which the server refuses all rows. Nothing is logged. conninfo: libpq can parse it.
 * Returns 0, or -errno with the object and the cause in `why`. Then the rows that were not sent are
 * in the spool.
 */
int cg_ship_all(const char *conninfo, const char *node, const char *spool_path,
		char why[CG_SHIP_WHY]);

#endif
