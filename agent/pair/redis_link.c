// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "pair/redis_link_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/backoff.h"
#include "util/endpoint.h"
#include "util/loop.h"

#define SILENCE_MS (CG_REDIS_SILENCE_NS / 1000000)
#define READ_BYTES 65536 /* in one turn of the loop */
#define STEADY_NS (10 * CG_SECOND) /* a connection this old has put an end to the trouble before */

/* --- the end of a connection ------------------------------------------------------------------ */

static void close_socket(struct cg_redis_link *link)
{
	link->socket = sd_event_source_disable_unref(link->socket);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	if (link->reader)
		redisReaderFree(link->reader);
	link->reader = NULL;
	cg_redis_output_clear(&link->output);
	link->first = link->end = 0;
	link->wants_write = false;
}

void cg_redis_link_fail(struct cg_redis_link *link, const char *why)
{
	if (link->state == DOWN || link->state == FAILED)
		return;
	snprintf(link->why, sizeof(link->why), "%s", why);
	link->state = FAILED;
	cg_timer_set(link->timer, 1);
}

void cg_redis_link_fail_by(struct cg_redis_link *link, int err)
{
	cg_redis_link_fail(link, strerror(err));
}

static void end_connection(struct cg_redis_link *link)
{
	close_socket(link);
	link->state = DOWN;
	cg_timer_set(link->timer, cg_backoff_wait(link->backoff));
	link->backoff = cg_backoff_next(link->backoff);
	link->callbacks.down(link->callbacks.ctx, link->why);
}

/* --- commands --------------------------------------------------------------------------------- */

static void watch_socket(struct cg_redis_link *link, bool write)
{
	if (link->wants_write == write)
		return;
	link->wants_write = write;
	sd_event_source_set_io_events(link->socket, EPOLLIN | (write ? EPOLLOUT : 0));
}

int cg_redis_link_queue(struct cg_redis_link *link, cg_redis_handler handler, void *ctx, __u64 tag,
			const struct cg_redis_arg *args, unsigned int n_args)
{
	int err;

	if (link->end - link->first == CG_REDIS_WAITING_MAX)
		return -ENOBUFS;
	err = cg_redis_output_add(&link->output, args, n_args);
	if (err)
		return err;
	if (link->first == link->end)
		link->quiet_since = cg_boottime();
	link->waiting[link->end++ % CG_REDIS_WAITING_MAX] = (struct waiting){ handler, ctx, tag };
	link->counts.commands++;
	watch_socket(link, true);
	return 0;
}

int cg_redis_link_send(struct cg_redis_link *link, cg_redis_handler handler, void *ctx, __u64 tag,
		       const struct cg_redis_arg *args, unsigned int n_args)
{
	if (link->state != UP)
		return -ENOTCONN;
	return cg_redis_link_queue(link, handler, ctx, tag, args, n_args);
}

bool cg_redis_link_has_room(const struct cg_redis_link *link, unsigned int n, size_t bytes)
{
	return link->state == UP && link->end - link->first + n <= CG_REDIS_WAITING_MAX &&
	       cg_redis_output_count(&link->output) + bytes <= CG_REDIS_OUTPUT_MAX;
}

/* --- the socket ------------------------------------------------------------------------------- */

static void write_socket(struct cg_redis_link *link)
{
	ssize_t n = cg_redis_output_count(&link->output)
			    ? cg_redis_output_send(&link->output, link->fd)
			    : 0;

	if (n < 0 && n != -EAGAIN)
		cg_redis_link_fail_by(link, -n);
	if (n > 0)
		link->counts.bytes += n;
	watch_socket(link, cg_redis_output_count(&link->output));
}

static bool is_connected(const struct cg_redis_link *link)
{
	return link->state == LOGGING_IN || link->state == UP;
}

static void handle_reply(struct cg_redis_link *link, redisReply *reply)
{
	struct waiting waiting;

	if (link->first == link->end) {
		cg_redis_link_fail(link, "it sent a reply that was not asked for");
		return;
	}
	link->quiet_since = cg_boottime();
	waiting = link->waiting[link->first++ % CG_REDIS_WAITING_MAX];
	waiting.handler(waiting.ctx, waiting.tag, reply);
}

static void handle_replies(struct cg_redis_link *link)
{
	redisReply *reply;
	int result = 1;

	while (is_connected(link) && (result = cg_redis_reader_next(link->reader, &reply)) > 0) {
		handle_reply(link, reply);
		freeReplyObject(reply);
	}
	if (result < 0)
		cg_redis_link_fail(
			link, "it does not speak the protocol of Redis, or an array is too long");
	if (link->state == UP)
		link->callbacks.room(link->callbacks.ctx);
}

