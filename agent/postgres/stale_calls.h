/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Closes the open rows of calls from before the host's last boot. Their dialogs were lost with the
 * maps, so their end is unknown. They are closed as `reboot`, suspect, with the boot as their end.
 */
#ifndef CG_POSTGRES_STALE_CALLS_H
#define CG_POSTGRES_STALE_CALLS_H

#include "calls/cdr.h"

/*
 * Statement for PostgreSQL. Parameters: node, boot time (microseconds since 1970). Its result is the
 * number of rows closed.
 */
extern const char cg_stale_calls_sql[];

/* Closes them in the spool. Returns the number of rows, or -errno. A missing file has none. */
int cg_stale_calls_close(const char *path, const struct cg_origin *origin);

/*
 * Formats the boot time in microseconds since 1970. It is computed from the lowest clock offset, less
 * a margin: no call that was seen since the boot has an earlier time.
 */
void cg_stale_calls_boot_time(const struct cg_origin *origin, char out[24]);

#endif
