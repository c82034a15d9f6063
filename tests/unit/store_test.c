// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c -lsqlite3
/*
 * A spool that is the store of years: it is read in pages, it counts its rows, and it
 * shrinks. row_age_test.c: which rows it deletes.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/spool_internal.h"
#include "tap.h"
#include "util/text.h"

#define CALLS 10000 /* more than two pages */
#define MIB (1LL << 20)

static char path[64];

static struct cg_cdr_row make_call(int i)
{
	struct cg_cdr_row row = { .setup_time = i % 7,
				  .node = "n1",
				  .answer_time = i / 3, /* the same in three rows */
				  .end_time = i % 2 ? i : CG_NULL,
				  .end_reason = "none",
				  .candidate_end = CG_NULL,
				  .first_blocked_at = CG_NULL };

	snprintf(row.call_uid, sizeof(row.call_uid), "%d", i);
	return row;
}

static int put_calls(struct cg_spool *spool, int from, int to)
{
	int err = cg_spool_begin(spool);

	for (int i = from; !err && i < to; i++) {
		struct cg_cdr_row row = make_call(i);

		err = cg_spool_put(spool, CG_TABLE_CDR, &row);
	}
	return err ? err : cg_spool_commit(spool);
}

/* Runs SQL as an operator would with sqlite3, on a connection of its own. */
static int by_hand(const char *sql)
{
	sqlite3 *db;
	int err = sqlite3_open(path, &db);

	err = err ? err : sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return err;
}

static __s64 number_of(const char *sql)
{
	__s64 number = -1;
	sqlite3 *db;

	if (sqlite3_open(path, &db) == SQLITE_OK)
		cg_sqlite_read_number(db, sql, 0, &number);
	sqlite3_close(db);
	return number;
}

static __s64 size_of(const char *suffix)
{
	char file[80];
	struct stat st;

	snprintf(file, sizeof(file), "%s%s", path, suffix);
	return stat(file, &st) ? -1 : st.st_size;
}

static const char *value_of(const char *const *values, const char *name)
{
	const struct cg_db_table *table = &cg_db_tables[CG_TABLE_CDR];

	for (unsigned int i = 0; i < table->n_columns; i++)
		if (!strcmp(table->columns[i].name, name))
			return values[i];
	return NULL;
}

/* --- pages ------------------------------------------------------------------------------------ */

struct listing {
	struct cg_spool *reader, *writer;
	int rows, in_order, not_busy;
	long long answer;
	bool seen[CALLS];
	char plan[256]; /* SQLite's, of the statement that reads */
};

static void read_plan(struct listing *list)
{
	sqlite3_stmt *reading = sqlite3_next_stmt(list->reader->db, NULL), *stmt = NULL;
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(reading));

	sqlite3_prepare_v2(list->reader->db, sql, -1, &stmt, NULL);
	sqlite3_free(sql);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		snprintf(list->plan, sizeof(list->plan), "%s", sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
}

static int list_call(void *ctx, __s64 step, const char *const *values)
{
	struct listing *list = ctx;
	long long answer = atoll(value_of(values, "answer_time"));
	int uid = atoi(value_of(values, "call_uid"));

	(void)step;
	if (!list->rows)
		read_plan(list);
	if (list->writer && list->rows % (CALLS / 2) == 0)
		list->not_busy += !cg_spool_checkpoint(list->writer);
	list->in_order += answer >= list->answer && !list->seen[uid];
	list->seen[uid] = true;
	list->answer = answer;
	list->rows++;
	return 0;
}

/* True if so many calls are listed, in order, each once, by that index. */
static bool lists(struct cg_spool *reader, const char *where, int rows, const char *index)
{
	static struct listing list;
	int n;

	list = (struct listing){ .reader = reader };
	n = cg_spool_select_calls(reader, where, 0, NULL, list_call, &list);
	if (n == rows && list.rows == rows && list.in_order == rows && strstr(list.plan, index))
		return true;
	printf("# %s: %d, %d rows, %d in order; %s\n", where, n, list.rows, list.in_order,
	       list.plan);
	return false;
}

