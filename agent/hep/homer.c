// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/homer.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/backoff.h"
#include "util/clock.h"
#include "util/endpoint.h"
#include "util/log.h"
#include "util/loop.h"

#define SILENCE_NS (10 * CG_SECOND) /* of a collector that takes, or acknowledges, nothing */
#define SEND_ROOM 65536 /* bytes of the kernel's: the rest waits in our queue */
#define TOLD_NS (60 * CG_SECOND)

enum state { DOWN, CONNECTING, UP };

struct record {
	void *data;
	size_t len;
	__u64 until; /* TCP: bytes of this connection with it; 0: not sent whole */
};

struct cg_homer {
	sd_event *loop;
	bool tcp;
	__u32 agent;
	char name[80];
	struct sockaddr_storage to;
	socklen_t to_len;
	enum state state;
	__u64 backoff;
	int fd; /* of the socket; -1: none */
	sd_event_source *socket;
	sd_event_source *timer; /* DOWN: try again; CONNECTING: the deadline */
	unsigned int first, next, end; /* of queue: not acknowledged, not sent; modulo its size */
	size_t begun; /* bytes of `next` that are sent */
	__u64 sent; /* bytes of this connection */
	char trouble[128]; /* said already */
	char why[128]; /* the last one was lost */
	__u64 lost, told, told_at;
	struct record queue[CG_HOMER_QUEUE];
};

static struct record *at(struct cg_homer *homer, unsigned int i)
{
	return &homer->queue[i % CG_HOMER_QUEUE];
}

static void drop_first(struct cg_homer *homer)
{
	free(at(homer, homer->first)->data);
	homer->first++;
}

void cg_homer_count_loss(struct cg_homer *homer, const char *why)
{
	snprintf(homer->why, sizeof(homer->why), "%s", why);
	homer->lost++;
}

static void close_socket(struct cg_homer *homer)
{
	homer->socket = sd_event_source_disable_unref(homer->socket);
	if (homer->fd >= 0)
		close(homer->fd);
	homer->fd = -1;
}

static void down(struct cg_homer *homer, const char *why)
{
	if (strcmp(homer->trouble, why))
		cg_log_warning("homer %s: %s; trying again", homer->name, why);
	snprintf(homer->trouble, sizeof(homer->trouble), "%s", why);
	close_socket(homer);
	homer->state = DOWN;
	homer->next = homer->first; /* to be sent once more */
	homer->begun = 0;
	homer->sent = 0;
	cg_timer_set(homer->timer, homer->backoff);
	homer->backoff = cg_backoff_next(homer->backoff);
}

/* Frees what the collector's host acknowledged. */
static void reap(struct cg_homer *homer)
{
	int waiting = 0;

	if (!homer->tcp || homer->state != UP || ioctl(homer->fd, SIOCOUTQ, &waiting))
		return;
	while (homer->first != homer->next &&
	       at(homer, homer->first)->until <= homer->sent - waiting) {
		drop_first(homer);
		homer->backoff = CG_BACKOFF_FIRST;
	}
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx);

static void watch(struct cg_homer *homer, __u32 events)
{
	int err = homer->socket ? sd_event_source_set_io_events(homer->socket, events)
				: sd_event_add_io(homer->loop, &homer->socket, homer->fd, events,
						  handle_socket, homer);

	if (err < 0)
		down(homer, strerror(-err));
}

/* A datagram is gone, one way or the other. */
static void sent_datagram(struct cg_homer *homer)
{
	drop_first(homer);
	homer->next = homer->first;
}

static void sent_bytes(struct cg_homer *homer, size_t n)
{
	struct record *record = at(homer, homer->next);

	homer->sent += n;
	homer->begun += n;
	if (homer->begun < record->len)
		return;
	record->until = homer->sent;
	homer->begun = 0;
	homer->next++;
}

