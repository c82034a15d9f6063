// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "postgres/pg_connect.h"
#include "util/backoff.h"
#include "util/clock.h"
#include "util/loop.h"

#define HANGS_NS (300 * CG_SECOND) /* a try that lasts longer after its deadline never ends */

enum state { DOWN, CONNECTING, IDLE, BUSY };

struct cg_pg {
	sd_event *loop;
	enum state state;
	struct cg_pg_connect *try; /* CONNECTING; NULL in other states */
	bool late; /* the try has passed its deadline */
	PGconn *conn; /* IDLE, BUSY; NULL in other states */
	PGresult *result; /* of the statement in flight, so far */
	char *conninfo;
	__u64 timeout;
	__u64 backoff;
	sd_event_source *socket; /* of conn or try */
	sd_event_source *timer; /* DOWN: next try; CONNECTING, BUSY: deadline */
	struct cg_pg_callbacks callbacks;
};

static void set_state(struct cg_pg *pg, enum state state)
{
	__u64 timer = state == IDLE   ? 0
		      : state == DOWN ? cg_backoff_wait(pg->backoff)
				      : pg->timeout;

	pg->state = state;
	pg->late = false;
	cg_timer_set(pg->timer, timer);
}

/* Joins the lines of libpq, one for each host. Indented lines are hints for a first setup: skipped. */
static void join_lines(char *text, size_t size, const char *lines)
{
	size_t used = 0;

	*text = '\0';
	for (; *lines && used + 1 < size; lines += *lines == '\n') {
		int len = strcspn(lines, "\n");

		if (*lines != '\t')
			used += snprintf(text + used, size - used, "%s%.*s", used ? "; " : "", len,
					 lines);
		lines += len;
	}
}

void cg_pg_disconnect(struct cg_pg *pg, const char *why)
{
	char text[512];

	/* `why` may belong to the connection: copy it first */
	join_lines(text, sizeof(text), why && *why ? why : "connection lost");
	pg->socket = sd_event_source_disable_unref(pg->socket);
	PQclear(pg->result);
	pg->result = NULL;
	cg_pg_connect_abandon(pg->try);
	pg->try = NULL;
	PQfinish(pg->conn);
	pg->conn = NULL;
	set_state(pg, DOWN);
	pg->backoff = cg_backoff_next(pg->backoff);
	pg->callbacks.disconnected(pg->callbacks.ctx, text);
}

void cg_pg_reset_backoff(struct cg_pg *pg)
{
	pg->backoff = CG_BACKOFF_FIRST;
}

static void ignore_notice(void *ctx, const PGresult *notice)
{
	(void)ctx;
	(void)notice; /* "already exists, skipping" and the like */
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx);

/* Uses the connection that the thread has made. */
static void finish_connect(struct cg_pg *pg)
{
	int err;

	pg->socket = sd_event_source_disable_unref(pg->socket);
	pg->conn = cg_pg_connect_finish(pg->try);
	pg->try = NULL;
	if (PQstatus(pg->conn) != CONNECTION_OK || PQsetnonblocking(pg->conn, 1)) {
		cg_pg_disconnect(pg, pg->conn ? PQerrorMessage(pg->conn) : strerror(ENOMEM));
		return;
	}
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	err = sd_event_add_io(pg->loop, &pg->socket, PQsocket(pg->conn), EPOLLIN, handle_socket,
			      pg);
	if (err < 0) {
		cg_pg_disconnect(pg, strerror(-err));
		return;
	}
	set_state(pg, IDLE);
	pg->callbacks.connected(pg->callbacks.ctx);
}

static void start_connect(struct cg_pg *pg)
{
	int err = cg_pg_connect_start(pg->conninfo, pg->timeout, &pg->try);

	if (!err)
		err = sd_event_add_io(pg->loop, &pg->socket, cg_pg_connect_fd(pg->try), EPOLLIN,
				      handle_socket, pg);
	if (err < 0)
		cg_pg_disconnect(pg, strerror(-err));
	else
		set_state(pg, CONNECTING);
}

/* Sends the rest of a statement; its result may arrive meanwhile. False: disconnected. */
static bool flush_output(struct cg_pg *pg)
{
	int left = PQflush(pg->conn), err;

	if (left < 0) {
		cg_pg_disconnect(pg, PQerrorMessage(pg->conn));
		return false;
	}
	err = sd_event_source_set_io_events(pg->socket, EPOLLIN | (left ? EPOLLOUT : 0));
	if (err < 0)
		cg_pg_disconnect(pg, strerror(-err));
	return err >= 0;
}

/*
 * Reads results. A list of statements has one for each: keeps the first error, else the last result.
 * True: complete.
 */
