/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The daemon's HTTP listener. It serves GET and HEAD, read-only, in the daemon's event loop. The
 * number of connections, in total and from one address, their idle time and the size of a request
 * are bounded. A slow client delays no other, and an idle one makes room for others. There is no
 * TLS and no password: it listens on loopback by default.
 */
#ifndef CG_HTTP_LISTENER_H
#define CG_HTTP_LISTENER_H

#include <stddef.h>
#include <systemd/sd-event.h>

struct cg_http;

struct cg_http_request {
	const char *path;
	const char *host; /* the header; NULL: none, or several */
	void *connection;
};

struct cg_http_answer {
	unsigned int status;
	const char *type; /* Content-Type; static */
	const char *csp; /* Content-Security-Policy; NULL: forbid all content */
	char *body; /* freed by the listener; NULL: no memory */
	size_t size;
};

/* Fills the answer, whose status is 404 before the call. Must not block. */
typedef void (*cg_http_handler)(void *ctx, const struct cg_http_request *request,
				struct cg_http_answer *answer);

/* text: as cg_endpoint_parse_listener() takes it. 0 or -errno, logged. */
int cg_http_new(sd_event *loop, const char *text, cg_http_handler answerer, void *ctx,
		struct cg_http **http);
void cg_http_free(struct cg_http *http);

/* Returns the decoded value of ?name=, valid during the request; NULL: none. */
const char *cg_http_get_argument(const struct cg_http_request *request, const char *name);

/* Sets status, type and body. The answer owns `text`; NULL: no memory. */
void cg_http_set_body(struct cg_http_answer *answer, unsigned int status, const char *type,
		      char *text);

#endif
