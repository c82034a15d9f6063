/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The end of an instance: `detach -a` waits until the row of every call is on disk, closed. There is no deadline
 * for that, because what is not written then stays open for ever. cli/close_calls.c reads the notes.
 */
#ifndef CG_DAEMON_CLOSING_H
#define CG_DAEMON_CLOSING_H

#include "ingest/map_scan.h"
#include "ingest/rings.h"
#include "ingest/violations.h"
#include "maps/guard_maps.h"
#include "spool/writer.h"

struct cg_closing { /* owns none of its pointers */
	struct cg_guard_maps *guard;
	struct cg_limits *limits;
	struct cg_map_scan *scan;
	struct cg_rings *rings;
	struct cg_writer *writer;
	const struct cg_violations *violations;
	bool begun; /* the maps are to be removed, or are gone */
	bool done; /* every row is on disk */
	__s64 rows_left; /* that PostgreSQL lacked at the last beat */
};

/* True if `detach -a` asks for it, or the maps are gone. Called once a beat. */
bool cg_closing_is_asked(const struct cg_closing *closing);

/* Closes the rows of all calls that are open now. */
void cg_closing_begin(struct cg_closing *closing);

/* Called after each turn of the loop. Returns true once: every row is on disk now. */
bool cg_closing_poll(struct cg_closing *closing);

/* Called once a beat: says how many rows are on disk. Returns true while rows go on to PostgreSQL. */
bool cg_closing_beat(struct cg_closing *closing);

#endif
