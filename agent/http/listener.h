/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's HTTP listener: GET and HEAD, read-only, in the daemon's own loop. Connections, those
 * of one address, their idle time and the size of a request are bounded; a client that is slow
 * waits for itself alone. No TLS and no passwords: it listens on loopback unless it is told else.
 */
#ifndef CG_HTTP_LISTENER_H
#define CG_HTTP_LISTENER_H

#include <stddef.h>
#include <systemd/sd-event.h>

struct cg_http;

struct cg_http_request {
	const char *path;
	const char *host; /* the header, or NULL */
	void *connection;
};

struct cg_http_answer {
	unsigned int status;
	const char *type; /* Content-Type; static */
	const char *csp; /* Content-Security-Policy; NULL: nothing may be loaded */
	char *body; /* malloc()ed, or NULL: no memory */
	size_t size;
};

/* Fills the answer, which is 404 as it comes. Must not block. */
typedef void (*cg_http_handler)(void *ctx, const struct cg_http_request *request,
				struct cg_http_answer *answer);

/* text: as cg_endpoint_parse_listener() takes it. 0 or -errno, logged. */
int cg_http_new(sd_event *loop, const char *text, cg_http_handler answerer, void *ctx,
		struct cg_http **http);
void cg_http_free(struct cg_http *http);

/* The value of ?name= in the request, decoded; NULL: there is none. Valid during that answer. */
const char *cg_http_get_argument(const struct cg_http_request *request, const char *name);

/* Body of open_memstream()'s text: takes it over. */
void cg_http_set_body(struct cg_http_answer *answer, unsigned int status, const char *type,
		      char *text);

#endif
