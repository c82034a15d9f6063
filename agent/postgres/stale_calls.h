/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Open rows of calls from before the host's last boot: their dialogs went with the maps, so nobody
 * can tell their end any more. They close as `lost`, suspect, at the boot at the latest.
 */
#ifndef CG_POSTGRES_STALE_CALLS_H
#define CG_POSTGRES_STALE_CALLS_H

#include "calls/cdr.h"

/* In PostgreSQL: parameters node and boot (microseconds since 1970); gives the number of rows. */
extern const char cg_stale_calls_sql[];

/* In the spool, before the writer has it. Rows closed, or -errno. */
int cg_stale_calls_close(const char *path, const struct cg_origin *origin);

/*
 * The boot in microseconds since 1970, as text: no call that was seen since then has an earlier
 * time, under whatever clock offset it was born.
 */
void cg_stale_calls_boot_time(const struct cg_origin *origin, char out[24]);

#endif
