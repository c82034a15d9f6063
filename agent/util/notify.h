/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Notifications to the service manager, sd_notify(3). Without NOTIFY_SOCKET they do nothing. */
#ifndef CG_UTIL_NOTIFY_H
#define CG_UTIL_NOTIFY_H

#include <linux/types.h>

void cg_notify_ready(void);
void cg_notify_stopping(void);
void cg_notify_reloading(void); /* cg_notify_ready() ends it */

/* Returns the time between two watchdog notifications in ns: half the timeout, at most `most`. */
__u64 cg_notify_interval(__u64 most);

/* Resets the watchdog timer and sets the status text, which is one line. */
void cg_notify_watchdog(const char *status);

#endif
