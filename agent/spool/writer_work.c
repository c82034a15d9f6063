// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The work of the writer's thread: commits, room on a full disk, upkeep. */
#include <errno.h>

#include "spool/writer_internal.h"
#include "util/clock.h"
#include "util/text.h"

bool cg_writer_has_deletes(const __s64 delete_through[CG_TABLES])
{
	for (int id = 0; id < CG_TABLES; id++)
		if (delete_through[id])
			return true;
	return false;
}

static int put_steps(struct cg_writer *writer, const struct work *work)
{
	int err = 0;

	for (__u64 ticket = work->from + 1; !err && ticket <= work->to; ticket++) {
		const struct step *step = &writer->queue[ticket % CG_QUEUE_STEPS];

		if (step->table == CG_STEP_RING_POSITION)
			err = cg_spool_put_ring_position(writer->spool, &step->row.ring);
		else
			err = cg_spool_put(writer->spool, step->table, &step->row);
	}
	return err;
}

static int delete_steps(struct cg_writer *writer, const struct work *work)
{
	int err = 0;

	for (int id = 0; !err && id < CG_TABLES; id++)
		if (work->delete_through[id])
			err = cg_spool_delete(writer->spool, id, work->delete_through[id]);
	return err;
}

static int commit_work(struct cg_writer *writer, const struct work *work)
{
	const struct reject *reject = &work->reject;
	int err;

	err = cg_spool_begin(writer->spool);
	if (err)
		goto out;
	err = put_steps(writer, work);
	if (err)
		goto out;
	if (reject->step) {
		err = cg_spool_reject(writer->spool, reject->table, reject->step, reject->error);
		if (err)
			goto out;
	}
	err = delete_steps(writer, work);
	if (!err && work->beat.at)
		err = cg_spool_beat(writer->spool, &work->beat);
	if (!err && work->beat.at && work->keep_us)
		err = cg_spool_add_age(writer->spool, work->keep_us, cg_boottime() / 1000,
				       cg_now_us());
	if (err)
		goto out;
	err = cg_spool_commit(writer->spool);
out:
	return err;
}

/*
 * On a full disk, deletes the rows that PostgreSQL has, so that the queued ones find space. A row
 * that it refused is moved first: the deletes may go beyond it.
 */
static int make_room(struct cg_writer *writer, struct work *work)
{
	int err;

	work->to = work->from;
	work->beat.at = 0;
	cg_writer_free_reserve(writer);
	err = commit_work(writer, work);
	if (!err)
		err = cg_spool_checkpoint(writer->spool);
	if (err)
		return err;
	cg_writer_make_reserve(writer);
	return 0;
}

static void report_commit(struct cg_writer *writer, const struct work *work)
{
	struct cg_spool_content content;

	cg_spool_get_content(writer->spool, &content);
	pthread_mutex_lock(&writer->lock);
	writer->status.content = content;
	writer->status.durable = work->to;
	writer->status.error = 0;
	for (int id = 0; id < CG_TABLES; id++)
		if (writer->delete_through[id] == work->delete_through[id])
			writer->delete_through[id] = 0;
	if (work->reject.step)
		writer->reject.step = 0;
	if (writer->beat.at == work->beat.at)
		writer->beat.at = 0;
	pthread_mutex_unlock(&writer->lock);
	cg_writer_notify(writer);
}

/*
 * Does a step of upkeep if it is due. A full disk is no error of it: rows still find room. 0 or
 * -errno.
 */
static int tidy_file(struct cg_writer *writer, const struct work *work)
{
	int more = 0;

	if (writer->tidying || work->beat.at)
		more = cg_spool_tidy(writer->spool, work->keep_us);
	if (more == -ENOSPC) {
		cg_spool_rollback(writer->spool);
		more = 0;
	}
	writer->tidying = more > 0;
	return more < 0 ? more : 0;
}

/* Commits a piece of work, on a full disk only what makes room. 0 or -errno. */
static int store_work(struct cg_writer *writer, struct work *work)
{
	bool can_make_room = cg_writer_has_deletes(work->delete_through) || work->reject.step;
	int err = writer->disk_full && can_make_room ? make_room(writer, work)
						     : commit_work(writer, work);

	if (err)
		return err;
	writer->disk_full = false;
	writer->last_step = cg_spool_last_step(writer->spool);
	report_commit(writer, work);
	return 0;
}

int cg_writer_do_work(struct cg_writer *writer, struct work *work)
{
	bool replaced = false;
	int err = cg_writer_open_spool(writer, &replaced);

	if (err || replaced)
		return err;
	if (work->commit)
		err = store_work(writer, work);
	return err ? err : tidy_file(writer, work);
}
