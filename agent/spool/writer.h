/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The spool's writer: a thread of its own, as an fsync may take 300 ms. Steps go into a bounded
 * queue, each gets a ticket; what is committed is said by a number and an eventfd. A spool that
 * fails (disk full) is closed and tried again each second: the queue fills, and whoever fills it
 * has to wait. A damaged file is set aside, and what can be read of it goes on in a new one. All
 * functions but the thread's own are for one other thread.
 */
#ifndef CG_SPOOL_WRITER_H
#define CG_SPOOL_WRITER_H

#include "spool/spool.h"

#define CG_QUEUE_STEPS 8192

struct cg_writer;

/*
 * Opens the spool and starts, without a spool where a disk is full or read-only: that may pass.
 * -errno as cg_spool_open(); then `why` says more.
 */
int cg_writer_start(const char *path, struct cg_writer **writer, char *why, size_t why_size);
/* Commits what is queued, if the spool lets it, and ends the thread. */
void cg_writer_stop(struct cg_writer *writer);

unsigned int cg_writer_room(struct cg_writer *writer); /* steps that the queue still takes */
/* Queues a copy of the row. The ticket (1 and up), or 0: no room. */
__u64 cg_writer_put(struct cg_writer *writer, enum cg_db_table_id table, const void *row);

/* Rows that PostgreSQL has: forget them up to that step. The last word counts. */
void cg_writer_drop(struct cg_writer *writer, enum cg_db_table_id table, __s64 through_step);
/* -EBUSY while an earlier one is not done. */
int cg_writer_reject(struct cg_writer *writer, enum cg_db_table_id table, __s64 step,
		     const char *error);

/* A reader found the file damaged, which the writer may never meet. */
void cg_writer_renew(struct cg_writer *writer);

struct cg_writer_status {
	__u64 durable; /* all tickets up to here are on disk */
	__u64 queued; /* the last ticket given out */
	int error; /* -errno while the spool cannot be written */
	struct cg_spool_content content; /* as of the last commit */
	unsigned int opened; /* times: a reader of an earlier opening may hold another file */
	unsigned int anew; /* times: the file is another; what was durable may not be in it */
	char why[256]; /* of error */
	char renewed[512]; /* of the last damaged file: where it is, and what was saved; "": none */
};
void cg_writer_status(struct cg_writer *writer, struct cg_writer_status *status);

int cg_writer_fd(const struct cg_writer *writer); /* eventfd: readable when the status changed */

#endif