static void pages(void)
{
	static struct listing list;
	struct cg_spool *writer, *reader;

	if (cg_spool_open(path, 1, &writer) || put_calls(writer, 0, CALLS) ||
	    cg_spool_open(path, 0, &reader)) {
		ok(0, "pages: set up");
		return;
	}
	list = (struct listing){ .reader = reader, .writer = writer };
	cg_spool_select_calls(reader, "true", 0, NULL, list_call, &list);
	ok(list.not_busy == 2, "pages: who reads slowly holds no read transaction");
	ok(lists(reader, "true", CALLS, "cdr_answer"),
	   "pages: each call once, by the time of its answer");
	ok(lists(reader, "true AND answer_time >= 3000", CALLS - 9000, "cdr_answer (answer_time>"),
	   "pages: --since reads the calls of that time only");
	ok(lists(reader, "true AND end_time IS NULL", CALLS / 2, "cdr_open"),
	   "pages: --open reads the open calls only");
	ok(!by_hand("UPDATE cdr SET suspect = 1, blocked_byes = 2 WHERE step IN (7, 9000)") &&
		   lists(reader, "true AND suspect", 2, "cdr_suspect") &&
		   lists(reader, "true AND blocked_byes", 2, "cdr_blocked"),
	   "pages: --suspect and --blocked read such calls only");
	ok(lists(reader, "call_uid = '9000' AND " CG_SPOOL_MAY_SETTLE, 1, "cdr_settle (call_uid="),
	   "pages: an operator's decision reads the calls of its call_uid only");
	cg_spool_close(reader);
	cg_spool_close(writer);
}

/* --- counts ----------------------------------------------------------------------------------- */

static bool counts(struct cg_spool *spool, __s64 cdrs, __s64 settlements)
{
	struct cg_spool_content content;

	cg_spool_get_content(spool, &content);
	if (content.rows[CG_TABLE_CDR] == cdrs && content.rows[CG_TABLE_SETTLEMENT] == settlements)
		return true;
	printf("# %lld calls, %lld settlements\n", content.rows[CG_TABLE_CDR],
	       content.rows[CG_TABLE_SETTLEMENT]);
	return false;
}

static void delete_settlements(struct cg_spool *spool)
{
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_SETTLEMENT, INT64_MAX);
	cg_spool_commit(spool);
}

static void count_rows(void)
{
	struct cg_spool *spool, *other;

	if (cg_spool_open(path, 1, &spool) || cg_spool_open(path, 1, &other)) {
		ok(0, "counts: set up");
		return;
	}
	ok(counts(spool, CALLS, 0), "counts: they are kept in the file");
	by_hand("INSERT INTO settlement (at, call_uid, node, setup_time) VALUES (1, 'a', 'n1', 1);"
		"DELETE FROM cdr WHERE step <= 10");
	delete_settlements(spool);
	ok(counts(spool, CALLS - 10, 0), "counts: rows that sqlite3 has written are counted, too");
	cg_spool_begin(other);
	cg_spool_delete(other, CG_TABLE_CDR, 20);
	cg_spool_commit(other);
	ok(counts(spool, CALLS - 20, 0), "counts: every writer keeps them");
	by_hand("UPDATE row_count SET rows = 2000000 + rows WHERE kind = 'violation'");
	by_hand("UPDATE row_count SET rows = 5 WHERE kind = 'cdr'");
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_CDR, 30);
	cg_spool_commit(spool);
	ok(counts(spool, 0, 0),
	   "counts: of millions of rows kept as they are, but never below zero");
	by_hand("UPDATE row_count SET rows = 0");
	delete_settlements(spool);
	ok(counts(spool, CALLS - 30, 0), "counts: wrong ones are put right after a change by hand");
	cg_spool_close(other);
	cg_spool_close(spool);
}

