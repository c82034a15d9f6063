// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "hep/hep_listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "hep/hep_stream.h"
#include "util/clock.h"
#include "util/endpoint.h"

#define UDP_BUFFER (8 << 20) /* the kernel gives net.core.rmem_max at most */

struct connection {
	struct cg_hep_listener *listener;
	sd_event_source *source; /* NULL: the slot is free */
	int fd;
	__u8 addr[16];
	__u64 heard_at; /* CLOCK_BOOTTIME, ns: of its last record, else of the connect */
	struct cg_hep_stream *stream;
};

struct cg_hep_listener {
	sd_event *loop;
	cg_hep_handler handle;
	void *ctx;
	int udp_fd, tcp_fd;
	sd_event_source *udp, *tcp;
	__u32 lost_seen; /* the kernel's counter, which wraps */
	__u64 lost;
	struct connection connections[CG_HEP_CONNECTIONS_MAX];
	__u8 datagram[CG_HEP_RECORD_MAX];
};

static void get_address(const struct sockaddr_storage *from, __u8 addr[16])
{
	const struct sockaddr_in *four = (const void *)from;

	memset(addr, 0, 16);
	if (from->ss_family == AF_INET6) {
		memcpy(addr, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
		return;
	}
	addr[10] = addr[11] = 0xff;
	memcpy(addr + 12, &four->sin_addr, 4);
}

/* --- UDP -------------------------------------------------------------------------------------- */

/* Each datagram carries the number of those that the kernel has dropped so far. */
static void note_lost(struct cg_hep_listener *listener, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		__u32 lost;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&lost, CMSG_DATA(c), sizeof(lost));
		listener->lost += lost - listener->lost_seen;
		listener->lost_seen = lost;
	}
}

/* Returns false if there is none. */
static bool read_datagram(struct cg_hep_listener *listener)
{
	char control[CMSG_SPACE(sizeof(__u32))] __attribute__((aligned(8)));
	struct iovec part = { listener->datagram, sizeof(listener->datagram) };
	struct sockaddr_storage from;
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(listener->udp_fd, &msg, MSG_DONTWAIT);
	__u8 addr[16];

	if (n < 0)
		return false;
	note_lost(listener, &msg);
	get_address(&from, addr);
	listener->handle(listener->ctx, addr, listener->datagram, n);
	return true;
}

static int handle_udp(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	int left = CG_HEP_PER_TURN;

	(void)source, (void)fd, (void)events;
	while (left-- && read_datagram(ctx))
		;
	return 0;
}

/* --- TCP -------------------------------------------------------------------------------------- */

static void close_connection(struct connection *c)
{
	if (!c->source)
		return;
	c->source = sd_event_source_disable_unref(c->source);
	close(c->fd);
	free(c->stream);
	c->stream = NULL;
}

/* Returns false if nothing of use will come any more. */
static bool handle_records(struct connection *c)
{
	const __u8 *record;
	int len;

	while ((len = cg_hep_stream_next(c->stream, &record)) > 0) {
		if (!c->listener->handle(c->listener->ctx, c->addr, record, len))
			return false;
		c->heard_at = cg_boottime();
	}
	return !len;
}

/* One read a turn: the records of at most 64 KiB. */
static int handle_connection(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct connection *c = ctx;
	size_t room;
	void *at = cg_hep_stream_room(c->stream, &room);
	ssize_t n = recv(fd, at, room, MSG_DONTWAIT);

	(void)source, (void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0)
		cg_hep_stream_add(c->stream, n);
	if (n <= 0 || !handle_records(c))
		close_connection(c);
	return 0;
}

/*
 * Returns a free slot; if there is none, that of the connection which was silent for the longest
 * time.
 */
static struct connection *get_slot(struct cg_hep_listener *listener)
{
	struct connection *oldest = listener->connections;

	for (int i = 0; i < CG_HEP_CONNECTIONS_MAX; i++) {
		struct connection *c = &listener->connections[i];

		if (!c->source)
			return c;
		if (c->heard_at < oldest->heard_at)
			oldest = c;
	}
	close_connection(oldest);
	return oldest;
}

