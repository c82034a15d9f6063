// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The clock that bills are written by. */
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "doctor/doctor.h"

#define CLOCK_LEAST 1735689600 /* 2025-01-01: this program is younger */

#define REMEDY "install chrony or systemd-timesyncd; a CDR says what the clock says"

void cg_doctor_clock(struct cg_findings *f)
{
	struct timex timex = {};
	int state = adjtimex(&timex);
	char text[32] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (now < CLOCK_LEAST)
		cg_find(f, CG_FAILURE, "clock", REMEDY, "it is not %s", text);
	else if (state < 0)
		cg_find(f, CG_WARNING, "clock", REMEDY,
			"%s; whether it is synchronised is not told", text);
	else if (state == TIME_ERROR || timex.status & STA_UNSYNC)
		cg_find(f, CG_WARNING, "clock", REMEDY, "%s, not synchronised", text);
	else
		cg_find(f, CG_OK, "clock", NULL, "%s, synchronised to %ld ms", text,
			timex.maxerror / 1000);
}
