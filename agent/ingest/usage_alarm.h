/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A map that fills up is told of before it is full: once, and again when it had been emptier since. */
#ifndef CG_INGEST_USAGE_ALARM_H
#define CG_INGEST_USAGE_ALARM_H

#include <linux/types.h>
#include <stdbool.h>

struct cg_usage_alarm {
	const char *map;
	__u32 max;
	__u32 used; /* at the last look */
	bool told;
};

/* Notes how full the map is, and logs that it fills up, if that is news. */
void cg_usage_alarm_update(struct cg_usage_alarm *filling, __u32 used);

#endif
