/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The JSON that the web page requests. Lists are bounded, and texts from the wire are escaped by
 * cg_text_escape(). No request scans a map: the list of calls may be some seconds old.
 */
#ifndef CG_HTTP_API_H
#define CG_HTTP_API_H

#include "http/daemon_view.h"

/*
 * Returns totals, blocked BYEs by minute, and calls. The caller frees it; NULL: no memory.
 * now: CLOCK_BOOTTIME, ns.
 */
char *cg_api_state_json(const struct cg_daemon_view *view, __u64 now);

/* Returns the ladder of the call with that "key". The caller frees it; NULL: no such call. */
char *cg_api_ladder_json(const struct cg_daemon_view *view, const char *key);

#endif