/* A host that has vanished leaves its connection open without it. */
static void set_keepalive(int fd)
{
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int handle_connect(sd_event_source *source, int listener_fd, uint32_t events, void *ctx)
{
	struct cg_hep_listener *listener = ctx;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = accept4(listener_fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c;

	(void)source, (void)events;
	if (fd < 0)
		return 0;
	set_keepalive(fd);
	c = get_slot(listener);
	*c = (struct connection){ .listener = listener, .fd = fd, .heard_at = cg_boottime() };
	get_address(&from, c->addr);
	c->stream = malloc(sizeof(*c->stream));
	if (c->stream)
		c->stream->first = c->stream->end = 0;
	if (!c->stream ||
	    sd_event_add_io(listener->loop, &c->source, fd, EPOLLIN, handle_connection, c) < 0) {
		free(c->stream);
		close(fd);
	}
	return 0;
}

/* --- the sockets ------------------------------------------------------------------------------ */

/* Returns a socket that is bound, or -errno. */
static int open_socket(const struct sockaddr_storage *address, socklen_t len, int type)
{
	const int on = 1, off = 0, room = UDP_BUFFER;
	int fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (type == SOCK_STREAM) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	} else {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
		setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	}
	if (bind(fd, (const struct sockaddr *)address, len) ||
	    (type == SOCK_STREAM && listen(fd, CG_HEP_CONNECTIONS_MAX)))
		err = -errno;
	if (err)
		close(fd);
	return err ? err : fd;
}

static int open_sockets(struct cg_hep_listener *listener, const char *text)
{
	struct sockaddr_storage address;
	socklen_t len;
	int err = cg_endpoint_parse(text, &address, &len);

	if (err)
		return err;
	listener->udp_fd = open_socket(&address, len, SOCK_DGRAM);
	if (listener->udp_fd < 0)
		return listener->udp_fd;
	listener->tcp_fd = open_socket(&address, len, SOCK_STREAM);
	return listener->tcp_fd < 0 ? listener->tcp_fd : 0;
}

int cg_hep_listener_new(sd_event *loop, const char *address, cg_hep_handler handle, void *ctx,
			struct cg_hep_listener **out)
{
	struct cg_hep_listener *listener = calloc(1, sizeof(*listener));
	int err;

	if (!listener)
		return -ENOMEM;
	listener->loop = loop;
	listener->handle = handle;
	listener->ctx = ctx;
	listener->udp_fd = listener->tcp_fd = -1;
	err = open_sockets(listener, address);
	if (!err)
		err = sd_event_add_io(loop, &listener->udp, listener->udp_fd, EPOLLIN, handle_udp,
				      listener);
	if (err >= 0)
		err = sd_event_add_io(loop, &listener->tcp, listener->tcp_fd, EPOLLIN,
				      handle_connect, listener);
	if (err < 0) {
		cg_hep_listener_free(listener);
		return err;
	}
	*out = listener;
	return 0;
}

void cg_hep_listener_free(struct cg_hep_listener *listener)
{
	if (!listener)
		return;
	for (int i = 0; i < CG_HEP_CONNECTIONS_MAX; i++)
		close_connection(&listener->connections[i]);
	sd_event_source_disable_unref(listener->udp);
	sd_event_source_disable_unref(listener->tcp);
	if (listener->udp_fd >= 0)
		close(listener->udp_fd);
	if (listener->tcp_fd >= 0)
		close(listener->tcp_fd);
	free(listener);
}

__u64 cg_hep_listener_lost(const struct cg_hep_listener *listener)
{
	return listener->lost;
}

unsigned int cg_hep_listener_connections(const struct cg_hep_listener *listener)
{
	unsigned int n = 0;

	for (int i = 0; i < CG_HEP_CONNECTIONS_MAX; i++)
		n += listener->connections[i].source != NULL;
	return n;
}
