/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Sends all rows of a spool to PostgreSQL, by the daemon's shipper, for programs that may wait. */
#ifndef CG_POSTGRES_SHIP_ALL_H
#define CG_POSTGRES_SHIP_ALL_H

#include <stddef.h>

#define CG_SHIP_WHY 640

/*
 * Connects as this node, creates the schema if needed, and sends the rows, each of which leaves the
 * spool when PostgreSQL has it. An empty spool, which is created, thus checks the connection. A
 * server that does not answer is given up after half a minute, one that refuses all rows after ten
 * seconds. Nothing is logged. conninfo: libpq can parse it. Returns 0, or -errno with the object and
 * the cause in `why`: the rows that PostgreSQL has not got are in the spool.
 */
int cg_ship_all(const char *conninfo, const char *node, const char *spool_path,
		char why[CG_SHIP_WHY]);

#endif
