// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Events from the daemon's socket or, if no daemon runs, from the rings, under their lock. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach/instance_netns.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "format/event_text.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "util/cli_output.h"

struct reader {
	const struct cg_options *options;
	struct cg_config config;
};

/* Ignores records of another layout. */
static void print_record(const struct reader *reader, const void *record, size_t size)
{
	struct cg_event event;

	if (size < sizeof(event))
		return;
	memcpy(&event, record, sizeof(event));
	if (event.layout == CG_LAYOUT && event.size == sizeof(event) &&
	    cg_event_filter_matches(&reader->options->filter, &event))
		cg_event_print(&reader->config, &event, reader->options->json);
}

static int handle_record(void *context, void *record, size_t size)
{
	print_record(context, record, size);
	return 0; /* a negative value would end the poll early */
}

static int follow_daemon(const struct reader *reader, int fd)
{
	char record[4096];
	ssize_t size;

	while ((size = recv(fd, record, sizeof(record), 0)) > 0) {
		print_record(reader, record, size);
		if (cg_stdout_flush())
			return CG_FAILED;
	}
	return cg_fail("instance %s: cannot follow the events: %s", reader->options->instance,
		       size ? strerror(errno) : "the daemon closed the connection");
}

static struct ring_buffer *open_ring(struct reader *reader, const char *name)
{
	int fd = cg_map_open(reader->options->instance, name, 0, 0);
	struct ring_buffer *ring;

	if (fd < 0) {
		cg_fail_open(reader->options->instance, fd);
		return NULL;
	}
	ring = ring_buffer__new(fd, handle_record, reader, NULL);
	if (!ring)
		cg_fail("instance %s: cannot open ring %s: %s", reader->options->instance, name,
			strerror(errno));
	close(fd);
	return ring;
}

static int read_rings(struct reader *reader)
{
	struct ring_buffer *events = open_ring(reader, "events");
	struct ring_buffer *alerts = events ? open_ring(reader, "alerts") : NULL;
	struct pollfd fds[2];
	int err = alerts ? CG_DONE : CG_FAILED;

	while (!err) {
		ring_buffer__consume(events);
		ring_buffer__consume(alerts);
		err = cg_stdout_flush();
		if (err || !reader->options->follow)
			break;
		fds[0] = (struct pollfd){ .fd = ring_buffer__epoll_fd(events), .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = ring_buffer__epoll_fd(alerts), .events = POLLIN };
		if (poll(fds, 2, CG_ALERTS_POLL_NS / 1000000) < 0 && errno != EINTR)
			err = cg_fail("cannot wait for the rings: %s", strerror(errno));
	}
	ring_buffer__free(alerts);
	ring_buffer__free(events);
	return err;
}

static int read_rings_locked(struct reader *reader)
{
	const char *instance = reader->options->instance;
	int err, lock;

	lock = cg_runtime_lock_rings(instance);
	if (lock == -EWOULDBLOCK)
		return cg_fail("instance %s: cannot read its rings: another process reads them and "
			       "answers on no socket; end the other `cseqguard events`, or see the "
			       "log of cseqguardd",
			       instance);
	if (lock < 0)
		return cg_fail("instance %s: cannot lock its rings: %s; run as root", instance,
			       strerror(-lock));
	err = read_rings(reader);
	close(lock);
	return err;
}

int cg_cmd_events(const struct cg_options *options)
{
	struct reader reader = { .options = options };
	int err, fd;

	fd = cg_config_open(options->instance, &reader.config);
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	close(fd);
	cg_instance_netns_enter(options->instance); /* for the names of interfaces */
	fd = cg_runtime_connect(options->instance);
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return read_rings_locked(&reader);
	if (fd < 0)
		return cg_fail("instance %s: cannot connect to the daemon: %s", options->instance,
			       strerror(-fd));
	if (options->follow) {
		err = follow_daemon(&reader, fd);
	} else {
		cg_notice("instance %s: the daemon reads the events; use -f to follow them",
			  options->instance);
		err = CG_DONE;
	}
	close(fd);
	return err;
}
