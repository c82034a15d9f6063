// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "http/routes.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/api.h"
#include "http/metrics.h"
#include "http/web_page.h"
#include "util/clock.h"

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"

/* 503 means that an operator has to act, although no row is lost yet. */
static void answer_health(const struct cg_daemon_view *view, struct cg_http_answer *answer)
{
	struct cg_writer_status spool;
	struct cg_ship_status ship = { .connected = true };
	char *text = NULL;
	int len;

	cg_writer_get_status(view->writer, &spool);
	if (*view->ship)
		cg_ship_get_status(*view->ship, &ship);
	if (view->detached)
		len = asprintf(&text, "instance %s was detached; calls are not guarded\n",
			       view->guard->instance);
	else if (spool.error)
		len = asprintf(&text, "spool %s: cannot write: %s; ended calls stay in the map\n",
			       view->spool, spool.error_text);
	else
		len = asprintf(&text, "ok%s\n",
			       ship.connected
				       ? ""
				       : "; PostgreSQL is not connected, rows wait in the spool");
	cg_http_set_body(answer, view->detached || spool.error ? 503 : 200, TEXT,
			 len < 0 ? NULL : text);
}

/*
 * Checks the Host header against DNS rebinding: an attacker makes a name of his resolve to this
 * address, and his page then reads the responses in the operator's browser. Host is that name in
 * such a request. Addresses and localhost cannot be rebound.
 */
static bool host_is_allowed(const struct cg_daemon_view *view, const char *host)
{
	bool bracketed = host && *host == '[';
	char name[256];
	size_t len;
	struct in6_addr six;
	struct in_addr four;

	if (!host || strlen(host) >= sizeof(name))
		return false;
	host += bracketed;
	len = strcspn(host, bracketed ? "]" : ":");
	memcpy(name, host, len);
	name[len] = '\0';
	host += len;
	if (bracketed && *host++ != ']')
		return false;
	if (*host && (*host != ':' || strspn(host + 1, "0123456789") != strlen(host + 1)))
		return false;
	if (bracketed)
		return inet_pton(AF_INET6, name, &six) == 1;
	return inet_pton(AF_INET, name, &four) == 1 || !strcasecmp(name, "localhost") ||
	       (view->http_name && !strcasecmp(name, view->http_name));
}

/*
 * Returns a copy of the state, made at most once a second, because it is the most expensive
 * response.
 */
static char *get_state(struct cg_routes *web, __u64 now)
{
	if (!web->state || now >= web->state_until) {
		free(web->state);
		web->state = cg_api_state_json(&web->view, now);
		web->state_until = now + CG_SECOND;
	}
	return web->state ? strdup(web->state) : NULL;
}

/* Answers requests that show calls. */
static void answer_page(struct cg_routes *web, const struct cg_http_request *request,
			struct cg_http_answer *answer)
{
	char *text;

	if (!strcmp(request->path, "/")) {
		text = cg_web_page_create(&answer->csp);
		cg_http_set_body(answer, 200, "text/html; charset=utf-8", text);
	} else if (!strcmp(request->path, "/api/state")) {
		cg_http_set_body(answer, 200, JSON, get_state(web, cg_boottime()));
	} else if (!strcmp(request->path, "/api/ladder")) {
		text = cg_api_ladder_json(&web->view, cg_http_get_argument(request, "key"));
		cg_http_set_body(answer, text ? 200 : 404, JSON, text ? text : strdup("null"));
	}
}

void cg_routes_answer(void *ctx, const struct cg_http_request *request,
		      struct cg_http_answer *answer)
{
	struct cg_routes *web = ctx;
	const struct cg_daemon_view *view = &web->view;

	if (!strcmp(request->path, "/metrics"))
		cg_http_set_body(answer, 200, CG_METRICS_TYPE,
				 cg_metrics_text(view, cg_boottime()));
	else if (!strcmp(request->path, "/healthz"))
		answer_health(view, answer);
	else if (!host_is_allowed(view, request->host))
		cg_http_set_body(
			answer, 421, TEXT,
			strdup("unknown host name; use the address, or see --http-name\n"));
	else
		answer_page(web, request, answer);
}
