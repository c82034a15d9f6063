/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The findings of `doctor`, one line each: severity, object, cause, remedy. */
#ifndef CG_DOCTOR_FINDING_H
#define CG_DOCTOR_FINDING_H

#include <jansson.h>
#include <stdbool.h>

enum cg_severity { CG_OK, CG_WARNING, CG_FAILURE };

struct cg_findings {
	json_t *list; /* with -j; NULL: each finding is printed at once */
	bool failed; /* one of them is a CG_FAILURE */
};

/* Prints a finding, or adds it to the list. remedy: NULL with CG_OK. */
void cg_finding_add(struct cg_findings *findings, enum cg_severity severity, const char *object,
		    const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
