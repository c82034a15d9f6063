// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/usage_alarm.h"

#include "maps/map_usage.h"
#include "util/log.h"

void cg_usage_alarm_update(struct cg_usage_alarm *alarm, __u32 used)
{
	unsigned int percent = cg_used_percent(used, alarm->max);

	alarm->used = used;
	if (percent >= CG_USAGE_ALARM_PERCENT && !alarm->warned)
		cg_log_warning("map %s is %u %% full (%u of %u); " CG_USAGE_WARNING, alarm->map,
			       percent, used, alarm->max);
	if (percent >= CG_USAGE_ALARM_PERCENT)
		alarm->warned = true;
	else if (percent < CG_USAGE_CLEAR_PERCENT)
		alarm->warned = false;
}