static bool read_results(struct cg_pg *pg)
{
	while (!PQisBusy(pg->conn)) {
		PGresult *result = PQgetResult(pg->conn);
		ExecStatusType status = PQresultStatus(pg->result);

		if (!result)
			return true;
		if (pg->result && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
			PQclear(result);
			continue;
		}
		PQclear(pg->result);
		pg->result = result;
	}
	return false;
}

static void continue_statement(struct cg_pg *pg)
{
	PGresult *result;

	if (!PQconsumeInput(pg->conn)) {
		cg_pg_disconnect(pg, PQerrorMessage(pg->conn));
		return;
	}
	if (pg->state != BUSY || !flush_output(pg) || !read_results(pg))
		return;
	if (PQstatus(pg->conn) == CONNECTION_BAD) {
		cg_pg_disconnect(pg, pg->result ? PQresultErrorMessage(pg->result) : NULL);
		return;
	}
	result = pg->result;
	pg->result = NULL;
	set_state(pg, IDLE);
	pg->callbacks.result(pg->callbacks.ctx, result);
	PQclear(result);
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct cg_pg *pg = ctx;

	(void)source, (void)fd, (void)events;
	if (pg->state == CONNECTING)
		finish_connect(pg);
	else
		continue_statement(pg);
	return 0;
}

/*
 * Reports the first try that is late, but waits for it: each host may take its time, and a second try
 * would ask the same name servers. One that lasts much longer hangs for good, and is left to its thread.
 */
static void handle_late_connect(struct cg_pg *pg, const char *why)
{
	if (pg->late) {
		cg_pg_disconnect(pg, why);
		return;
	}
	pg->late = true;
	cg_timer_set(pg->timer, pg->timeout > HANGS_NS ? pg->timeout : HANGS_NS);
	if (pg->backoff == CG_BACKOFF_FIRST)
		pg->callbacks.disconnected(pg->callbacks.ctx, why);
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_pg *pg = ctx;
	char why[80];

	(void)timer, (void)usec;
	snprintf(why, sizeof(why), "no response within %g s", pg->timeout / (double)CG_SECOND);
	if (pg->state == DOWN)
		start_connect(pg);
	else if (pg->state == CONNECTING)
		handle_late_connect(pg, why);
	else if (pg->state == BUSY)
		cg_pg_disconnect(pg, why);
	return 0;
}

int cg_pg_new(sd_event *loop, const char *conninfo, __u64 timeout,
	      const struct cg_pg_callbacks *callbacks, struct cg_pg **out)
{
	struct cg_pg *pg = calloc(1, sizeof(*pg));
	int err;

	if (!pg)
		return -ENOMEM;
	*pg = (struct cg_pg){
		.loop = loop,
		.conninfo = strdup(conninfo),
		.timeout = timeout,
		.backoff = CG_BACKOFF_FIRST,
		.callbacks = *callbacks,
	};
	err = pg->conninfo ? 0 : -ENOMEM;
	if (!err)
		err = cg_timer_add(loop, &pg->timer, handle_timer, pg);
	if (err) {
		cg_pg_free(pg);
		return err;
	}
	cg_timer_set(pg->timer, 1); /* connect in the next turn of the loop */
	*out = pg;
	return 0;
}

void cg_pg_set_timeout(struct cg_pg *pg, __u64 timeout)
{
	pg->timeout = timeout;
}

void cg_pg_free(struct cg_pg *pg)
{
	if (!pg)
		return;
	sd_event_source_disable_unref(pg->socket);
	sd_event_source_disable_unref(pg->timer);
	PQclear(pg->result);
	cg_pg_connect_abandon(pg->try);
	PQfinish(pg->conn);
	free(pg->conninfo);
	free(pg);
}

bool cg_pg_is_connected(const struct cg_pg *pg)
{
	return pg->state == IDLE || pg->state == BUSY;
}

bool cg_pg_is_idle(const struct cg_pg *pg)
{
	return pg->state == IDLE;
}

const char *cg_pg_role(const struct cg_pg *pg)
{
	return pg->conn ? PQuser(pg->conn) : "";
}

bool cg_pg_stores_utf8(const struct cg_pg *pg)
{
	const char *encoding = PQparameterStatus(pg->conn, "server_encoding");

	return !encoding || !strcmp(encoding, "UTF8") || !strcmp(encoding, "SQL_ASCII");
}

int cg_pg_session(const struct cg_pg *pg)
{
	return PQbackendPID(pg->conn);
}

int cg_pg_send(struct cg_pg *pg, const char *sql, int n, const char *const *values)
{
	int sent;

	if (pg->state != IDLE)
		return -EBUSY;
	set_state(pg, BUSY);
	sent = n ? PQsendQueryParams(pg->conn, sql, n, NULL, values, NULL, NULL, 0)
		 : PQsendQuery(pg->conn, sql);
	if (!sent) {
		cg_pg_disconnect(pg, PQerrorMessage(pg->conn));
		return -EIO;
	}
	return flush_output(pg) ? 0 : -EIO;
}
