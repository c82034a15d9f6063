/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The spool is an SQLite file. It holds each finished row until PostgreSQL has it. Without
 * PostgreSQL it is the store. Every row has a `step`, a number that is unique in the file and grows
 * with each change. There may be several writers (the daemon, and an operator who settles a row).
 * Each writes between begin and commit. There may be any number of readers. A handle belongs to one
 * thread.
 */
#ifndef CG_SPOOL_SPOOL_H
#define CG_SPOOL_SPOOL_H

#include <stdbool.h>

#include "calls/db_tables.h"

struct cg_spool;

/*
 * Opens the spool for writing, and creates the file and its tables if needed, or for reading.
 * 0, -ENOENT (reader: no such file), -EPROTO (written by a newer version), -EUCLEAN (damaged, or
 * not an SQLite file), -EIO or another -errno. *spool is set on failure too, for
 * cg_spool_strerror() and cg_spool_close(); NULL: no memory.
 */
int cg_spool_open(const char *path, int writable, struct cg_spool **spool);

/*
 * Opens it for reading in the event loop: a read returns -EBUSY instead of waiting for a process
 * that keeps everybody out, as PRAGMA locking_mode = EXCLUSIVE does. Returns as cg_spool_open().
 */
int cg_spool_open_in_loop(const char *path, struct cg_spool **spool);
void cg_spool_close(struct cg_spool *spool);

/* Gives out only steps above `step` from now on. Cursors of an earlier handle stay valid. */
void cg_spool_raise_step(struct cg_spool *spool, __s64 step);

/* Returns the highest step given out. */
__s64 cg_spool_last_step(const struct cg_spool *spool);

/* Returns the error of the last call as text, valid until the next call. */
const char *cg_spool_strerror(struct cg_spool *spool);

/*
 * Renames a damaged file and its log to FILE.damaged-N, with the lowest N that is free, and writes
 * the new name to `aside`. 0 or -errno.
 */
int cg_spool_set_aside(const char *path, char *aside, size_t size);

/*
 * Copies the rows that are still readable in such a file into `into`, and stores their number in
 * *rows. 0, or the -errno of writing.
 */
int cg_spool_salvage(struct cg_spool *into, const char *aside, int *rows);

/*
 * Changes happen between begin and commit. After any failure, call cg_spool_rollback(). All return
 * 0 or -errno as cg_spool_open(). begin returns -ESTALE if the file was moved or deleted.
 */
int cg_spool_begin(struct cg_spool *spool);
int cg_spool_put(struct cg_spool *spool, enum cg_db_table_id table, const void *row);
int cg_spool_delete(struct cg_spool *spool, enum cg_db_table_id table, __s64 through_step);

/* When a daemon was alive. Times are microseconds since 1970. */
struct cg_heartbeat {
	char node[CG_NODE_MAX];
	const char *instance;
	__s64 at;
	__s64 maps_at; /* when its maps were made */
};

/*
 * Stores a daemon's heartbeat, one row for each node: table heartbeat, `at`. The last one of the
 * maps before these is kept in `before_maps`.
 */
int cg_spool_beat(struct cg_spool *spool, const struct cg_heartbeat *beat);

/* Sets *at to the node's last heartbeat before `maps_at`; 0: none is known. 0 or -errno. */
int cg_spool_last_beat(struct cg_spool *spool, const char *node, __s64 maps_at, __s64 *at);

/* True if a daemon has ever written its heartbeat to this file. */
bool cg_spool_has_beat(struct cg_spool *spool);

/*
 * Returns the names other than `node` under which the daemon of the instance has written, with the
 * last heartbeat of each, as a JSON object. The caller frees it. 0 or -errno with *json NULL.
 */
int cg_spool_former_nodes(struct cg_spool *spool, const char *instance, const char *node,
			  char **json);

/*
 * The rows of a transaction cover the records of a ring up to a position. Stored with them, it
 * makes a restarted daemon count each record once.
 */
