/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Routes HTTP requests: /metrics, /healthz, the web page at /, and its requests to /api/state and
 * /api/ladder?key=KEY.
 */
#ifndef CG_HTTP_ROUTES_H
#define CG_HTTP_ROUTES_H

#include "http/daemon_view.h"
#include "http/listener.h"

struct cg_routes {
	struct cg_daemon_view view;
	char *state; /* last response of /api/state; the owner frees it */
	__u64 state_until; /* CLOCK_BOOTTIME, ns */
};

/* A cg_http_handler. ctx: a struct cg_routes. */
void cg_routes_answer(void *ctx, const struct cg_http_request *request,
		      struct cg_http_answer *answer);

#endif
