// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The writer's file: opens it, retries, and replaces it if it is damaged or gone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spool/writer_internal.h"

#define RETRY_SECONDS 1

/*
 * Between the steps of a damaged file and its successor, for steps that an operator's settle took.
 */
#define STEP_GAP (1LL << 32)

/*
 * A checkpoint of SQLite's usual log writes less to the file, and deleting rows adds less to the
 * log.
 */
#define RESERVE_BYTES (6 << 20)

void cg_writer_notify(struct cg_writer *writer)
{
	__u64 one = 1;

	/* write() fails only if the counter is full, and then the eventfd is readable anyway */
	if (write(writer->eventfd, &one, sizeof(one)) < 0)
		return;
}

const char *cg_writer_strerror(const struct cg_writer *writer, int err)
{
	return writer->spool ? cg_spool_strerror(writer->spool) : strerror(-err);
}

static int get_reserve_path(const struct cg_writer *writer, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s-reserve", writer->path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* If the disk has no space for the reserve, the spool works without it. */
void cg_writer_make_reserve(struct cg_writer *writer)
{
	char path[PATH_MAX];
	int fd;

	if (get_reserve_path(writer, path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES))
		unlink(path);
	if (fd >= 0)
		close(fd);
}

void cg_writer_free_reserve(struct cg_writer *writer)
{
	char path[PATH_MAX];

	if (!get_reserve_path(writer, path))
		unlink(path);
}

/* Reports an opened file. Pending deletes and rejects name steps of the old file: drop them. */
static void report_opened(struct cg_writer *writer, bool replaced)
{
	struct cg_spool_content content;

	cg_spool_get_content(writer->spool, &content);
	pthread_mutex_lock(&writer->lock);
	writer->status.content = content;
	writer->status.open_count++;
	writer->status.generation += replaced;
	if (replaced) {
		writer->damaged = false;
		writer->reject.step = 0;
		memset(writer->delete_through, 0, sizeof(writer->delete_through));
	}
	pthread_mutex_unlock(&writer->lock);
	writer->file_moved = false;
	if (!writer->disk_full)
		cg_writer_make_reserve(writer);
	if (replaced)
		cg_writer_notify(writer);
}

static int open_file(struct cg_writer *writer)
{
	int err = cg_spool_open(writer->path, 1, &writer->spool);

	if (!err)
		cg_spool_raise_step(writer->spool, writer->last_step);
	return err;
}

/* Sets the damaged file aside, unless an earlier try did. 0 or -errno. */
static int set_file_aside(struct cg_writer *writer)
{
	int err;

	if (*writer->aside)
		return 0;
	err = cg_spool_set_aside(writer->path, writer->aside, sizeof(writer->aside));
	writer->last_step += STEP_GAP;
	if (err)
		*writer->aside = '\0';
	return err;
}

/* Sets the damaged file aside and copies its readable rows to a new one. 0 or -errno. */
static int replace_file(struct cg_writer *writer)
{
	int err, rows;

	cg_spool_close(writer->spool);
	writer->spool = NULL;
	err = set_file_aside(writer);
	if (err)
		goto out;
	err = open_file(writer);
	if (err)
		goto out;
	err = cg_spool_salvage(writer->spool, writer->aside, &rows);
	if (err)
		goto out;
	pthread_mutex_lock(&writer->lock);
	snprintf(writer->status.damage_text, sizeof(writer->status.damage_text),
		 "was damaged: renamed to %s, %d rows copied to a new file", writer->aside, rows);
	pthread_mutex_unlock(&writer->lock);
	*writer->aside = '\0';
	report_opened(writer, true);
out:
	return err;
}

int cg_writer_open_spool(struct cg_writer *writer, bool *replaced)
{
	bool damaged, moved = writer->file_moved;
	int err;

	pthread_mutex_lock(&writer->lock);
	damaged = writer->damaged;
	pthread_mutex_unlock(&writer->lock);
	*replaced = false;
	if (!damaged && writer->spool)
		return 0;
	err = damaged ? -EUCLEAN : open_file(writer);
	if (err == -EUCLEAN) {
		err = replace_file(writer);
		moved = true;
	} else if (!err) {
		report_opened(writer, moved);
	}
	*replaced = !err && moved;
	return err;
}

void cg_writer_close_failed(struct cg_writer *writer, int err)
{
	pthread_mutex_lock(&writer->lock);
	writer->status.error = err;
	writer->damaged |= err == -EUCLEAN;
	snprintf(writer->status.error_text, sizeof(writer->status.error_text), "%s",
		 cg_writer_strerror(writer, err));
	pthread_mutex_unlock(&writer->lock);
	writer->file_moved |= err == -ESTALE;
	writer->disk_full |= err == -ENOSPC;
	cg_writer_notify(writer);
	if (writer->spool)
		cg_spool_rollback(writer->spool);
	cg_spool_close(writer->spool);
	writer->spool = NULL;
}

bool cg_writer_wait_retry(struct cg_writer *writer)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RETRY_SECONDS;
	pthread_mutex_lock(&writer->lock);
	while (!writer->stop && !pthread_cond_timedwait(&writer->wake, &writer->lock, &until))
		; /* a new step was queued: keep waiting */
	stop = writer->stop;
	pthread_mutex_unlock(&writer->lock);
	return !stop;
}
