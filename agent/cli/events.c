// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Events from the daemon's socket. If no daemon runs, from the rings, which are left as they are: a
 * daemon may start at any time and reads all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "attach/instance_netns.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "format/event_text.h"
#include "maps/pins.h"
#include "maps/ring_reader.h"
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
	if (cg_event_check(&event, size) &&
	    cg_event_filter_matches(&reader->options->filter, &event))
		cg_event_print(&reader->config, &event, reader->options->json);
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

/* --- without a daemon ------------------------------------------------------------------------- */

struct observed {
	const char *name;
	struct cg_ring_reader *ring;
	bool was_full;
};

static int open_ring(const struct reader *reader, struct observed *observed)
{
	const char *instance = reader->options->instance;
	int fd = cg_map_open_writable(instance, observed->name, 0, 0); /* to map it */
	int err = fd < 0 ? fd : cg_ring_reader_open(fd, true, &observed->ring);

	if (fd >= 0)
		close(fd);
	if (err == -EACCES || err == -EPERM)
		return cg_fail("instance %s: cannot read its rings: no permission, and no "
			       "cseqguardd runs, which serves the members of its group; start it, "
			       "or run as root",
			       instance);
	if (err == -ENOENT || err == -EPROTO)
		return cg_fail_open(instance, err);
	if (err)
		return cg_fail("instance %s: cannot read ring %s: %s", instance, observed->name,
			       strerror(-err));
	return CG_DONE;
}

static void print_ring(const struct reader *reader, struct observed *observed)
{
	bool full = cg_ring_reader_is_full(observed->ring, sizeof(struct cg_event));
	struct cg_event event;
	ssize_t size;

	while ((size = cg_ring_reader_next(observed->ring, &event, sizeof(event))) > 0)
		print_record(reader, &event, size);
	if (cg_ring_reader_has_missed(observed->ring))
		cg_notice("ring %s: some events came too fast to be shown", observed->name);
	if (full && !observed->was_full)
		cg_notice("ring %s is full: further events are lost until cseqguardd reads it",
			  observed->name);
	observed->was_full = full;
}

static int print_rings(const struct reader *reader, struct observed *rings, size_t n)
{
	int err;

	for (;;) {
		for (size_t i = 0; i < n; i++)
			print_ring(reader, &rings[i]);
		err = cg_stdout_flush();
		if (err || !reader->options->follow)
			return err;
		nanosleep(&(struct timespec){ .tv_nsec = CG_ALERTS_POLL_NS }, NULL);
	}
}

static int observe_rings(const struct reader *reader)
{
	struct observed rings[] = { { .name = "events" }, { .name = "alerts" } };
	const size_t n = sizeof(rings) / sizeof(*rings);
	int err = CG_DONE;

	for (size_t i = 0; i < n && !err; i++)
		err = open_ring(reader, &rings[i]);
	if (!err)
		err = print_rings(reader, rings, n);
	for (size_t i = 0; i < n; i++)
		cg_ring_reader_close(rings[i].ring);
	return err;
}

/* --- interface -------------------------------------------------------------------------------- */

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
		return observe_rings(&reader);
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