/* True: what could not be sent has been dealt with, and there may be more to send. */
static bool failed(struct cg_homer *homer, int err, bool again)
{
	if (err == EAGAIN) {
		watch(homer, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
		return false;
	}
	if (homer->tcp) {
		down(homer, strerror(err));
		return false;
	}
	cg_homer_count_loss(homer, strerror(err));
	if (err != ECONNREFUSED || again) /* else an earlier one was refused, this one not sent */
		sent_datagram(homer);
	return true;
}

static void flush(struct cg_homer *homer)
{
	bool again = false;

	while (homer->state == UP && homer->next != homer->end) {
		const struct record *record = at(homer, homer->next);
		ssize_t n = send(homer->fd, (char *)record->data + homer->begun,
				 record->len - homer->begun, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0) {
			if (!failed(homer, errno, again))
				return;
			again = !again;
		} else if (homer->tcp) {
			sent_bytes(homer, n);
		} else {
			sent_datagram(homer);
			again = false;
		}
	}
	if (homer->state == UP)
		watch(homer, EPOLLIN | EPOLLRDHUP);
}

static void up(struct cg_homer *homer)
{
	homer->state = UP;
	cg_timer_set(homer->timer, 0);
	if (homer->tcp)
		cg_log_notice("homer %s: connected", homer->name);
	homer->trouble[0] = '\0';
	flush(homer);
}

static void open_socket(struct cg_homer *homer)
{
	const unsigned int silence = SILENCE_NS / 1000000;
	const int room = SEND_ROOM;
	int type = (homer->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(homer->to.ss_family, type, 0), err = fd < 0 ? errno : 0;

	homer->fd = fd;
	if (!err && homer->tcp) {
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	}
	if (!err && connect(fd, (struct sockaddr *)&homer->to, homer->to_len))
		err = errno;
	if (err && err != EINPROGRESS) {
		down(homer, strerror(err));
	} else if (err) {
		homer->state = CONNECTING;
		cg_timer_set(homer->timer, SILENCE_NS);
		watch(homer, EPOLLOUT);
	} else {
		up(homer);
	}
}

static int socket_error(const struct cg_homer *homer)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return getsockopt(homer->fd, SOL_SOCKET, SO_ERROR, &err, &len) ? errno : err;
}

/* A collector has nothing to say: it is read and left. */
static void listen_to(struct cg_homer *homer)
{
	char scratch[512];
	ssize_t n = recv(homer->fd, scratch, sizeof(scratch), MSG_DONTWAIT);

	if (homer->tcp && !n)
		down(homer, "the collector closed the connection");
	else if (homer->tcp && n < 0 && errno != EAGAIN)
		down(homer, strerror(errno));
	else if (!homer->tcp && n < 0 && errno != EAGAIN)
		cg_homer_count_loss(homer, strerror(errno)); /* what ICMP tells of a datagram */
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct cg_homer *homer = ctx;
	int err;

	(void)source, (void)fd;
	if (homer->state == CONNECTING) {
		err = socket_error(homer);
		if (err)
			down(homer, strerror(err));
		else
			up(homer);
		return 0;
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		listen_to(homer);
	if (events & EPOLLOUT)
		flush(homer);
	return 0;
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_homer *homer = ctx;

	(void)timer, (void)usec;
	if (homer->state == DOWN)
		open_socket(homer);
	else if (homer->state == CONNECTING)
		down(homer, strerror(ETIMEDOUT));
	return 0;
}

void cg_homer_queue_record(struct cg_homer *homer, const void *data, size_t len)
{
	struct record record = { .len = len };

	reap(homer);
	if (homer->end - homer->first == CG_HOMER_QUEUE) {
		cg_homer_count_loss(homer,
				    *homer->trouble ? homer->trouble : "the collector is slow");
		return;
	}
	record.data = malloc(len);
	if (!record.data) {
		cg_homer_count_loss(homer, strerror(ENOMEM));
		return;
	}
	memcpy(record.data, data, len);
	*at(homer, homer->end++) = record;
	flush(homer);
}

static void tell(struct cg_homer *homer)
{
	cg_log_warning("homer %s: %llu violations are lost to it: %s", homer->name,
		       (unsigned long long)(homer->lost - homer->told), homer->why);
	homer->told = homer->lost;
}

void cg_homer_poll(struct cg_homer *homer, __u64 now)
{
	if (!homer)
		return;
	reap(homer);
	if (homer->lost == homer->told || (homer->told_at && now - homer->told_at < TOLD_NS))
		return;
	tell(homer);
	homer->told_at = now;
}

__u32 cg_homer_capture_id(const struct cg_homer *homer)
{
	return homer->agent;
}

int cg_homer_new(sd_event *loop, const char *address, int tcp, __u32 agent, struct cg_homer **out)
{
	struct cg_homer *homer = calloc(1, sizeof(*homer));
	int err;

	if (!homer)
		return -ENOMEM;
	homer->loop = loop;
	homer->tcp = tcp;
	homer->agent = agent;
	homer->backoff = CG_BACKOFF_FIRST;
	homer->fd = -1;
	snprintf(homer->name, sizeof(homer->name), "%s", address);
	err = cg_endpoint_parse(address, &homer->to, &homer->to_len);
	if (!err)
		err = cg_timer_add(loop, &homer->timer, handle_timer, homer);
	if (err) {
		cg_homer_free(homer);
		return err;
	}
	cg_timer_set(homer->timer, 1); /* in the loop, at once */
	*out = homer;
	return 0;
}

void cg_homer_free(struct cg_homer *homer)
{
	if (!homer)
		return;
	reap(homer);
	while (homer->first != homer->next)
		drop_first(homer); /* on their way */
	for (; homer->first != homer->end; drop_first(homer))
		cg_homer_count_loss(homer, *homer->trouble ? homer->trouble : "not sent yet");
	if (homer->lost != homer->told)
		tell(homer);
	close_socket(homer);
	sd_event_source_disable_unref(homer->timer);
	free(homer);
}
