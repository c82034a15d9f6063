/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's metrics in Prometheus' text format 0.0.4. Labels take their values from the
 * contract's lists alone: nothing from the wire. No scrape walks a map.
 */
#ifndef CG_HTTP_METRICS_H
#define CG_HTTP_METRICS_H

#include "http/daemon_view.h"

#define CG_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* malloc()ed, or NULL: no memory. now: CLOCK_BOOTTIME, ns. */
char *cg_metrics_text(const struct cg_daemon_view *view, __u64 now);

#endif
