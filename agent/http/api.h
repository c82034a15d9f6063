/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the page asks for, as JSON: bounded lists, each text of the wire as cg_text_escape() has it.
 * None walks a map; the list of calls is at most some seconds old, as sweeps are.
 */
#ifndef CG_HTTP_API_H
#define CG_HTTP_API_H

#include "http/daemon_view.h"

/* Totals, blocked BYEs by the minute, calls. malloc()ed; NULL: no memory. now: CLOCK_BOOTTIME. */
char *cg_api_state_json(const struct cg_daemon_view *view, __u64 now);

/* The ladder of a call by its "key" in there. malloc()ed, or NULL: there is none (any more). */
char *cg_api_ladder_json(const struct cg_daemon_view *view, const char *key);

#endif
