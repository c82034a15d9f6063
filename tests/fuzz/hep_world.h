/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the daemon's HEP side sees of the world, without a kernel: clocks, the event loop, sockets. Senders
 * send datagrams, or connect and write; the fuzzer says when the daemon reads them, and in what pieces.
 * Bytes behind those that were read are poisoned.
 *
 * Includes agent/hep/hep_listener.c and hep_input.c, whose system calls are the functions here.
 *
 * API: struct world, HOLD(), world_*(). The includer defines arrived_datagram(), arrived_bytes(),
 * connection_ended().
 */
#ifndef HEP_WORLD_H
#define HEP_WORLD_H

#include <netinet/in.h>
#include <sanitizer/asan_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "util/endpoint.h"
#include "util/log.h"

#define HOLD(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "hep_fuzz: does not hold: %s (%s:%d)\n", #condition,       \
				__FILE__, __LINE__);                                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define DATAGRAMS_MAX 128 /* the kernel drops others */
#define PEERS_MAX 48 /* more than the daemon keeps */
#define PEER_BYTES (1 << 17)
#define SOURCES_MAX (3 + PEERS_MAX)
enum { UDP_FD = 3, LISTEN_FD = 4, FIRST_PEER_FD = 5 };

struct sd_event_source {
	sd_event_io_handler_t on_io; /* NULL: free, or the timer */
	sd_event_time_handler_t on_time;
	void *ctx;
	int fd;
	__u64 due; /* of the timer; 0: it is off */
};

struct datagram {
	__u8 *bytes; /* to the end of its memory */
	size_t len;
	int sender, id;
};

struct peer { /* a TCP connection, as its sender sees it */
	enum {
		PEER_NONE,
		PEER_WAITS,
		PEER_OPEN,
		PEER_DEAD
	} state; /* DEAD: the daemon has closed it */
	int sender;
	bool ends; /* the sender has closed it */
	size_t written, ready, read; /* ready: what has come; read: by the daemon */
	__u64 heard_at;
	__u8 bytes[PEER_BYTES];
};

static struct world {
	__u64 boot, real; /* ns */
	__u32 lost; /* datagrams */
	struct sd_event_source sources[SOURCES_MAX];
	struct datagram datagrams[DATAGRAMS_MAX];
	unsigned int n_datagrams;
	struct peer peers[PEERS_MAX];
} world;

static void arrived_datagram(int id); /* the daemon has read this one */
static void arrived_bytes(struct peer *peer);
static void connection_ended(struct peer *peer); /* the daemon has closed it */

/* --- clocks and loop -------------------------------------------------------------------------- */

static int world_clock_gettime(clockid_t clock, struct timespec *now)
{
	__u64 ns = clock == CLOCK_REALTIME ? world.real : world.boot;

	*now = (struct timespec){ ns / 1000000000, ns % 1000000000 };
	return 0;
}

static void world_pass(__u64 ns)
{
	world.boot += ns;
	world.real += ns;
}

static sd_event_source *add_source(struct sd_event_source source)
{
	for (int i = 0; i < SOURCES_MAX; i++)
		if (!world.sources[i].ctx) {
			world.sources[i] = source;
			return &world.sources[i];
		}
	HOLD(!"more sources than connections");
	return NULL;
}

int sd_event_add_io(sd_event *loop, sd_event_source **out, int fd, uint32_t events,
		    sd_event_io_handler_t handler, void *ctx)
{
	*out = add_source((struct sd_event_source){ .on_io = handler, .ctx = ctx, .fd = fd });
	return 0;
}

int cg_timer_add(sd_event *loop, sd_event_source **out, sd_event_time_handler_t handler, void *ctx)
{
	*out = add_source((struct sd_event_source){ .on_time = handler, .ctx = ctx });
	return 0;
}

void cg_timer_set(sd_event_source *timer, __u64 ns)
{
	timer->due = ns ? world.boot + (ns + 999) / 1000 * 1000 : 0;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *source)
{
	if (source)
		*source = (struct sd_event_source){};
	return NULL;
}

/* --- sockets ---------------------------------------------------------------------------------- */

static struct sockaddr_in6 sender_address(int sender)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };

	memcpy(&address.sin6_addr,
	       (const __u8[16]){ [10] = 0xff, 0xff, 10, 0, 0, [15] = sender & 0xff }, 16);
	return address;
}

static struct peer *find_peer(int fd)
{
	HOLD(fd >= FIRST_PEER_FD && fd < FIRST_PEER_FD + PEERS_MAX);
	return &world.peers[fd - FIRST_PEER_FD];
}

static int world_socket(int family, int type, int protocol)
{
	return type & SOCK_DGRAM ? UDP_FD : LISTEN_FD;
}

static int world_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return 0;
}

static int world_listen(int fd, int backlog)
{
	return 0;
}

static int world_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return 0;
}

static int world_close(int fd)
{
	if (fd < FIRST_PEER_FD)
		return 0;
	HOLD(find_peer(fd)->state == PEER_OPEN);
	find_peer(fd)->state = PEER_DEAD;
	connection_ended(find_peer(fd));
	return 0;
}

