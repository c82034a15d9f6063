/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What `doctor` looks at, a function a concern. Nothing is changed; it adds to `findings`. */
#ifndef CG_DOCTOR_DOCTOR_H
#define CG_DOCTOR_DOCTOR_H

#include "doctor/finding.h"

void cg_doctor_host(struct cg_findings *findings); /* kernel, BTF, bpffs, rights */
void cg_doctor_clock(struct cg_findings *findings);

/* An interface of this network namespace, by name. */
void cg_doctor_interface(struct cg_findings *findings, const char *instance, const char *name);

/* Pins, programs, mode, maps. */
void cg_doctor_instance(struct cg_findings *findings, const char *instance);

/* The daemon of the instance, and its spool. */
void cg_doctor_daemon(struct cg_findings *findings, const char *instance, const char *spool);

/* conninfo NULL: there is no PostgreSQL. */
void cg_doctor_db(struct cg_findings *findings, const char *conninfo);

#endif
