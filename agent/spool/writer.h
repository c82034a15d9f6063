/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The spool's writer runs in a thread, because an fsync may take 300 ms. Rows ("steps") go into a
 * bounded queue, and each gets a ticket. A number and an eventfd report which tickets are on disk.
 * If the spool fails (disk full), the writer closes it and retries each second. Meanwhile the queue
 * fills, and its callers have to wait. A damaged file is set aside, and its readable rows are
 * copied to a new one. Call all functions from one thread.
 */
#ifndef CG_SPOOL_WRITER_H
#define CG_SPOOL_WRITER_H

#include "spool/spool.h"

#define CG_QUEUE_STEPS 8192

struct cg_writer;

/*
 * Opens the spool and starts the thread. Errors that may go away without help (disk full,
 * read-only, busy) do not fail the start; cg_writer_get_status() reports them. Returns 0, or -errno
 * as cg_spool_open() with the error's text in `why`.
 */
int cg_writer_start(const char *path, struct cg_writer **writer, char *why, size_t why_size);

/* Commits the queue, if the spool can be written, and ends the thread. NULL is ignored. */
void cg_writer_stop(struct cg_writer *writer);

/* Returns the number of steps for which the queue has space. */
unsigned int cg_writer_queue_space(struct cg_writer *writer);

/* Queues a copy of the row. Returns its ticket (1 and up), or 0 if the queue is full. */
__u64 cg_writer_put(struct cg_writer *writer, enum cg_db_table_id table, const void *row);

/*
 * As cg_writer_put(), and commits the row together with the next one. The queue needs space for
 * both.
 */
__u64 cg_writer_put_joined(struct cg_writer *writer, enum cg_db_table_id table, const void *row);

/* Queues a position of a ring, as cg_writer_put() does a row. Nothing is sent to PostgreSQL. */
__u64 cg_writer_put_ring_position(struct cg_writer *writer,
				  const struct cg_ring_position *position);

/* Deletes the rows up to that step, which PostgreSQL has. A later call replaces an earlier one. */
void cg_writer_delete(struct cg_writer *writer, enum cg_db_table_id table, __s64 through_step);

/* Moves a row to `rejected`. 0, or -EBUSY while an earlier call is not done. */
int cg_writer_reject(struct cg_writer *writer, enum cg_db_table_id table, __s64 step,
		     const char *error);

/*
 * Deletes closed calls and violations when the daemon has run for so long since their last change,
 * ns; 0: never. For a spool that is the store: the rows that wait for PostgreSQL have no such end.
 */
void cg_writer_set_keep(struct cg_writer *writer, __u64 keep);

/*
 * Stores a heartbeat. One that is not stored yet is replaced. Steps of upkeep follow it
 * (cg_spool_tidy()), with the queued rows between them.
 */
void cg_writer_beat(struct cg_writer *writer, const struct cg_heartbeat *beat);

/* Replaces the file. For a reader that found damage, which the writer may never meet. */
void cg_writer_mark_damaged(struct cg_writer *writer);

struct cg_writer_status {
	__u64 durable; /* all tickets up to this one are on disk */
	__u64 queued; /* the last ticket given out, of a group that is complete */
	int error; /* -errno while the spool cannot be written; else 0 */
	struct cg_spool_content content; /* at the last commit */
	unsigned int open_count; /* a reader of an earlier opening may read another file */
	unsigned int generation; /* new files made: an earlier file's rows may not be in this one */
	char error_text[256]; /* of `error` */
	char damage_text[512]; /* where the last damaged file is, and what was saved; "": none */
};
void cg_writer_get_status(struct cg_writer *writer, struct cg_writer_status *status);

/* Returns the eventfd that becomes readable when the status changes. The writer owns it. */
int cg_writer_fd(const struct cg_writer *writer);

#endif
