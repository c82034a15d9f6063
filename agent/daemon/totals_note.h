/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The totals of dialogs that have left the map, in a file beside the daemon's socket: a restarted
 * daemon continues from them.
 */
#ifndef CG_DAEMON_TOTALS_NOTE_H
#define CG_DAEMON_TOTALS_NOTE_H

#include "stats/totals.h"

/*
 * map_id is the id of the instance's map `config`. A note that was written beside other maps is
 * ignored. Load once at the start, save once a second. Both return 0 or -errno.
 */
int cg_totals_note_load(struct cg_totals *totals, const char *instance, __u32 map_id);
int cg_totals_note_save(const struct cg_totals *totals, const char *instance, __u32 map_id);

#endif
