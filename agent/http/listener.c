// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "http/listener.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "http/connections.h"
#include "util/clock.h"
#include "util/endpoint.h"
#include "util/log.h"
#include "util/loop.h"

#define IDLE_SECONDS 10
#define REQUEST_BYTES 16384 /* including the headers of the response */

struct cg_http {
	sd_event *loop;
	struct MHD_Daemon *mhd;
	sd_event_source *sockets, *timer;
	cg_http_handler answerer;
	void *ctx;
	struct cg_connections connections;
};

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Cache-Control", "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
};

/* Returns a listening socket, or -errno. */
static int open_listener(const char *text)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd, one = 1, err = cg_endpoint_parse_listener(text, &address, &len);

	if (err)
		return err;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, CG_CONNECTIONS_MAX)) {
		err = -errno;
		close(fd);
	}
	return err ? err : fd;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
				   const struct cg_http_answer *answer)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(answer->body);
		return MHD_NO; /* closes the connection */
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Content-Security-Policy",
				answer->csp ? answer->csp
					    : "default-src 'none'; frame-ancestors 'none'");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static bool has_body(struct MHD_Connection *connection)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length") ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

struct host {
	const char *value;
	unsigned int count;
};

static enum MHD_Result find_host(void *ctx, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct host *host = ctx;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST))
		return MHD_YES;
	host->value = value;
	host->count++;
	return MHD_YES;
}

/* Returns the Host header; NULL: there is none, or there are several (RFC 9112, 3.2). */
static const char *get_host(struct MHD_Connection *connection)
{
	struct host host = {};

	MHD_get_connection_values(connection, MHD_HEADER_KIND, find_host, &host);
	return host.count == 1 ? host.value : NULL;
}

/*
 * libmicrohttpd calls this after the headers, and again after the whole request. A response to the
 * first call closes the connection, which is what a request with a body gets: nobody reads the
 * body.
 */
static enum MHD_Result handle_request(void *ctx, struct MHD_Connection *connection, const char *url,
				      const char *method, const char *version,
				      const char *upload_data, size_t *upload_data_size,
				      void **of_request)
{
	struct cg_http *http = ctx;
	struct cg_http_answer answer = { .status = MHD_HTTP_NOT_FOUND };
	const struct cg_http_request request = {
		.path = url,
		.host = get_host(connection),
		.connection = connection,
	};

	bool method_is_read = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	(void)version, (void)upload_data, (void)upload_data_size;
	if (method_is_read && !*of_request && !has_body(connection)) {
		*of_request = http;
		return MHD_YES;
	}
	if (!method_is_read)
		cg_http_set_body(&answer, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
				 strdup("only GET and HEAD are supported\n"));
	else
		http->answerer(http->ctx, &request, &answer);
	if (answer.status == MHD_HTTP_NOT_FOUND && !answer.body)
		cg_http_set_body(&answer, MHD_HTTP_NOT_FOUND, "text/plain",
				 strdup("not found; available: /, /metrics, /healthz\n"));
	return answer.body ? send_answer(connection, &answer) : MHD_NO;
}

/* Runs libmicrohttpd and sets its next timeout, because it has no timers in external epoll mode. */
static void run_mhd(struct cg_http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	cg_connections_close_slow(&http->connections);
	MHD_run(http->mhd);
	if (MHD_get_timeout(http->mhd, &ms) != MHD_YES)
		cg_timer_set(http->timer, 0);
	else
		cg_timer_set(http->timer, ms ? ms * (CG_SECOND / 1000) : 1);
}

static int handle_sockets(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source, (void)fd, (void)events;
	run_mhd(ctx);
	return 0;
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	(void)timer, (void)usec;
	run_mhd(ctx);
	return 0;
}

static int start_mhd(struct cg_http *http, int listener)
{
	const union MHD_DaemonInfo *info;
	int err;

	http->mhd = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, handle_request, http, MHD_OPTION_LISTEN_SOCKET,
		listener, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CG_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, cg_connections_changed, &http->connections,
		MHD_OPTION_NOTIFY_COMPLETED, cg_connections_request_completed, &http->connections,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!http->mhd) {
		close(listener);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOMEM;
	err = sd_event_add_io(http->loop, &http->sockets, info->epoll_fd, EPOLLIN, handle_sockets,
			      http);
	return err < 0 ? err : cg_timer_add(http->loop, &http->timer, handle_timer, http);
}

int cg_http_new(sd_event *loop, const char *text, cg_http_handler answerer, void *ctx,
		struct cg_http **out)
{
	struct cg_http *http = calloc(1, sizeof(*http));
	int err = -ENOMEM, listener = -1;

	if (http) {
		*http = (struct cg_http){ .loop = loop, .answerer = answerer, .ctx = ctx };
		cg_connections_init(&http->connections);
		err = listener = open_listener(text);
	}
	if (listener >= 0)
		err = start_mhd(http, listener);
	if (err < 0) {
		cg_log_err("--http %s: cannot listen: %s%s", text, strerror(-err),
			   err == -EACCES ? "; a port below 1024 needs root" : "");
		cg_http_free(http);
		return err;
	}
	*out = http;
	return 0;
}

void cg_http_free(struct cg_http *http)
{
	if (!http)
		return;
	sd_event_source_disable_unref(http->sockets);
	sd_event_source_disable_unref(http->timer);
	if (http->mhd)
		MHD_stop_daemon(http->mhd);
	free(http);
}

const char *cg_http_get_argument(const struct cg_http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

void cg_http_set_body(struct cg_http_answer *answer, unsigned int status, const char *type,
		      char *text)
{
	answer->status = status;
	answer->type = type;
	answer->body = text;
	answer->size = text ? strlen(text) : 0;
}
