/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Closes the open rows of calls from before the host's last boot. Their dialogs were lost with the
 * maps, so their end is unknown. They are closed as `reboot`, suspect. They end at the last message
 * that is known of them since the answer (a candidate end, a violation), else at the daemon's last
 * heartbeat before the boot, else at their answer. The host may have been down for days, so the boot
 * is not their end.
 */
#ifndef CG_POSTGRES_STALE_CALLS_H
#define CG_POSTGRES_STALE_CALLS_H

#include "calls/cdr.h"

#define CG_STALE_CALLS_VALUES 3

/* Statement for PostgreSQL, with the parameters below. Its result is the number of rows closed. */
extern const char cg_stale_calls_sql[];

struct cg_stale_calls {
	const char *values[CG_STALE_CALLS_VALUES]; /* node, boot, heartbeat or NULL */
	char boot[24], beat[24]; /* microseconds since 1970 */
};

/* Fills the parameters. path: the spool, which has the heartbeat. The origin must outlive them. */
void cg_stale_calls_prepare(const char *path, const struct cg_origin *origin,
			    struct cg_stale_calls *stale);

/* Closes them in the spool. Returns the number of rows, or -errno. A missing file has none. */
int cg_stale_calls_close(const char *path, const struct cg_origin *origin);

/*
 * Returns the boot time in microseconds since 1970. It is computed from the lowest clock offset, less
 * a margin: no call that was seen since the boot has an earlier time.
 */
__s64 cg_stale_calls_boot_time(const struct cg_origin *origin);

#endif
