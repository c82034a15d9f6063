/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the daemon's listener answers: /metrics, /healthz, the page at / and what it asks for,
 * /api/state and /api/ladder?key=KEY.
 */
#ifndef CG_HTTP_ROUTES_H
#define CG_HTTP_ROUTES_H

#include "http/daemon_view.h"
#include "http/listener.h"

struct cg_routes {
	struct cg_daemon_view view;
	char *state; /* what /api/state said last; free() it at the end */
	__u64 state_until; /* CLOCK_BOOTTIME, ns */
};

/* A cg_http_handler of a struct cg_routes. */
void cg_routes_answer(void *ctx, const struct cg_http_request *request,
		      struct cg_http_answer *answer);

#endif
