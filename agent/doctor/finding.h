/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What `doctor` finds, a line each: ok, warning or failed, the object, the cause, the remedy. */
#ifndef CG_DOCTOR_FINDING_H
#define CG_DOCTOR_FINDING_H

#include <jansson.h>
#include <stdbool.h>

enum cg_verdict { CG_OK, CG_WARNING, CG_FAILURE };

struct cg_findings {
	json_t *list; /* with -j; NULL: lines go to stdout as they come */
	bool failed;
};

/* remedy: NULL with CG_OK. */
void cg_find(struct cg_findings *findings, enum cg_verdict verdict, const char *object,
	     const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
