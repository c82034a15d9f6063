/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's metrics in the Prometheus text format 0.0.4. Label values come from the lists of the
 * contract, never from the wire. A scrape scans no map.
 */
#ifndef CG_HTTP_METRICS_H
#define CG_HTTP_METRICS_H

#include "http/daemon_view.h"

#define CG_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Returns the metrics. The caller frees them; NULL: no memory. now: CLOCK_BOOTTIME, ns. */
char *cg_metrics_text(const struct cg_daemon_view *view, __u64 now);

#endif