static void put_lost(struct msghdr *msg)
{
	struct cmsghdr *control = msg->msg_control;

	HOLD(msg->msg_controllen >= CMSG_SPACE(sizeof(__u32)));
	*control = (struct cmsghdr){ CMSG_LEN(sizeof(__u32)), SOL_SOCKET, SO_RXQ_OVFL };
	memcpy(CMSG_DATA(control), &world.lost, sizeof(__u32));
}

static ssize_t world_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct iovec *part = msg->msg_iov;
	struct datagram first = world.datagrams[0];
	struct sockaddr_in6 from = sender_address(first.sender);
	size_t n = first.len < part->iov_len ? first.len : part->iov_len;

	HOLD(fd == UDP_FD);
	ASAN_UNPOISON_MEMORY_REGION(part->iov_base, part->iov_len);
	if (!world.n_datagrams)
		return -1;
	memcpy(part->iov_base, first.bytes, n);
	ASAN_POISON_MEMORY_REGION((__u8 *)part->iov_base + n, part->iov_len - n);
	memcpy(msg->msg_name, &from, sizeof(from));
	put_lost(msg);
	free(first.bytes);
	memmove(world.datagrams, world.datagrams + 1, --world.n_datagrams * sizeof(first));
	arrived_datagram(first.id);
	return n;
}

static ssize_t world_recv(int fd, void *at, size_t room, int flags)
{
	struct peer *peer = find_peer(fd);
	size_t n = peer->ready - peer->read;

	HOLD(peer->state == PEER_OPEN && room);
	n = n < room ? n : room;
	ASAN_UNPOISON_MEMORY_REGION(at, room);
	memcpy(at, peer->bytes + peer->read, n);
	ASAN_POISON_MEMORY_REGION((__u8 *)at + n, room - n);
	peer->read += n;
	if (n)
		arrived_bytes(peer);
	HOLD(n || peer->ends);
	return n;
}

static int world_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	HOLD(fd == LISTEN_FD);
	for (int i = 0; i < PEERS_MAX; i++) {
		struct sockaddr_in6 from = sender_address(world.peers[i].sender);

		if (world.peers[i].state != PEER_WAITS)
			continue;
		world.peers[i].state = PEER_OPEN;
		world.peers[i].heard_at = world.boot;
		memcpy(address, &from, sizeof(from));
		return FIRST_PEER_FD + i;
	}
	return -1;
}

/* Sends a copy of the record. Returns false if the kernel drops it. */
static bool world_send(int sender, int id, const __u8 *bytes, size_t len)
{
	struct datagram datagram = { malloc(len + !len), len, sender, id };

	if (world.n_datagrams == DATAGRAMS_MAX) {
		world.lost++;
		free(datagram.bytes);
		return false;
	}
	memcpy(datagram.bytes, bytes, len);
	world.datagrams[world.n_datagrams++] = datagram;
	return true;
}

/* --- turns of the loop ------------------------------------------------------------------------ */

static bool is_ready(const struct sd_event_source *source)
{
	const struct peer *peer;

	if (source->on_time)
		return source->due && source->due <= world.boot;
	if (!source->on_io)
		return false;
	if (source->fd == UDP_FD)
		return world.n_datagrams > 0;
	if (source->fd != LISTEN_FD) {
		peer = find_peer(source->fd);
		return peer->ready > peer->read || peer->ends;
	}
	for (int i = 0; i < PEERS_MAX; i++)
		if (world.peers[i].state == PEER_WAITS)
			return true;
	return false;
}

/* Runs the handler of a source that is ready. Returns false if it is not. */
static bool world_dispatch(struct sd_event_source *source)
{
	if (!is_ready(source))
		return false;
	if (source->on_io) {
		HOLD(!source->on_io(source, source->fd, EPOLLIN, source->ctx));
		return true;
	}
	source->due = 0;
	HOLD(!source->on_time(source, 0, source->ctx));
	return true;
}

static void world_start(void)
{
	for (unsigned int i = 0; i < world.n_datagrams; i++)
		free(world.datagrams[i].bytes);
	for (int i = 0; i < PEERS_MAX; i++)
		memset(&world.peers[i], 0, offsetof(struct peer, bytes));
	memset(world.sources, 0, sizeof(world.sources));
	world.n_datagrams = world.lost = 0;
	world.boot = 10000000000;
	world.real = 1769860800000000000;
}

/* --- the daemon's side ------------------------------------------------------------------------ */

void cg_log_err(const char *format, ...)
{
}

void cg_log_notice(const char *format, ...)
{
}

#define clock_gettime world_clock_gettime
#define socket world_socket
#define bind world_bind
#define listen world_listen
#define setsockopt world_setsockopt
#define accept4 world_accept4
#define recvmsg world_recvmsg
#define recv world_recv
#define close world_close
#include "hep/hep_input.c"
#include "hep/hep_listener.c"
#undef close

#endif
