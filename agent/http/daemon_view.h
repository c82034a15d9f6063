/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The parts of the daemon that HTTP responses read. They change none of them. */
#ifndef CG_HTTP_DAEMON_VIEW_H
#define CG_HTTP_DAEMON_VIEW_H

#include "hep/hep_input.h"
#include "ingest/dialog_tracker.h"
#include "ingest/map_scan.h"
#include "ingest/rings.h"
#include "maps/guard_maps.h"
#include "pair/pair.h"
#include "postgres/ship.h"
#include "spool/writer.h"
#include "stats/totals.h"

struct cg_daemon_view { /* owns none of its pointers */
	const struct cg_guard_maps *guard;
	const struct cg_origin *origin;
	struct cg_writer *writer;
	struct cg_tracker *tracker;
	struct cg_map_scan *scan;
	struct cg_rings **rings; /* NULL in it: not read yet */
	struct cg_totals *totals;
	struct cg_ship **ship; /* a reload may replace the shipper; NULL in it: no --db */
	struct cg_hep_input **hep; /* likewise; NULL in it: no --hep */
	struct cg_pair **pair; /* NULL in it: no --pair */
	const struct cg_recent *recent;
	const char *spool; /* path */
	const char *http_name; /* host name by which the page may be requested; NULL: none */
	bool detached; /* the instance was detached */
	__u64 started_us; /* since 1970 */
};

#endif
