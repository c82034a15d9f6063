/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The spool: an SQLite file that holds each finished step until PostgreSQL has it, or for good
 * where there is no PostgreSQL. Every row has a `step`, one number over the file's life, larger at
 * each change. Whoever writes does so between begin and commit: the daemon, and an operator who
 * settles a row. Any number of readers; a handle belongs to one thread.
 */
#ifndef CG_SPOOL_SPOOL_H
#define CG_SPOOL_SPOOL_H

#include "calls/db_tables.h"

struct cg_spool;

/*
 * Opens for writing and makes what is missing, or for reading. 0, -ENOENT (reader: no such file),
 * -EPROTO (of a newer version), -EUCLEAN (damaged or no SQLite), -EIO or another -errno.
 * cg_spool_error() of a handle says more; `*spool` is set even on failure, for that word alone
 * (NULL: no memory).
 */
int cg_spool_open(const char *path, int writable, struct cg_spool **spool);
void cg_spool_close(struct cg_spool *spool);
/* Steps are given out above `step` from now on: a cursor of an earlier handle stays right. */
void cg_spool_resume(struct cg_spool *spool, __s64 step);
__s64 cg_spool_step(const struct cg_spool *spool); /* the last one given out */
const char *cg_spool_error(struct cg_spool *spool); /* of the last call; valid until the next */

/* Moves a damaged file and its log to FILE.damaged-N, the first N that is free. 0 or -errno. */
int cg_spool_set_aside(const char *path, char *aside, size_t size);
/* Puts what can still be read of such a file; *rows: how many. 0, or -errno as of put. */
int cg_spool_salvage(struct cg_spool *into, const char *aside, int *rows);

/* Changes stand between begin and commit; after any failure call rollback. -errno as above. */
int cg_spool_begin(struct cg_spool *spool);
int cg_spool_put(struct cg_spool *spool, enum cg_db_table_id table, const void *row);
int cg_spool_drop(struct cg_spool *spool, enum cg_db_table_id table, __s64 through_step);
/* Moves one row, as JSON, to `rejected`, for people: PostgreSQL refused it for its content. */
int cg_spool_reject(struct cg_spool *spool, enum cg_db_table_id table, __s64 step,
		    const char *error);
/*
 * One statement that may name n text parameters (NULL: SQL's), ?1 and up, and behind them the last
 * step given out. Returns the number of rows changed, or -errno.
 */
int cg_spool_run(struct cg_spool *spool, const char *sql, int n, const char *const *values);
int cg_spool_commit(struct cg_spool *spool); /* durable on return */
int cg_spool_checkpoint(
	struct cg_spool *spool); /* between commits: the log takes no room any more */
void cg_spool_rollback(struct cg_spool *spool);

/* What a writer's file holds: without a walk over it. */
struct cg_spool_content {
	__s64 rows[CG_TABLES];
	__s64 oldest; /* of cg_spool_oldest() */
};
void cg_spool_content(struct cg_spool *spool, struct cg_spool_content *content);

/*
 * Up to `max` rows after `after_step`, in order of steps; or those for which `where` (SQL, with n
 * text parameters ?1 and up) holds, in order of their keys. Each goes to `take` with its columns as
 * text, NULL where SQL's is; valid during that call. Returns the number of rows, or -errno; a
 * `take` that returns non-zero stops the walk with that value.
 */
typedef int (*cg_spool_take)(void *ctx, __s64 step, const char *const *values);
int cg_spool_each(struct cg_spool *spool, enum cg_db_table_id table, __s64 after_step, int max,
		  cg_spool_take take, void *ctx);
int cg_spool_select(struct cg_spool *spool, enum cg_db_table_id table, const char *where, int n,
		    const char *const *values, cg_spool_take take, void *ctx);

/* Rows of all tables, counted up to `most`, or -errno. */
__s64 cg_spool_rows(struct cg_spool *spool, __s64 most);
/*
 * When the call ended, or the violation was seen, whose row has waited longest: microseconds since
 * 1970; 0: no such row waits. 0 or -errno.
 */
int cg_spool_oldest(struct cg_spool *spool, __s64 *us);

#endif
