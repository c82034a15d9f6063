/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the daemon shows of itself over HTTP is read off here; nothing in it is changed. */
#ifndef CG_HTTP_DAEMON_VIEW_H
#define CG_HTTP_DAEMON_VIEW_H

#include "ingest/dialog_tracker.h"
#include "ingest/map_scan.h"
#include "maps/guard_maps.h"
#include "postgres/ship.h"
#include "spool/writer.h"
#include "stats/totals.h"

struct cg_daemon_view { /* all pointers are others' */
	const struct cg_guard_maps *guard;
	const struct cg_origin *origin;
	struct cg_writer *writer;
	struct cg_tracker *tracker;
	struct cg_map_scan *sweep;
	struct cg_totals *totals;
	struct cg_ship **ship; /* a reload may change it; NULL there: no --db */
	const struct cg_recent *recent;
	const char *spool; /* path */
	const char *http_name; /* a name that the page may be asked for under; NULL: none */
	bool gone; /* the instance was detached */
	__u64 started_us; /* since 1970 */
};

#endif
