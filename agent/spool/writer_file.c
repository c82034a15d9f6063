// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The writer's spool: opened, tried again, and made anew where it is damaged or gone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spool/writer_internal.h"

#define RETRY_SECONDS 1
#define STEPS_APART (1LL << 32) /* of two files: what an operator's hand gave out lies between */

void cg_writer_tell(struct cg_writer *writer)
{
	__u64 one = 1;

	/* only a full counter can fail, and that is readable too */
	if (write(writer->eventfd, &one, sizeof(one)) < 0)
		return;
}

const char *cg_writer_why(const struct cg_writer *writer, int err)
{
	return writer->spool ? cg_spool_error(writer->spool) : strerror(-err);
}

/* What a checkpoint of SQLite's usual log may write to the file, and what a drop adds to the log. */
#define RESERVE_BYTES (6 << 20)

static int reserve_path(const struct cg_writer *writer, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s-reserve", writer->path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Where there is no room for it, there is none: the spool works without. */
void cg_writer_reserve(struct cg_writer *writer)
{
	char path[PATH_MAX];
	int fd;

	if (reserve_path(writer, path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES))
		unlink(path);
	if (fd >= 0)
		close(fd);
}

void cg_writer_release(struct cg_writer *writer)
{
	char path[PATH_MAX];

	if (!reserve_path(writer, path))
		unlink(path);
}

/* Steps of another file mean nothing in this one. */
static void opened(struct cg_writer *writer, bool anew)
{
	struct cg_spool_content content;

	cg_spool_content(writer->spool, &content);
	pthread_mutex_lock(&writer->lock);
	writer->status.content = content;
	writer->status.opened++;
	writer->status.anew += anew;
	if (anew) {
		writer->damaged = false;
		writer->reject.step = 0;
		memset(writer->drop, 0, sizeof(writer->drop));
	}
	pthread_mutex_unlock(&writer->lock);
	writer->moved = false;
	if (!writer->full)
		cg_writer_reserve(writer);
	if (anew)
		cg_writer_tell(writer);
}

static int open_spool(struct cg_writer *writer)
{
	int err = cg_spool_open(writer->path, 1, &writer->spool);

	if (!err)
		cg_spool_resume(writer->spool, writer->last_step);
	return err;
}

/* The damaged file goes aside, and what can be read of it into a new one. 1 or -errno. */
static int renew(struct cg_writer *writer)
{
	int err = 0, rows;

	cg_spool_close(writer->spool);
	writer->spool = NULL;
	if (!*writer->aside) {
		err = cg_spool_set_aside(writer->path, writer->aside, sizeof(writer->aside));
		writer->last_step += STEPS_APART;
		if (err)
			*writer->aside = '\0';
	}
	err = err ? err : open_spool(writer);
	err = err ? err : cg_spool_salvage(writer->spool, writer->aside, &rows);
	if (err)
		return err;
	pthread_mutex_lock(&writer->lock);
	snprintf(writer->status.renewed, sizeof(writer->status.renewed),
		 "was damaged: it is %s now, and %d rows were read from it", writer->aside, rows);
	pthread_mutex_unlock(&writer->lock);
	*writer->aside = '\0';
	opened(writer, true);
	return 1;
}

int cg_writer_ready(struct cg_writer *writer)
{
	bool damaged, moved = writer->moved;
	int err;

	pthread_mutex_lock(&writer->lock);
	damaged = writer->damaged;
	pthread_mutex_unlock(&writer->lock);
	if (!damaged && writer->spool)
		return 0;
	err = damaged ? -EUCLEAN : open_spool(writer);
	if (err == -EUCLEAN)
		return renew(writer);
	if (!err)
		opened(writer, moved);
	return err ? err : moved;
}

bool cg_writer_failed(struct cg_writer *writer, int err)
{
	struct timespec until;
	bool stop;

	pthread_mutex_lock(&writer->lock);
	writer->status.error = err;
	writer->damaged |= err == -EUCLEAN;
	writer->moved |= err == -ESTALE;
	writer->full |= err == -ENOSPC;
	snprintf(writer->status.why, sizeof(writer->status.why), "%s", cg_writer_why(writer, err));
	pthread_mutex_unlock(&writer->lock);
	cg_writer_tell(writer);
	if (writer->spool)
		cg_spool_rollback(writer->spool);
	cg_spool_close(writer->spool);
	writer->spool = NULL;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RETRY_SECONDS;
	pthread_mutex_lock(&writer->lock);
	while (!writer->stop && !pthread_cond_timedwait(&writer->wake, &writer->lock, &until))
		; /* woken by another step: not yet */
	stop = writer->stop;
	pthread_mutex_unlock(&writer->lock);
	return !stop;
}
