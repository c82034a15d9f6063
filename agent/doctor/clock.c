// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The clock that the times of CDRs come from. */
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "attach/clock_check.h"
#include "doctor/doctor.h"

void cg_doctor_check_clock(struct cg_findings *f)
{
	struct timex timex = {};
	int state = adjtimex(&timex);
	char text[32] = "", why[CG_CLOCK_WHY];
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (cg_clock_is_early(now, why))
		cg_finding_add(f, CG_FAILURE, "clock", CG_CLOCK_REMEDY, "wrong time: %s", why);
	else if (state < 0)
		cg_finding_add(f, CG_WARNING, "clock", CG_CLOCK_REMEDY,
			       "%s; cannot tell whether the clock is synchronised", text);
	else if (state == TIME_ERROR || timex.status & STA_UNSYNC)
		cg_finding_add(f, CG_WARNING, "clock", CG_CLOCK_REMEDY, "%s, not synchronised",
			       text);
	else
		cg_finding_add(f, CG_OK, "clock", NULL, "%s, synchronised to %ld ms", text,
			       timex.maxerror / 1000);
}
