// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/attach/clock_check.c -DCG_BUILD_TIME=1795651200
/* A clock that is before the release of the program, 2026-11-26, is wrong. */
#include <string.h>

#include "attach/clock_check.h"
#include "tap.h"

int main(void)
{
	char why[CG_CLOCK_WHY] = "";

	ok(cg_clock_is_early(0, why) &&
		   !strcmp(why, "1970-01-01T00:00:00Z is before this version was released, "
				"2026-11-26"),
	   "clock: 1970 is wrong, and the reason says why");
	ok(cg_clock_is_early(1795651199, why), "clock: the second before the release is wrong");
	*why = '\0';
	ok(!cg_clock_is_early(1795651200, why) && !*why,
	   "clock: the time of the release may be right");
	return tap_done();
}
