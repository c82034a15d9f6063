// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "ctl/ctl_server.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl_proto.h"
#include "maps/runtime_dir.h"
#include "util/log.h"

#define CLIENTS_MAX 32

struct client {
	struct cg_ctl_server *server;
	sd_event_source *source; /* NULL: free */
	int fd;
	bool has_request; /* it gets no events */
	unsigned int position, n_sent; /* in the recent calls; dialogs sent so far */
	char call_id[CG_CTL_CALL_ID_SIZE];
};

struct cg_ctl_server {
	sd_event *loop;
	const struct cg_recent *recent;
	sd_event_source *source; /* of the listener */
	int listener;
	struct sockaddr_un addr;
	struct client clients[CLIENTS_MAX];
};

static void close_client(struct client *client)
{
	client->source = sd_event_source_disable_unref(client->source);
	close(client->fd);
}

/*
 * Reads a request for the dialogs of a Call-ID, and waits until the answer can be sent. False:
 * invalid.
 */
static bool read_request(struct client *client)
{
	struct cg_ctl_request ask;
	ssize_t got = recv(client->fd, &ask, sizeof(ask), MSG_TRUNC);

	if (client->has_request || !cg_ctl_packet_is(&ask.head, got, CG_CTL_LADDER, sizeof(ask)))
		return false;
	ask.call_id[sizeof(ask.call_id) - 1] = '\0';
	memcpy(client->call_id, ask.call_id, sizeof(client->call_id));
	client->has_request = true;
	client->position = client->n_sent = 0;
	return sd_event_source_set_io_events(client->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP) >= 0;
}

static int send_packet(struct client *client, const void *packet, size_t size)
{
	return send(client->fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/*
 * Sends one packet of the answer. If the socket has no space, only this client waits. 0, or -1 if
 * the answer is complete or the client is gone.
 */
static int send_answer(struct client *client)
{
	const struct cg_recent *recent = client->server->recent;
	struct cg_ctl_end end = { .head = cg_ctl_head(CG_CTL_END, sizeof(end)),
				  .remembered = cg_recent_count(recent) };
	static struct cg_ctl_call packet;
	const struct cg_recent_call *call = NULL;
	unsigned int position = client->position;
	int err;

	if (client->n_sent < CG_CTL_CALLS_MAX)
		call = cg_recent_find(recent, client->call_id, &position);
	if (call) {
		packet.head = cg_ctl_head(CG_CTL_CALL, sizeof(packet));
		packet.call = *call;
	}
	err = call ? send_packet(client, &packet, sizeof(packet))
		   : send_packet(client, &end, sizeof(end));
	if (err == -EAGAIN || err == -ENOBUFS)
		return 0;
	client->position = position;
	client->n_sent++;
	return err || !call ? -1 : 0;
}

/* Closes the client on anything but a valid request, and at the end of its answer. */
static int handle_client(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct client *client = ctx;
	bool keep;

	(void)source, (void)fd;
	if (events & EPOLLIN)
		keep = read_request(client);
	else
		keep = client->has_request && events == EPOLLOUT && !send_answer(client);
	if (!keep)
		close_client(client);
	return 0;
}

static int handle_listener(sd_event_source *source, int listener, uint32_t events, void *ctx)
{
	struct cg_ctl_server *server = ctx;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source, (void)events;
	if (fd < 0)
		return 0;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &server->clients[i];

		if (client->source)
			continue;
		*client = (struct client){ .server = server, .fd = fd };
		if (sd_event_add_io(server->loop, &client->source, fd, EPOLLIN | EPOLLRDHUP,
				    handle_client, client) < 0)
			close(fd);
		return 0;
	}
	close(fd); /* too many clients */
	return 0;
}

void cg_ctl_server_send_event(struct cg_ctl_server *server, const struct cg_event *event)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].source && !server->clients[i].has_request &&
		    send(server->clients[i].fd, event, sizeof(*event),
			 MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN && errno != ENOBUFS)
			close_client(&server->clients[i]);
}

static int listen_on(struct cg_ctl_server *server)
{
	struct group *group = getgrnam("cseqguard");
	mode_t mask = umask(0117);
	int err = 0;

	unlink(server->addr.sun_path);
	server->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->listener < 0 ||
	    bind(server->listener, (struct sockaddr *)&server->addr, sizeof(server->addr)) ||
	    listen(server->listener, CLIENTS_MAX))
		err = -errno;
	umask(mask);
	if (!err && group && chown(server->addr.sun_path, -1, group->gr_gid) && errno != EPERM)
		err = -errno;
	if (!err)
		err = sd_event_add_io(server->loop, &server->source, server->listener, EPOLLIN,
				      handle_listener, server);
	return err < 0 ? err : 0;
}

int cg_ctl_server_new(sd_event *loop, const char *instance, const struct cg_recent *recent,
		      struct cg_ctl_server **out)
{
	struct cg_ctl_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->recent = recent;
	server->addr.sun_family = AF_UNIX;
	server->listener = -1;
	err = cg_runtime_path(server->addr.sun_path, sizeof(server->addr.sun_path), instance,
			      "sock");
	if (!err)
		err = listen_on(server);
	if (err) {
		cg_log_err("socket %s: cannot listen: %s",
			   *server->addr.sun_path ? server->addr.sun_path : instance,
			   strerror(-err));
		cg_ctl_server_free(server);
	} else {
		*out = server;
	}
	return err;
}

void cg_ctl_server_free(struct cg_ctl_server *server)
{
	if (!server)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].source)
			close_client(&server->clients[i]);
	sd_event_source_disable_unref(server->source);
	if (server->listener >= 0) {
		close(server->listener);
		unlink(server->addr.sun_path);
	}
	free(server);
}
