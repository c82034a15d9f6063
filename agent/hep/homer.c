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

#define SILENCE_NS (10 * CG_SECOND) /* time to connect, and to acknowledge data */
#define SEND_BUFFER 65536 /* bytes in the kernel; further records stay in the queue */
#define LOG_INTERVAL_NS (60 * CG_SECOND)

enum state { DOWN, CONNECTING, UP };

struct record {
	void *data;
	size_t len;
	__u64 end; /* TCP: bytes of this connection up to its end; 0: not sent completely */
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
	unsigned int first, next,
		end; /* in queue, modulo its size: not acknowledged, not sent, free */
	size_t partial; /* bytes of `next` that are sent */
	__u64 sent; /* bytes of this connection */
	char trouble[128]; /* the last one logged; "": none */
	char loss_reason[128]; /* of the last record that was lost */
	__u64 lost, logged, logged_at; /* records; records; CLOCK_BOOTTIME, ns */
	struct record queue[CG_HOMER_QUEUE];
};

static struct record *get_record(struct cg_homer *homer, unsigned int i)
{
	return &homer->queue[i % CG_HOMER_QUEUE];
}

static void drop_first(struct cg_homer *homer)
{
	free(get_record(homer, homer->first)->data);
	homer->first++;
}

void cg_homer_count_loss(struct cg_homer *homer, const char *why)
{
	snprintf(homer->loss_reason, sizeof(homer->loss_reason), "%s", why);
	homer->lost++;
}

static void close_socket(struct cg_homer *homer)
{
	homer->socket = sd_event_source_disable_unref(homer->socket);
	if (homer->fd >= 0)
		close(homer->fd);
	homer->fd = -1;
}

static void disconnect(struct cg_homer *homer, const char *why)
{
	if (strcmp(homer->trouble, why))
		cg_log_warning("homer %s: %s; trying again", homer->name, why);
	snprintf(homer->trouble, sizeof(homer->trouble), "%s", why);
	close_socket(homer);
	homer->state = DOWN;
	homer->next = homer->first; /* send all again */
	homer->partial = 0;
	homer->sent = 0;
	cg_timer_set(homer->timer, cg_backoff_wait(homer->backoff));
	homer->backoff = cg_backoff_next(homer->backoff);
}

/* Frees the records that the collector's host has acknowledged. */
static void free_acknowledged(struct cg_homer *homer)
{
	int waiting = 0;

	if (!homer->tcp || homer->state != UP || ioctl(homer->fd, SIOCOUTQ, &waiting))
		return;
	while (homer->first != homer->next &&
	       get_record(homer, homer->first)->end <= homer->sent - waiting) {
		drop_first(homer);
		homer->backoff = CG_BACKOFF_FIRST;
	}
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx);

static void watch_socket(struct cg_homer *homer, __u32 events)
{
	int err = homer->socket ? sd_event_source_set_io_events(homer->socket, events)
				: sd_event_add_io(homer->loop, &homer->socket, homer->fd, events,
						  handle_socket, homer);

	if (err < 0)
		disconnect(homer, strerror(-err));
}

/* Removes a datagram, whether it was sent or not. */
static void finish_datagram(struct cg_homer *homer)
{
	drop_first(homer);
	homer->next = homer->first;
}

static void count_sent_bytes(struct cg_homer *homer, size_t n)
{
	struct record *record = get_record(homer, homer->next);

	homer->sent += n;
	homer->partial += n;
	if (homer->partial < record->len)
		return;
	record->end = homer->sent;
	homer->partial = 0;
	homer->next++;
}

