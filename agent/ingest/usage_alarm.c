// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/usage_alarm.h"

#include "maps/map_usage.h"
#include "util/log.h"

void cg_usage_alarm_update(struct cg_usage_alarm *filling, __u32 used)
{
	unsigned int percent = cg_used_percent(used, filling->max);

	filling->used = used;
	if (percent >= CG_USAGE_ALARM_PERCENT && !filling->told)
		cg_log_warning("map %s is %u %% full (%u of %u): " CG_USAGE_WARNING, filling->map,
			       percent, used, filling->max);
	if (percent >= CG_USAGE_ALARM_PERCENT)
		filling->told = true;
	else if (percent < CG_USAGE_CLEAR_PERCENT)
		filling->told = false;
}
