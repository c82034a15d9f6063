// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "spool/writer_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STEPS_A_COMMIT 2048

static bool drops(const __s64 drop[CG_TABLES])
{
	bool any = false;

	for (int id = 0; id < CG_TABLES; id++)
		any |= drop[id] != 0;
	return any;
}

static bool has_work(const struct cg_writer *writer)
{
	return writer->damaged || writer->reject.step || drops(writer->drop) ||
	       writer->status.queued != writer->status.durable;
}

/* False: it is time to leave. */
static bool take_work(struct cg_writer *writer, struct work *work)
{
	bool any;

	pthread_mutex_lock(&writer->lock);
	while (!writer->stop && !has_work(writer))
		pthread_cond_wait(&writer->wake, &writer->lock);
	any = has_work(writer);
	work->from = writer->status.durable;
	work->to = writer->status.queued;
	if (work->to - work->from > STEPS_A_COMMIT)
		work->to = work->from + STEPS_A_COMMIT;
	memcpy(work->drop, writer->drop, sizeof(work->drop));
	work->reject = writer->reject;
	pthread_mutex_unlock(&writer->lock);
	return any;
}

static int put_steps(struct cg_writer *writer, const struct work *work)
{
	int err = 0;

	for (__u64 ticket = work->from + 1; !err && ticket <= work->to; ticket++) {
		const struct step *step = &writer->queue[ticket % CG_QUEUE_STEPS];

		err = cg_spool_put(writer->spool, step->table, &step->cdr);
	}
	return err;
}

static int drop_steps(struct cg_writer *writer, const struct work *work)
{
	int err = 0;

	for (int id = 0; !err && id < CG_TABLES; id++)
		if (work->drop[id])
			err = cg_spool_drop(writer->spool, id, work->drop[id]);
	return err;
}

static int commit(struct cg_writer *writer, const struct work *work)
{
	int err = cg_spool_begin(writer->spool);

	err = err ? err : put_steps(writer, work);
	if (!err && work->reject.step)
		err = cg_spool_reject(writer->spool, work->reject.table, work->reject.step,
				      work->reject.error);
	err = err ? err : drop_steps(writer, work);
	return err ? err : cg_spool_commit(writer->spool);
}

/* The disk is full, and there are rows that may go: they make room for what is queued. */
static int make_room(struct cg_writer *writer, struct work *work)
{
	int err;

	work->to = work->from;
	work->reject.step = 0;
	cg_writer_release(writer);
	err = commit(writer, work);
	err = err ? err : cg_spool_checkpoint(writer->spool);
	if (!err)
		cg_writer_reserve(writer);
	return err;
}

static void done(struct cg_writer *writer, const struct work *work)
{
	struct cg_spool_content content;

	cg_spool_content(writer->spool, &content);
	pthread_mutex_lock(&writer->lock);
	writer->status.content = content;
	writer->status.durable = work->to;
	writer->status.error = 0;
	for (int id = 0; id < CG_TABLES; id++)
		if (writer->drop[id] == work->drop[id])
			writer->drop[id] = 0;
	if (work->reject.step)
		writer->reject.step = 0;
	pthread_mutex_unlock(&writer->lock);
	cg_writer_tell(writer);
}

static void *writer_main(void *arg)
{
	struct cg_writer *writer = arg;
	struct work work;

	while (take_work(writer, &work)) {
		int err = cg_writer_ready(writer);

		if (err > 0)
			continue;
		if (!err)
			err = writer->full && drops(work.drop) ? make_room(writer, &work)
							       : commit(writer, &work);
		if (!err) {
			writer->full = false;
			writer->last_step = cg_spool_step(writer->spool);
			done(writer, &work);
		} else if (!cg_writer_failed(writer, err)) {
			break;
		}
	}
	return NULL;
}

static void writer_free(struct cg_writer *writer)
{
	cg_spool_close(writer->spool);
	if (writer->eventfd >= 0)
		close(writer->eventfd);
	free(writer->path);
	free(writer);
}

static int spawn(struct cg_writer *writer)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int err;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->wake, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&writer->thread, NULL, writer_main, writer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* What may pass by itself, and what somebody who starts a daemon has to be told. */
static bool may_pass(int err)
{
	return err == -ENOSPC || err == -EROFS || err == -EIO || err == -EBUSY;
}

static int start(struct cg_writer *writer, char *why, size_t why_size)
{
	int err = writer->path && writer->eventfd >= 0 ? cg_writer_ready(writer) : -ENOMEM;

	if (err < 0) {
		snprintf(why, why_size, "%s", cg_writer_why(writer, err));
		cg_spool_close(writer->spool);
		writer->spool = NULL;
	}
	if (may_pass(err)) {
		writer->status.error = err;
		snprintf(writer->status.why, sizeof(writer->status.why), "%s", why);
		cg_writer_tell(writer);
		err = 0;
	}
	return err < 0 ? err : spawn(writer);
}

int cg_writer_start(const char *path, struct cg_writer **out, char *why, size_t why_size)
{
	struct cg_writer *writer = calloc(1, sizeof(*writer));
	int err;

	snprintf(why, why_size, "%s", strerror(ENOMEM));
	if (!writer)
		return -ENOMEM;
	pthread_mutex_init(&writer->lock, NULL);
	writer->path = strdup(path);
	writer->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = start(writer, why, why_size);
	if (err)
		writer_free(writer);
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
	writer_free(writer);
}

unsigned int cg_writer_room(struct cg_writer *writer)
{
	unsigned int room;

	pthread_mutex_lock(&writer->lock);
	room = CG_QUEUE_STEPS - (writer->status.queued - writer->status.durable);
	pthread_mutex_unlock(&writer->lock);
	return room;
}

__u64 cg_writer_put(struct cg_writer *writer, enum cg_db_table_id table, const void *row)
{
	__u64 ticket = 0;

	pthread_mutex_lock(&writer->lock);
	if (writer->status.queued - writer->status.durable < CG_QUEUE_STEPS) {
		ticket = ++writer->status.queued;
		writer->queue[ticket % CG_QUEUE_STEPS].table = table;
		memcpy(&writer->queue[ticket % CG_QUEUE_STEPS].cdr, row,
		       cg_db_tables[table].row_size);
		pthread_cond_signal(&writer->wake);
	}
	pthread_mutex_unlock(&writer->lock);
	return ticket;
}

void cg_writer_drop(struct cg_writer *writer, enum cg_db_table_id table, __s64 through_step)
{
	pthread_mutex_lock(&writer->lock);
	writer->drop[table] = through_step;
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

void cg_writer_renew(struct cg_writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->damaged = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
}

void cg_writer_status(struct cg_writer *writer, struct cg_writer_status *status)
{
	pthread_mutex_lock(&writer->lock);
	*status = writer->status;
	pthread_mutex_unlock(&writer->lock);
}

int cg_writer_fd(const struct cg_writer *writer)
{
	return writer->eventfd;
}