/* Handles an error of send(). True: continue with the next record. */
static bool handle_send_error(struct cg_homer *homer, int err, bool again)
{
	if (err == EAGAIN) {
		watch_socket(homer, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
		return false;
	}
	if (homer->tcp) {
		disconnect(homer, strerror(err));
		return false;
	}
	cg_homer_count_loss(homer, strerror(err));
	if (err != ECONNREFUSED ||
	    again) /* else ICMP refused an earlier datagram, and this one was not sent */
		finish_datagram(homer);
	return true;
}

static void send_queue(struct cg_homer *homer)
{
	bool again = false;

	while (homer->state == UP && homer->next != homer->end) {
		const struct record *record = get_record(homer, homer->next);
		ssize_t n = send(homer->fd, (char *)record->data + homer->partial,
				 record->len - homer->partial, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0) {
			if (!handle_send_error(homer, errno, again))
				return;
			again = !again;
		} else if (homer->tcp) {
			count_sent_bytes(homer, n);
		} else {
			finish_datagram(homer);
			again = false;
		}
	}
	if (homer->state == UP)
		watch_socket(homer, EPOLLIN | EPOLLRDHUP);
}

static void handle_connected(struct cg_homer *homer)
{
	homer->state = UP;
	cg_timer_set(homer->timer, 0);
	if (homer->tcp)
		cg_log_notice("homer %s: connected", homer->name);
	homer->trouble[0] = '\0';
	send_queue(homer);
}

static void open_socket(struct cg_homer *homer)
{
	const unsigned int silence = SILENCE_NS / 1000000;
	const int room = SEND_BUFFER;
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
		disconnect(homer, strerror(err));
	} else if (err) {
		homer->state = CONNECTING;
		cg_timer_set(homer->timer, SILENCE_NS);
		watch_socket(homer, EPOLLOUT);
	} else {
		handle_connected(homer);
	}
}

static int socket_error(const struct cg_homer *homer)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return getsockopt(homer->fd, SOL_SOCKET, SO_ERROR, &err, &len) ? errno : err;
}

/* Reads and discards: a collector sends nothing of use. */
static void read_socket(struct cg_homer *homer)
{
	char scratch[512];
	ssize_t n = recv(homer->fd, scratch, sizeof(scratch), MSG_DONTWAIT);

	if (homer->tcp && !n)
		disconnect(homer, "the collector closed the connection");
	else if (homer->tcp && n < 0 && errno != EAGAIN)
		disconnect(homer, strerror(errno));
	else if (!homer->tcp && n < 0 && errno != EAGAIN)
		cg_homer_count_loss(homer, strerror(errno)); /* an ICMP error of a datagram */
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct cg_homer *homer = ctx;
	int err;

	(void)source, (void)fd;
	if (homer->state == CONNECTING) {
		err = socket_error(homer);
		if (err)
			disconnect(homer, strerror(err));
		else
			handle_connected(homer);
		return 0;
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		read_socket(homer);
	if (events & EPOLLOUT)
		send_queue(homer);
	return 0;
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_homer *homer = ctx;

	(void)timer, (void)usec;
	if (homer->state == DOWN)
		open_socket(homer);
	else if (homer->state == CONNECTING)
		disconnect(homer, strerror(ETIMEDOUT));
	return 0;
}

void cg_homer_queue_record(struct cg_homer *homer, const void *data, size_t len)
{
	struct record record = { .len = len };

	free_acknowledged(homer);
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
	*get_record(homer, homer->end++) = record;
	send_queue(homer);
}

static void log_losses(struct cg_homer *homer)
{
	cg_log_warning("homer %s: %llu violations not delivered: %s", homer->name,
		       (unsigned long long)(homer->lost - homer->logged), homer->loss_reason);
	homer->logged = homer->lost;
}

void cg_homer_poll(struct cg_homer *homer, __u64 now)
{
	if (!homer)
		return;
	free_acknowledged(homer);
	if (homer->lost == homer->logged ||
	    (homer->logged_at && now - homer->logged_at < LOG_INTERVAL_NS))
		return;
	log_losses(homer);
	homer->logged_at = now;
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
	cg_timer_set(homer->timer, 1); /* connect in the next turn of the loop */
	*out = homer;
	return 0;
}

void cg_homer_free(struct cg_homer *homer)
{
	if (!homer)
		return;
	free_acknowledged(homer);
	while (homer->first != homer->next)
		drop_first(homer); /* sent, but not acknowledged */
	for (; homer->first != homer->end; drop_first(homer))
		cg_homer_count_loss(homer, *homer->trouble ? homer->trouble : "not sent yet");
	if (homer->lost != homer->logged)
		log_losses(homer);
	close_socket(homer);
	sd_event_source_disable_unref(homer->timer);
	free(homer);
}
