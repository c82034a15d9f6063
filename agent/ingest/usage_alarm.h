/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Logs once that a map fills up, before it is full; again after it was emptier in between. */
#ifndef CG_INGEST_USAGE_ALARM_H
#define CG_INGEST_USAGE_ALARM_H

#include <linux/types.h>
#include <stdbool.h>

struct cg_usage_alarm {
	const char *map;
	__u32 max;
	__u32 used; /* at the last update */
	bool warned;
};

/* Stores the number of used entries, and logs a warning if it has become high. */
void cg_usage_alarm_update(struct cg_usage_alarm *alarm, __u32 used);

#endif
