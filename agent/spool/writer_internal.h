/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The writer's state, shared by writer.c (queue and thread), writer_work.c (what the thread does)
 * and writer_file.c (its file).
 */
#ifndef CG_SPOOL_WRITER_INTERNAL_H
#define CG_SPOOL_WRITER_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "spool/writer.h"

#define CG_STEP_RING_POSITION CG_TABLES /* `table` of a step that is no row */

struct step {
	enum cg_db_table_id table;
	bool joined; /* in one commit with the next step */
	union {
		struct cg_cdr_row cdr;
		struct cg_violation_row violation;
		struct cg_ring_position ring;
	} row;
};

struct reject {
	enum cg_db_table_id table;
	__s64 step; /* 0: none */
	char error[512];
};

struct work { /* of one commit */
	__u64 from, to; /* tickets after `from`, up to `to` */
	__s64 delete_through[CG_TABLES]; /* steps; 0: none */
	struct reject reject;
	struct cg_heartbeat beat; /* at 0: none */
	bool commit; /* false: there is only upkeep to do */
	__s64 keep_us; /* 0: for ever */
};

struct cg_writer {
	char *path;
	/* used by the thread only */
	struct cg_spool *spool; /* NULL between retries */
	__s64 last_step; /* of the last commit */
	bool disk_full; /* delete rows that PostgreSQL has before writing any others */
	bool file_moved; /* the file is gone: the next one is new */
	bool tidying; /* upkeep has more to do */
	char aside[256]; /* damaged file whose rows are not copied yet; "": none */

	pthread_t thread;
	int eventfd;
	pthread_mutex_t
		lock; /* over all below; a queued step stays unchanged until it is durable */
	pthread_cond_t wake;
	bool stop;
	bool damaged; /* the file has to be replaced */
	__s64 keep_us; /* 0: for ever */
	struct cg_writer_status status;
	__u64 staged; /* the last ticket given out; the thread may not see its group yet */
	__s64 delete_through[CG_TABLES]; /* steps; 0: none */
	struct reject reject;
	struct cg_heartbeat beat; /* at 0: none */
	struct step queue[CG_QUEUE_STEPS]; /* ticket t is in slot t % CG_QUEUE_STEPS */
};

/* True if rows that PostgreSQL has are to be deleted. */
bool cg_writer_has_deletes(const __s64 delete_through[CG_TABLES]);

/* Does one piece of work in the thread. 0, or -errno: close the spool and try again. */
int cg_writer_do_work(struct cg_writer *writer, struct work *work);

/*
 * Opens the spool if it is not open, and replaces it if it is damaged. *replaced: the file is a new
 * one, and work that was taken before is not meant for it. 0 or -errno.
 */
int cg_writer_open_spool(struct cg_writer *writer, bool *replaced);

/* Returns the text of an error of the spool or of its opening, valid until the spool is closed. */
const char *cg_writer_strerror(const struct cg_writer *writer, int err);

/* Reports the error, undoes the changes and closes the spool. */
void cg_writer_close_failed(struct cg_writer *writer, int err);

/* Waits before the next try. False: the writer has to stop. */
bool cg_writer_wait_retry(struct cg_writer *writer);

/* Creates and deletes a file that reserves space for deleting rows when the disk is full. */
void cg_writer_make_reserve(struct cg_writer *writer);
void cg_writer_free_reserve(struct cg_writer *writer);

/* Makes the eventfd readable: the status changed. */
void cg_writer_notify(struct cg_writer *writer);

#endif
