// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "spool/writer_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STEPS_PER_COMMIT 2048

static bool has_work(const struct cg_writer *writer)
{
	return writer->damaged || writer->reject.step || writer->beat.at ||
	       cg_writer_has_deletes(writer->delete_through) ||
	       writer->status.queued != writer->status.durable;
}

/* Waits for work and copies it. False: there is none, and the writer has to stop. */
static bool take_work(struct cg_writer *writer, struct work *work)
{
	bool found;

	pthread_mutex_lock(&writer->lock);
	while (!writer->stop && !writer->tidying && !has_work(writer))
		pthread_cond_wait(&writer->wake, &writer->lock);
	work->commit = has_work(writer);
	found = work->commit || !writer->stop;
	work->from = writer->status.durable;
	work->to = writer->status.queued;
	if (work->to - work->from > STEPS_PER_COMMIT)
		work->to = work->from + STEPS_PER_COMMIT;
	while (writer->queue[work->to % CG_QUEUE_STEPS].joined && work->to > work->from)
		work->to--;
	memcpy(work->delete_through, writer->delete_through, sizeof(work->delete_through));
	work->reject = writer->reject;
	work->beat = writer->beat;
	work->keep_us = writer->keep_us;
	pthread_mutex_unlock(&writer->lock);
	return found;
}

static void *run_thread(void *arg)
{
	struct cg_writer *writer = arg;
	struct work work;

	while (take_work(writer, &work)) {
		int err = cg_writer_do_work(writer, &work);

		if (!err)
			continue;
		cg_writer_close_failed(writer, err);
		if (!cg_writer_wait_retry(writer))
			break;
	}
	return NULL;
}

/* Frees a writer whose thread does not run. */
static void free_writer(struct cg_writer *writer)
{
	cg_spool_close(writer->spool);
	if (writer->eventfd >= 0)
		close(writer->eventfd);
	pthread_cond_destroy(&writer->wake);
	pthread_mutex_destroy(&writer->lock);
	free(writer->path);
	free(writer);
}

/* Sets up the lock and its condition, whose clock is CLOCK_MONOTONIC. 0 or -errno. */
static int init_lock(struct cg_writer *writer)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err)
		return -err;
	err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!err)
		err = pthread_cond_init(&writer->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (err)
		return -err;
	err = pthread_mutex_init(&writer->lock, NULL);
	if (err)
		pthread_cond_destroy(&writer->wake);
	return -err;
}

static struct cg_writer *new_writer(const char *path)
{
	struct cg_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	if (init_lock(writer)) {
		free(writer);
		return NULL;
	}
	writer->path = strdup(path);
	writer->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!writer->path || writer->eventfd < 0) {
		free_writer(writer);
		return NULL;
	}
	return writer;
}

/* Starts the thread with all signals blocked: the main thread handles them. */
static int start_thread(struct cg_writer *writer)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&writer->thread, NULL, run_thread, writer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* True for errors that can go away without help. Any other error fails the start. */
static bool error_is_temporary(int err)
{
	return err == -ENOSPC || err == -EROFS || err == -EIO || err == -EBUSY;
}

/* Opens the spool for the first time. 0 or -errno; temporary errors are reported in the status. */
static int open_first(struct cg_writer *writer, char *why, size_t why_size)
{
	bool replaced;
	int err = cg_writer_open_spool(writer, &replaced);

	if (!err)
		return 0;
	snprintf(why, why_size, "%s", cg_writer_strerror(writer, err));
	cg_spool_close(writer->spool);
	writer->spool = NULL;
	if (!error_is_temporary(err))
		return err;
	writer->status.error = err;
	snprintf(writer->status.error_text, sizeof(writer->status.error_text), "%s", why);
	cg_writer_notify(writer);
	return 0;
}

int cg_writer_start(const char *path, struct cg_writer **out, char *why, size_t why_size)
{
	struct cg_writer *writer = new_writer(path);
	int err;

	snprintf(why, why_size, "%s", strerror(ENOMEM));
	if (!writer)
		return -ENOMEM;
	err = open_first(writer, why, why_size);
	if (!err)
		err = start_thread(writer);
	if (err)
		free_writer(writer);
	else
		*out = writer;
	return err;
}

void cg_writer_stop(struct cg_writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stop = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	free_writer(writer);
}

unsigned int cg_writer_queue_space(struct cg_writer *writer)
{
	unsigned int space;

	pthread_mutex_lock(&writer->lock);
	space = CG_QUEUE_STEPS - (writer->staged - writer->status.durable);
	pthread_mutex_unlock(&writer->lock);
	return space;
}

static __u64 put_step(struct cg_writer *writer, enum cg_db_table_id table, const void *row,
		      size_t size, bool joined)
{
	__u64 ticket = 0;

	pthread_mutex_lock(&writer->lock);
	if (writer->staged - writer->status.durable < CG_QUEUE_STEPS) {
		struct step *step;

		ticket = ++writer->staged;
		step = &writer->queue[ticket % CG_QUEUE_STEPS];
		step->table = table;
		step->joined = joined;
		memcpy(&step->row, row, size);
	}
	if (ticket && !joined) {
		writer->status.queued = ticket;
		pthread_cond_signal(&writer->wake);
	}
	pthread_mutex_unlock(&writer->lock);
	return ticket;
}

__u64 cg_writer_put(struct cg_writer *writer, enum cg_db_table_id table, const void *row)
{
	return put_step(writer, table, row, cg_db_tables[table].row_size, false);
}

__u64 cg_writer_put_joined(struct cg_writer *writer, enum cg_db_table_id table, const void *row)
{
	return put_step(writer, table, row, cg_db_tables[table].row_size, true);
}

__u64 cg_writer_put_ring_position(struct cg_writer *writer, const struct cg_ring_position *position)
{
	return put_step(writer, CG_STEP_RING_POSITION, position, sizeof(*position), false);
}

void cg_writer_delete(struct cg_writer *writer, enum cg_db_table_id table, __s64 through_step)
{
	pthread_mutex_lock(&writer->lock);
	writer->delete_through[table] = through_step;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
}

int cg_writer_reject(struct cg_writer *writer, enum cg_db_table_id table, __s64 step,
		     const char *error)
{
	int err = 0;

	pthread_mutex_lock(&writer->lock);
	if (writer->reject.step) {
		err = -EBUSY;
	} else {
		writer->reject = (struct reject){ .table = table, .step = step };
		snprintf(writer->reject.error, sizeof(writer->reject.error), "%s", error);
		pthread_cond_signal(&writer->wake);
	}
	pthread_mutex_unlock(&writer->lock);
	return err;
}

void cg_writer_set_keep(struct cg_writer *writer, __u64 keep)
{
	pthread_mutex_lock(&writer->lock);
	writer->keep_us = keep / 1000;
	pthread_mutex_unlock(&writer->lock);
}

void cg_writer_beat(struct cg_writer *writer, const struct cg_heartbeat *beat)
{
	pthread_mutex_lock(&writer->lock);
	writer->beat = *beat;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
}

void cg_writer_mark_damaged(struct cg_writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->damaged = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
}

void cg_writer_get_status(struct cg_writer *writer, struct cg_writer_status *status)
{
	pthread_mutex_lock(&writer->lock);
	*status = writer->status;
	pthread_mutex_unlock(&writer->lock);
}

int cg_writer_fd(const struct cg_writer *writer)
{
	return writer->eventfd;
}
