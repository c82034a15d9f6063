// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/pg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "util/backoff.h"
#include "util/clock.h"
#include "util/loop.h"

#define HOSTS_PER_TRY 5 /* silent hosts that are skipped within the timeout of one try */

enum state { DOWN, CONNECTING, IDLE, BUSY };

struct cg_pg {
	int loop;
	enum state state;
	PGconn *conn;
	PGresult *result; /* of the statement in flight, so far */
	char *conninfo;
	__u64 timeout;
	__u64 backoff;
	struct cg_watch socket;
	struct cg_watch timer; /* DOWN: next try; CONNECTING, BUSY: deadline */
	struct cg_pg_callbacks callbacks;
};

static void set_state(struct cg_pg *pg, enum state state)
{
	__u64 timer = state == IDLE ? 0 : state == DOWN ? pg->backoff : pg->timeout;

	pg->state = state;
	cg_timer_set(pg->timer.fd, timer, 0);
}

/* Joins the lines of libpq, one for each host. Indented lines are hints for a first setup: skipped. */
static void join_lines(char *text, size_t size, const char *lines)
{
	size_t used = 0;

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
	if (pg->conn && pg->socket.fd >= 0)
		cg_loop_forget(pg->loop, &pg->socket);
	pg->socket.fd = -1;
	PQclear(pg->result);
	pg->result = NULL;
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

/* Waits for events of the socket. False: failed and disconnected. */
static bool watch_socket(struct cg_pg *pg, __u32 events)
{
	int fd = PQsocket(pg->conn), err;

	/* libpq uses another socket for the next host or address */
	if (pg->socket.fd >= 0 && pg->socket.fd != fd)
		cg_loop_forget(pg->loop, &pg->socket);
	pg->socket.fd = fd;
	err = fd < 0 ? -EBADF : cg_loop_watch(pg->loop, &pg->socket, events);
	if (err)
		cg_pg_disconnect(pg, strerror(-err));
	return !err;
}

/* One step of connecting: does what libpq asked for. */
static void continue_connect(struct cg_pg *pg, PostgresPollingStatusType status)
{
	switch (status) {
	case PGRES_POLLING_READING:
		watch_socket(pg, EPOLLIN);
		break;
	case PGRES_POLLING_WRITING:
		watch_socket(pg, EPOLLOUT);
		break;
	case PGRES_POLLING_OK:
		if (PQsetnonblocking(pg->conn, 1)) {
			cg_pg_disconnect(pg, PQerrorMessage(pg->conn));
		} else if (watch_socket(pg, EPOLLIN)) {
			set_state(pg, IDLE);
			pg->callbacks.connected(pg->callbacks.ctx);
		}
		break;
	default:
		cg_pg_disconnect(pg, PQerrorMessage(pg->conn));
	}
}

static void ignore_notice(void *ctx, const PGresult *notice)
{
	(void)ctx;
	(void)notice; /* "already exists, skipping" and the like */
}

static void start_connect(struct cg_pg *pg)
{
	/*
	 * Keys before the conninfo ("dbname") are defaults, keys after it override it. libpq ignores
	 * connect_timeout in non-blocking mode. Without a limit for each host, one that drops
	 * packets would use up the whole deadline in each try.
	 */
	char user_timeout[24];
	const char *keys[] = { "fallback_application_name", "tcp_user_timeout",	    "dbname",
			       "client_encoding",	    "target_session_attrs", NULL };
	const char *values[] = { "cseqguardd", user_timeout, pg->conninfo,
				 "UTF8",       "read-write", NULL };

	snprintf(user_timeout, sizeof(user_timeout), "%llu",
		 (unsigned long long)(pg->timeout / HOSTS_PER_TRY / 1000000));
	set_state(pg, CONNECTING);
	pg->conn = PQconnectStartParams(keys, values, 1);
	if (!pg->conn || PQstatus(pg->conn) == CONNECTION_BAD) {
		cg_pg_disconnect(pg, pg->conn ? PQerrorMessage(pg->conn) : strerror(ENOMEM));
		return;
	}
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	continue_connect(pg, PGRES_POLLING_WRITING);
}

/* Sends the rest of a statement; its result may arrive meanwhile. False: disconnected. */
static bool flush_output(struct cg_pg *pg)
{
	int left = PQflush(pg->conn);

	if (left < 0) {
		cg_pg_disconnect(pg, PQerrorMessage(pg->conn));
		return false;
	}
	return watch_socket(pg, EPOLLIN | (left ? EPOLLOUT : 0));
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

static void handle_socket(void *ctx, __u32 events)
{
	struct cg_pg *pg = ctx;
	PGresult *result;

	(void)events;
	if (pg->state == CONNECTING) {
		continue_connect(pg, PQconnectPoll(pg->conn));
		return;
	}
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

static void handle_timer(void *ctx, __u32 events)
{
	struct cg_pg *pg = ctx;
	char why[80];

	(void)events;
	cg_fd_drain(pg->timer.fd);
	if (pg->state == DOWN) {
		start_connect(pg);
	} else if (pg->state != IDLE) {
		snprintf(why, sizeof(why), "no response within %llu s",
			 (unsigned long long)(pg->timeout / CG_SECOND));
		cg_pg_disconnect(pg, why);
	}
}

int cg_pg_new(int loop, const char *conninfo, __u64 timeout,
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
		.socket = { .fd = -1, .ready = handle_socket, .ctx = pg },
		.timer = { .fd = cg_timer_new(), .ready = handle_timer, .ctx = pg },
		.callbacks = *callbacks,
	};
	err = pg->conninfo ? 0 : -ENOMEM;
	if (!err && pg->timer.fd < 0)
		err = pg->timer.fd;
	if (!err)
		err = cg_loop_watch(loop, &pg->timer, EPOLLIN);
	if (!err)
		err = cg_timer_set(pg->timer.fd, 1, 0); /* connect in the next turn of the loop */
	if (err)
		cg_pg_free(pg);
	else
		*out = pg;
	return err;
}

void cg_pg_set_timeout(struct cg_pg *pg, __u64 timeout)
{
	pg->timeout = timeout;
}

void cg_pg_free(struct cg_pg *pg)
{
	if (!pg)
		return;
	PQclear(pg->result);
	PQfinish(pg->conn);
	if (pg->timer.fd >= 0)
		close(pg->timer.fd);
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
