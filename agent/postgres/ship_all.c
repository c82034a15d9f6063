// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/ship_all.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "postgres/ship.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"
#include "util/progress.h"

#define TIMEOUT (30 * CG_SECOND) /* as the daemon's default */
/* Times without a new row after which it gives up. */
#define PATIENCE (10 * CG_SECOND) /* there is trouble, and there was a connection before */
#define STALL (120 * CG_SECOND) /* with or without trouble */

struct shipping {
	const char *spool_path;
	char *why;
	sd_event *loop;
	struct cg_writer *writer;
	struct cg_ship *ship;
	bool was_connected;
	__u64 progress_at; /* of the last new row, or of the start */
	__u64 troubled_at; /* since when there is trouble and no new row; 0: there is none */
	__s64 committed_at; /* of the last look */
	__s64 rows; /* at the start */
};

static int handle_writer(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct shipping *s = ctx;
	eventfd_t count;

	(void)source, (void)events;
	eventfd_read(fd, &count);
	if (s->ship)
		cg_ship_notify(s->ship);
	return 0;
}

static __s64 count_rows(const struct cg_writer_status *status)
{
	__s64 rows = 0;

	for (int i = 0; i < CG_TABLES; i++)
		rows += status->content.rows[i];
	return rows;
}

/* Fails where waiting would not help. Returns 0 or -errno. */
static int check_trouble(struct shipping *s, const struct cg_ship_status *ship)
{
	__u64 now = cg_boottime();

	s->was_connected |= ship->connected;
	if (ship->committed_at != s->committed_at || !s->progress_at) {
		s->troubled_at = 0;
		s->progress_at = now;
	}
	s->committed_at = ship->committed_at;
	if (now - s->progress_at > STALL) {
		snprintf(s->why, CG_SHIP_WHY, "database: no row was sent for two minutes");
		return -ETIMEDOUT;
	}
	if (!*ship->trouble)
		return 0;
	if (!s->troubled_at)
		s->troubled_at = now;
	snprintf(s->why, CG_SHIP_WHY, "database: %s", ship->trouble);
	for (char *c = s->why; *c; c++)
		if (iscntrl((unsigned char)*c)) /* libpq's message has a line for each host */
			*c = ' ';
	return s->was_connected && now - s->troubled_at < PATIENCE ? 0 : -EIO;
}

static int check_writer(struct shipping *s, const struct cg_writer_status *writer)
{
	if (!writer->error)
		return 0;
	snprintf(s->why, CG_SHIP_WHY, "spool %s: cannot write: %s", s->spool_path,
		 writer->error_text);
	return writer->error;
}

/* Returns 1 if all rows were sent, 0 if there is more to do, or -errno. */
static int run_turn(struct shipping *s)
{
	struct cg_writer_status writer;
	struct cg_ship_status ship;
	int err = cg_loop_run(s->loop, 100);

	if (err) {
		snprintf(s->why, CG_SHIP_WHY, "event loop: %s", strerror(-err));
		return err;
	}
	cg_ship_get_status(s->ship, &ship);
	cg_writer_get_status(s->writer, &writer);
	err = check_trouble(s, &ship);
	if (!err)
		err = check_writer(s, &writer);
	if (err)
		return err;
	if (count_rows(&writer) > s->rows)
		s->rows = count_rows(&writer);
	if (s->rows)
		cg_progress_update(s->rows - count_rows(&writer));
	return ship.connected && cg_ship_is_idle(s->ship);
}

static int run(struct shipping *s)
{
	struct cg_ship_status ship;
	int result;

	cg_progress_start("rows sent to PostgreSQL", 0);
	while (!(result = run_turn(s)))
		;
	cg_progress_end();
	cg_ship_get_status(s->ship, &ship);
	if (result < 0 || !ship.rejected)
		return result < 0 ? result : 0;
	snprintf(s->why, CG_SHIP_WHY,
		 "database: %u rows were refused for their content: they are in table `rejected`",
		 ship.rejected);
	return -EINVAL;
}

static int start(struct shipping *s, const char *conninfo, struct cg_stale_calls *stale)
{
	char why[256];
	int err = sd_event_new(&s->loop);

	if (err >= 0)
		err = cg_writer_start(s->spool_path, &s->writer, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%s", strerror(-err));
	if (!err)
		err = sd_event_add_io(s->loop, NULL, cg_writer_fd(s->writer), EPOLLIN,
				      handle_writer, s);
	if (err >= 0)
		err = cg_ship_new(s->loop, conninfo, TIMEOUT, s->spool_path, s->writer, stale,
				  &s->ship);
	if (err < 0)
		snprintf(s->why, CG_SHIP_WHY, "spool %s: cannot open: %s", s->spool_path,
			 s->writer ? strerror(-err) : why);
	return err;
}

int cg_ship_all(const char *conninfo, const char *node, const char *spool_path,
		char why[CG_SHIP_WHY])
{
	struct shipping s = { .spool_path = spool_path, .why = why };
	struct cg_origin origin = {};
	struct cg_stale_calls stale = { .origin = &origin };
	int err;

	snprintf(origin.node, sizeof(origin.node), "%s", node);
	cg_log_configure(&(struct cg_log_options){ .muted = true });
	err = start(&s, conninfo, &stale);
	if (!err)
		err = run(&s);
	cg_ship_free(s.ship);
	cg_writer_stop(s.writer); /* deletes the last rows that were sent */
	sd_event_unref(s.loop);
	cg_log_configure(&(struct cg_log_options){});
	return err;
}
