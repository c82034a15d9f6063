/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What writer.c (queue and thread) and writer_file.c (the thread's spool) share, and nobody else sees. */
#ifndef CG_SPOOL_WRITER_INTERNAL_H
#define CG_SPOOL_WRITER_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "spool/writer.h"

struct step {
	enum cg_db_table_id table;
	union {
		struct cg_cdr_row cdr;
		struct cg_violation_row violation;
	};
};

struct reject {
	enum cg_db_table_id table;
	__s64 step; /* 0: none */
	char error[512];
};

struct work { /* what one commit takes */
	__u64 from;
	__u64 to;
	__s64 drop[CG_TABLES];
	struct reject reject;
};

struct cg_writer {
	char *path;
	struct cg_spool *spool; /* the thread's, as what follows; NULL between tries */
	__s64 last_step;
	bool full; /* its disk: rows that PostgreSQL has are dropped before any other is written */
	bool moved; /* the file is somewhere else: the next one is new */
	char aside[256]; /* a damaged file that is still to be read; "": none */
	pthread_t thread;
	int eventfd;
	pthread_mutex_t
		lock; /* over all below; a queued step is not touched before it is durable */
	pthread_cond_t wake;
	bool stop;
	bool damaged; /* the file is to be set aside */
	struct cg_writer_status status;
	__s64 drop[CG_TABLES]; /* 0: nothing to do */
	struct reject reject;
	struct step queue[CG_QUEUE_STEPS]; /* ticket t is in slot t % CG_QUEUE_STEPS */
};

/* A spool to write to: 0, 1 (a new one, for which no work was meant yet) or -errno. */
int cg_writer_ready(struct cg_writer *writer);

/* What err of the spool, or of opening one, is called; valid until the spool is closed. */
const char *cg_writer_why(const struct cg_writer *writer, int err);

/* Says why, closes the file and waits a little. False: told to leave meanwhile. */
bool cg_writer_failed(struct cg_writer *writer, int err);

/* Room that is kept beside the spool, for dropping rows from a full disk. */
void cg_writer_reserve(struct cg_writer *writer);
void cg_writer_release(struct cg_writer *writer);

void cg_writer_tell(struct cg_writer *writer); /* the status changed */

#endif