static void read_socket(struct cg_redis_link *link)
{
	static char bytes[READ_BYTES];
	ssize_t n = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int err;

	if (n < 0) {
		if (errno != EAGAIN)
			cg_redis_link_fail_by(link, errno);
		return;
	}
	if (!n) {
		cg_redis_link_fail(link, "it closed the connection");
		return;
	}
	err = cg_redis_reader_feed(link->reader, bytes, n);
	if (err)
		cg_redis_link_fail(link, err == -EMSGSIZE ? CG_REDIS_TOO_LONG : strerror(-err));
	else
		handle_replies(link);
}

static int socket_error(const struct cg_redis_link *link)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &err, &len) ? errno : err;
}

static int handle_socket(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct cg_redis_link *link = ctx;
	int err;

	(void)source, (void)fd;
	if (link->state == CONNECTING) {
		err = socket_error(link);
		if (err)
			cg_redis_link_fail_by(link, err);
		else
			cg_redis_link_log_in(link);
		return 0;
	}
	if (is_connected(link) && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_socket(link);
	if (is_connected(link) && events & EPOLLOUT)
		write_socket(link);
	return 0;
}

static int open_socket(struct cg_redis_link *link)
{
	const unsigned int silence = SILENCE_MS;
	const int on = 1;

	link->fd = socket(link->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return -errno;
	if (link->to.ss_family != AF_UNIX) {
		setsockopt(link->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
		setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (connect(link->fd, (struct sockaddr *)&link->to, link->to_len) && errno != EINPROGRESS)
		return -errno;
	link->reader = cg_redis_reader_new();
	return link->reader ? 0 : -ENOMEM;
}

static void connect_socket(struct cg_redis_link *link)
{
	int err = open_socket(link);

	link->state = CONNECTING;
	link->quiet_since = cg_boottime();
	if (!err)
		err = sd_event_add_io(link->loop, &link->socket, link->fd, EPOLLIN | EPOLLOUT,
				      handle_socket, link);
	link->wants_write = true;
	if (err < 0)
		cg_redis_link_fail_by(link, -err);
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_redis_link *link = ctx;

	(void)timer, (void)usec;
	if (link->state == DOWN)
		connect_socket(link);
	else if (link->state == FAILED)
		end_connection(link);
	return 0;
}

void cg_redis_link_poll(struct cg_redis_link *link, __u64 now)
{
	bool waits = link->state == CONNECTING || link->first != link->end;

	if (link->state == UP && now - link->up_at > STEADY_NS)
		link->backoff = CG_BACKOFF_FIRST;
	if (waits && now > link->quiet_since && now - link->quiet_since > CG_REDIS_SILENCE_NS)
		cg_redis_link_fail(link, "it does not answer");
}

/* --- the parts -------------------------------------------------------------------------------- */

bool cg_redis_link_is_up(const struct cg_redis_link *link)
{
	return link && link->state == UP;
}

struct cg_redis_counts cg_redis_link_counts(const struct cg_redis_link *link)
{
	return link ? link->counts : (struct cg_redis_counts){};
}

int cg_redis_link_new(sd_event *loop, const struct cg_redis_options *options,
		      const struct cg_redis_callbacks *callbacks, struct cg_redis_link **out)
{
	struct cg_redis_link *link = calloc(1, sizeof(*link));
	int err;

	if (!link)
		return -ENOMEM;
	link->loop = loop;
	link->options = *options;
	link->callbacks = *callbacks;
	link->backoff = CG_BACKOFF_FIRST;
	link->fd = -1;
	link->waiting = calloc(CG_REDIS_WAITING_MAX, sizeof(*link->waiting));
	err = link->waiting ? 0 : -ENOMEM;
	if (!err)
		err = cg_endpoint_parse_redis(options->address, &link->to, &link->to_len);
	if (!err)
		err = cg_timer_add(loop, &link->timer, handle_timer, link);
	if (err) {
		cg_redis_link_free(link);
		return err;
	}
	cg_timer_set(link->timer, 1);
	*out = link;
	return 0;
}

void cg_redis_link_free(struct cg_redis_link *link)
{
	if (!link)
		return;
	close_socket(link);
	sd_event_source_disable_unref(link->timer);
	free(link->waiting);
	free(link);
}
