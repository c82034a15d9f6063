// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/postgres/pg_connect.c -lpq -lpthread
/* Connecting in a thread, to servers that accept a connection and then say nothing. */
#include "postgres/pg_connect.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "util/clock.h"

#define PATIENCE_MS 30000

static int listen_silently(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		exit(1);
	*port = ntohs(address.sin_port);
	return fd;
}

static int is_readable(int fd, int wait_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, wait_ms) == 1;
}

static int threads_end(void)
{
	for (int i = 0; i < PATIENCE_MS / 10 && cg_pg_connect_running(); i++)
		poll(NULL, 0, 10);
	return !cg_pg_connect_running();
}

static struct cg_pg_connect *start(const char *hosts, const char *ports)
{
	struct cg_pg_connect *try = NULL;
	char conninfo[256];

	snprintf(conninfo, sizeof(conninfo), "host=%s port=%s user=lab dbname=lab", hosts, ports);
	if (cg_pg_connect_start(conninfo, 5 * CG_SECOND, &try))
		exit(1);
	return try;
}

static void refused(void)
{
	char ports[16];
	int port;
	struct cg_pg_connect *try;
	PGconn *conn;

	close(listen_silently(&port));
	snprintf(ports, sizeof(ports), "%d", port);
	try = start("127.0.0.1", ports);
	ok(is_readable(cg_pg_connect_fd(try), PATIENCE_MS), "connect: a refused try ends");
	conn = cg_pg_connect_finish(try);
	ok(conn && PQstatus(conn) == CONNECTION_BAD && strstr(PQerrorMessage(conn), "refused"),
	   "connect: a refused try has the error");
	PQfinish(conn);
	ok(threads_end(), "connect: the thread of a refused try ends");
}

static void abandoned(void)
{
	char ports[16];
	int port, server = listen_silently(&port), client;
	struct cg_pg_connect *try;

	snprintf(ports, sizeof(ports), "%d", port);
	try = start("127.0.0.1", ports);
	client = is_readable(server, PATIENCE_MS) ? accept(server, NULL, NULL) : -1;
	ok(!is_readable(cg_pg_connect_fd(try), 0),
	   "connect: a silent server holds the thread alone");
	cg_pg_connect_abandon(try);
	ok(cg_pg_connect_running() == 1, "connect: an abandoned try continues in its thread");
	close(client);
	close(server);
	ok(threads_end(), "connect: the thread of an abandoned try ends and frees it");
}

static void next_host(void)
{
	char ports[32];
	int port, next_port, server = listen_silently(&port), next = listen_silently(&next_port);
	struct cg_pg_connect *try;

	snprintf(ports, sizeof(ports), "%d,%d", port, next_port);
	try = start("127.0.0.1,127.0.0.1", ports);
	ok(is_readable(next, PATIENCE_MS), "connect: the host after a silent one is tried");
	cg_pg_connect_abandon(try);
	close(server);
	close(next);
	ok(threads_end(), "connect: the next host is tried in the same thread");
}

int main(void)
{
	refused();
	abandoned();
	next_host();
	return tap_done();
}
