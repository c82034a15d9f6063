// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "server.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "run.h"

#define CLIENTS_MAX 32

struct client {
	struct cg_server *server;
	struct cg_watch watch; /* fd -1: free */
};

struct cg_server {
	int loop;
	struct cg_watch listener;
	struct sockaddr_un addr;
	struct client clients[CLIENTS_MAX];
};

static void leave(struct client *client)
{
	cg_loop_forget(client->server->loop, &client->watch);
	close(client->watch.fd);
	client->watch.fd = -1;
}

/* A client has nothing to say: what it sends, or its end, ends it. */
static void client_ready(void *ctx, __u32 events)
{
	(void)events;
	leave(ctx);
}

static void accept_ready(void *ctx, __u32 events)
{
	struct cg_server *server = ctx;
	int fd = accept4(server->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->watch.fd >= 0)
			continue;
		client->watch.fd = fd;
		if (cg_loop_watch(server->loop, &client->watch, EPOLLIN | EPOLLRDHUP))
			leave(client);
		return;
	}
	close(fd); /* as many as we serve are here */
}

void cg_server_send(struct cg_server *server, const struct cg_event *event)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].watch.fd >= 0 &&
		    send(server->clients[i].watch.fd, event, sizeof(*event),
			 MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN && errno != ENOBUFS)
			leave(&server->clients[i]);
}

static int listen_on(struct cg_server *server)
{
	struct group *group = getgrnam("cseqguard");
	mode_t mask = umask(0117);
	int err = 0;

	unlink(server->addr.sun_path);
	server->listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->listener.fd < 0 ||
	    bind(server->listener.fd, (struct sockaddr *)&server->addr, sizeof(server->addr)) ||
	    listen(server->listener.fd, CLIENTS_MAX))
		err = -errno;
	umask(mask);
	if (!err && group && chown(server->addr.sun_path, -1, group->gr_gid) && errno != EPERM)
		err = -errno;
	return err ? err : cg_loop_watch(server->loop, &server->listener, EPOLLIN);
}

int cg_server_new(int loop, const char *instance, struct cg_server **out)
{
	struct cg_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->addr.sun_family = AF_UNIX;
	server->listener = (struct cg_watch){ .fd = -1, .ready = accept_ready, .ctx = server };
	for (int i = 0; i < CLIENTS_MAX; i++)
		server->clients[i] = (struct client){
			.server = server,
			.watch = { .fd = -1, .ready = client_ready, .ctx = &server->clients[i] },
		};
	err = cg_run_path(server->addr.sun_path, sizeof(server->addr.sun_path), instance, "sock");
	if (!err)
		err = listen_on(server);
	if (err) {
		cg_log_err("cannot listen on %s: %s",
			   *server->addr.sun_path ? server->addr.sun_path : instance,
			   strerror(-err));
		cg_server_free(server);
	} else {
		*out = server;
	}
	return err;
}

void cg_server_free(struct cg_server *server)
{
	if (!server)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].watch.fd >= 0)
			leave(&server->clients[i]);
	if (server->listener.fd >= 0) {
		close(server->listener.fd);
		unlink(server->addr.sun_path);
	}
	free(server);
}