struct cg_ring_position {
	char node[CG_NODE_MAX];
	char ring[CG_UUID_TEXT]; /* names the ring of this instance since it was made */
	__u64 position;
};

/* Stores a position, one row for each node. */
int cg_spool_put_ring_position(struct cg_spool *spool, const struct cg_ring_position *position);

/* Sets position->position to the stored one of that node and ring; 0: none. 0 or -errno. */
int cg_spool_get_ring_position(struct cg_spool *spool, struct cg_ring_position *position);

/* Moves a row that PostgreSQL refused for its content to table `rejected`, as JSON, for review. */
int cg_spool_reject(struct cg_spool *spool, enum cg_db_table_id table, __s64 step,
		    const char *error);

/*
 * Runs one statement. It may use n text parameters, ?1 and up (NULL: SQL's NULL), and one more for
 * the last step given out. Returns the number of rows changed, or -errno.
 */
int cg_spool_execute(struct cg_spool *spool, const char *sql, int n, const char *const *values);

int cg_spool_commit(struct cg_spool *spool); /* the changes are on disk when it returns */
void cg_spool_rollback(struct cg_spool *spool);

/* Moves the log into the file and truncates the log. Call it between commits. 0 or -errno. */
int cg_spool_checkpoint(struct cg_spool *spool);

/*
 * Makes all rows older by the time since the last call with this handle, in a transaction.
 * boottime_us: CLOCK_BOOTTIME. now_us: microseconds since 1970, which count only in a file whose
 * rows have no age yet. 0 or -errno.
 */
int cg_spool_add_age(struct cg_spool *spool, __s64 keep_us, __s64 boottime_us, __s64 now_us);

/*
 * One small step of upkeep, between commits. Deletes closed calls and violations whose last change
 * is older than keep_us (0: none), never an open call. Gives free pages back to the file system.
 * Returns 1 if there is more to do, 0 or -errno.
 */
int cg_spool_tidy(struct cg_spool *spool, __s64 keep_us);

struct cg_spool_content {
	__s64 rows[CG_TABLES];
	__s64 oldest_us; /* as cg_spool_get_oldest() */
};

/* Returns what the file holds. It reads the counts that the file keeps, not every row. */
void cg_spool_get_content(struct cg_spool *spool, struct cg_spool_content *content);

/*
 * Gets one row: its step, and its columns as text (NULL: SQL's NULL), valid during the call. A
 * value other than 0 stops the reading, which then returns that value.
 */
typedef int (*cg_spool_row_handler)(void *ctx, __s64 step, const char *const *values);

/*
 * Calls `handle` for up to `max` rows after `after_step`, in the order of their steps. Returns the
 * number of rows, -errno, or what `handle` returned.
 */
int cg_spool_read_steps(struct cg_spool *spool, enum cg_db_table_id table, __s64 after_step,
			int max, cg_spool_row_handler handle, void *ctx);

/*
 * Calls `handle` for each call for which the SQL condition `where` holds, in the order of the
 * answers. `where` may use n text parameters, ?1 and up. The calls are read in pages, and no read
 * transaction is open while `handle` runs: it may take as long as it likes. Returns as
 * cg_spool_read_steps().
 */
int cg_spool_select_calls(struct cg_spool *spool, const char *where, int n,
			  const char *const *values, cg_spool_row_handler handle, void *ctx);

/* The calls that an operator may settle, as the condition of an index by call_uid has it. */
#define CG_SPOOL_MAY_SETTLE "(suspect OR end_time IS NULL OR end_reason = 'operator')"

/* Returns the number of rows in all tables, at most `most`, or -errno. */
__s64 cg_spool_count_rows(struct cg_spool *spool, __s64 most);

/* Returns the number of calls that were answered after `us`, since 1970, or -errno. */
__s64 cg_spool_count_after(struct cg_spool *spool, __s64 us);

/*
 * Sets *us to the end of the call, or the time of the violation, whose row has waited longest, in
 * microseconds since 1970. 0: no such row. Returns 0 or -errno.
 */
int cg_spool_get_oldest(struct cg_spool *spool, __s64 *us);

#endif