/* --- upkeep ----------------------------------------------------------------------------------- */

/* Steps of upkeep until there is nothing more to do. Returns their number, or -errno. */
static int tidy(struct cg_spool *spool)
{
	int more, n = 0;

	do {
		more = cg_spool_tidy(spool, 0);
		n++;
	} while (more == 1);
	return more < 0 ? more : n;
}

static int put_large_calls(struct cg_spool *spool, int from, int to)
{
	int err = cg_spool_begin(spool);

	for (int i = from; !err && i < to; i++) {
		struct cg_cdr_row row = make_call(i);

		memset(row.callee, 'x', sizeof(row.callee) - 1);
		err = cg_spool_put(spool, CG_TABLE_CDR, &row);
	}
	return err ? err : cg_spool_commit(spool);
}

/*
 * A reader that does not end: the log grows, then it is cut. Then the rows go, and the file
 * shrinks.
 */
static void sizes(void)
{
	sqlite3_stmt *stmt = NULL;
	struct cg_spool *spool;
	sqlite3 *db = NULL;
	__s64 grown, large;

	if (cg_spool_open(path, 1, &spool) || sqlite3_open(path, &db) ||
	    sqlite3_prepare_v2(db, "SELECT * FROM cdr", -1, &stmt, NULL) ||
	    sqlite3_step(stmt) != SQLITE_ROW) {
		ok(0, "sizes: set up");
		return;
	}
	for (int i = 20000; size_of("-wal") < 40 * MIB && i < 100000; i += 2000)
		put_large_calls(spool, i, i + 2000);
	grown = size_of("-wal");
	sqlite3_finalize(stmt);
	for (int i = 10000; i < 10003; i++)
		put_calls(spool, i, i + 1);
	ok(grown >= 40 * MIB && size_of("-wal") <= 16 * MIB,
	   "sizes: a log that a long read has made large is cut when the read has ended");
	cg_spool_checkpoint(spool);
	large = size_of("");
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_CDR, INT64_MAX);
	cg_spool_commit(spool);
	ok(tidy(spool) > 5 && !cg_spool_checkpoint(spool) && large > 20 * MIB &&
		   size_of("") < 18 * MIB,
	   "sizes: a file that was large shrinks in small steps when its rows have gone");
	sqlite3_close(db);
	cg_spool_close(spool);
}

/* A file of version 2: no counts, no indexes, and it cannot shrink. */
static void older_file(void)
{
	struct cg_spool *spool;

	if (cg_spool_open(path, 1, &spool) || put_calls(spool, 0, 9)) {
		ok(0, "older file: set up");
		return;
	}
	cg_spool_close(spool);
	by_hand("DROP TABLE row_count; DROP INDEX cdr_answer; DROP INDEX cdr_open;"
		"DROP INDEX cdr_blocked; DROP INDEX cdr_suspect; PRAGMA user_version = 2;"
		"PRAGMA auto_vacuum = NONE; VACUUM");
	ok(!number_of("PRAGMA auto_vacuum") && !cg_spool_open(path, 0, &spool) &&
		   lists(spool, "true AND end_time IS NULL", 5, ""),
	   "older file: it is read without a migration");
	cg_spool_close(spool);
	ok(!cg_spool_open(path, 1, &spool) && counts(spool, 9, 0) &&
		   number_of("PRAGMA auto_vacuum") == 2 &&
		   lists(spool, "true AND end_time IS NULL", 5, "cdr_open"),
	   "older file: a writer adds counts and indexes, and lets it shrink");
	cg_spool_close(spool);
}

int main(void)
{
	char dir[] = "/tmp/store_test.XXXXXX", file[80];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	pages();
	count_rows();
	sizes();
	older_file();
	for (int i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s%s", path,
			 (const char *[]){ "", "-wal", "-shm" }[i]);
		unlink(file);
	}
	rmdir(dir);
	return tap_done();
}
