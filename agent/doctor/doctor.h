/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The checks of `doctor`. Each adds its findings and changes nothing. */
#ifndef CG_DOCTOR_DOCTOR_H
#define CG_DOCTOR_DOCTOR_H

#include "attach/interface.h"
#include "cseqguard.h"
#include "doctor/finding.h"

/* Kernel, BTF, JIT, bpffs and capabilities. */
void cg_doctor_check_host(struct cg_findings *findings);

void cg_doctor_check_clock(struct cg_findings *findings);

/* A clock was set wrong if rows have times that come later than this, after the present one. */
#define CG_DOCTOR_FUTURE_US 60000000LL
#define CG_DOCTOR_FUTURE_REMEDY                                                                    \
	"set the clock right; the times of these calls are wrong, and no clock corrects them"

/* An interface of the current network namespace, by name. */
void cg_doctor_check_interface(struct cg_findings *findings, const char *instance,
			       const char *name);

/* Pins, programs, mode, maps and losses of an instance. */
void cg_doctor_check_instance(struct cg_findings *findings, const char *instance);

/*
 * Tunnels that the guard has counted, and the devices in which they end. interfaces: of the
 * instance.
 */
void cg_doctor_check_tunnels(struct cg_findings *findings, const char *instance,
			     const struct cg_interface *interfaces, size_t n);

/*
 * Legs of running calls that are not read, whether the host hides the topology, and the names that
 * the guard takes for the host's.
 */
void cg_doctor_check_sides(struct cg_findings *findings, const char *instance,
			   const struct cg_config *config);

/*
 * SIP over TCP: the policy, what was not read and why, and listeners that hide data from the guard.
 */
void cg_doctor_check_tcp(struct cg_findings *findings, const char *instance,
			 const struct cg_config *config);

/* What proxies report to the daemon by HEP. */
void cg_doctor_check_hep(struct cg_findings *findings, const char *instance);

/* The other hosts of the pair, and Redis. */
void cg_doctor_check_pair(struct cg_findings *findings, const char *instance);

/* The daemon of the instance and its spool, a path. */
void cg_doctor_check_daemon(struct cg_findings *findings, const char *instance, const char *spool);

/* PostgreSQL. conninfo: NULL if none is configured. */
void cg_doctor_check_db(struct cg_findings *findings, const char *conninfo);

#endif
