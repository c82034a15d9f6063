/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a service manager is told (sd_notify(3)); without NOTIFY_SOCKET nothing is said. */
#ifndef CG_UTIL_NOTIFY_H
#define CG_UTIL_NOTIFY_H

#include <linux/types.h>

void cg_notify_ready(void);
void cg_notify_stopping(void);
void cg_notify_reloading(void); /* until it is ready again */

/* ns between two beats: half the watchdog's time, and `most` at most. */
__u64 cg_notify_interval(__u64 most);

/* The loop goes round. Status is one line. */
void cg_notify_watchdog(const char *status);

#endif
