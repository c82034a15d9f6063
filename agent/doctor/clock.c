// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The clock that the times of CDRs come from. */
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "doctor/doctor.h"

#define CLOCK_MIN 1735689600 /* 2025-01-01, before the first version of this program */

#define REMEDY "install chrony or systemd-timesyncd; the times of CDRs come from this clock"

void cg_doctor_check_clock(struct cg_findings *f)
{
	struct timex timex = {};
	int state = adjtimex(&timex);
	char text[32] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (now < CLOCK_MIN)
		cg_finding_add(f, CG_FAILURE, "clock", REMEDY, "wrong time: %s", text);
	else if (state < 0)
		cg_finding_add(f, CG_WARNING, "clock", REMEDY,
			       "%s; cannot tell whether the clock is synchronised", text);
	else if (state == TIME_ERROR || timex.status & STA_UNSYNC)
		cg_finding_add(f, CG_WARNING, "clock", REMEDY, "%s, not synchronised", text);
	else
		cg_finding_add(f, CG_OK, "clock", NULL, "%s, synchronised to %ld ms", text,
			       timex.maxerror / 1000);
}
