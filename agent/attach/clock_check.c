// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "attach/clock_check.h"

#include <stdio.h>

bool cg_clock_is_early(time_t now, char why[CG_CLOCK_WHY])
{
	const time_t built = CG_BUILD_TIME;
	char now_text[32] = "the clock", built_text[16] = "";
	struct tm tm;

	if (now >= built)
		return false;
	if (gmtime_r(&now, &tm))
		strftime(now_text, sizeof(now_text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (gmtime_r(&built, &tm))
		strftime(built_text, sizeof(built_text), "%Y-%m-%d", &tm);
	snprintf(why, CG_CLOCK_WHY, "%s is before this version was released, %s", now_text,
		 built_text);
	return true;
}
