// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/renew.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c agent/spool/writer.c agent/spool/writer_file.c agent/spool/writer_work.c -lsqlite3 -lpthread
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "spool/writer.h"
#include "tap.h"
#include "util/text.h"

static char path[64];

static struct cg_cdr_row open_row(const char *uid)
{
	struct cg_cdr_row row = {
		.setup_time = 100,
		.node = "n1",
		.call_id = "call",
		.caller_addr = "192.0.2.1",
		.callee_addr = "192.0.2.2",
		.answer_time = 200,
		.end_time = CG_NULL,
		.end_reason = "none",
		.ended_by = "none",
		.first_blocked_at = CG_NULL,
		.caller_cseq = 13,
		.callee_cseq = CG_NULL,
		.sip_code = 200,
	};

	snprintf(row.call_uid, sizeof(row.call_uid), "%s", uid);
	return row;
}

static struct cg_cdr_row closed_row(const char *uid, __s64 end, const char *reason)
{
	struct cg_cdr_row row = open_row(uid);

	row.end_time = end;
	row.bye_confirmed = 1;
	snprintf(row.end_reason, sizeof(row.end_reason), "%s", reason);
	snprintf(row.ended_by, sizeof(row.ended_by), "caller");
	return row;
}

struct seen {
	int rows;
	__s64 last_step;
	char text[256]; /* end_time end_reason suspect blocked_byes first_blocked_at caller_addr */
};

static int see(void *ctx, __s64 step, const char *const *values)
{
	static const char *const names[] = { "end_time",     "end_reason",	 "suspect",
					     "blocked_byes", "first_blocked_at", "caller_addr" };
	struct seen *seen = ctx;
	size_t len = 0;

	seen->rows++;
	seen->last_step = step;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (unsigned int c = 0; c < cg_db_tables[CG_TABLE_CDR].n_columns; c++)
			if (!strcmp(cg_db_tables[CG_TABLE_CDR].columns[c].name, names[i]))
				len += snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s",
						i ? " " : "", values[c] ? values[c] : "-");
	return 0;
}

/* The rows in that order, each in a transaction of its own; what stands in the end. */
static int merges(struct cg_spool *spool, const struct cg_cdr_row *rows, int n,
		  const char *expected)
{
	struct seen seen = {};
	int err = 0;

	for (int i = 0; i < n && !err; i++) {
		err = cg_spool_begin(spool);
		if (!err)
			err = cg_spool_put(spool, CG_TABLE_CDR, &rows[i]);
		if (!err)
			err = cg_spool_commit(spool);
	}
	cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 10, see, &seen);
	if (!err && seen.rows == 1 && !strcmp(seen.text, expected)) {
		cg_spool_begin(spool);
		cg_spool_delete(spool, CG_TABLE_CDR, seen.last_step);
		return !cg_spool_commit(spool);
	}
	printf("# %d, %d rows, '%s', must be '%s'\n", err, seen.rows, seen.text, expected);
	return 0;
}

#define MERGES(spool, expected, ...)                                                               \
	merges(spool, (struct cg_cdr_row[]){ __VA_ARGS__ },                                        \
	       sizeof((struct cg_cdr_row[]){ __VA_ARGS__ }) / sizeof(struct cg_cdr_row), expected)

/* Stores a row in a transaction of its own, and returns the stored closed_at; 0: NULL. */
static __s64 closed_at_after(struct cg_spool *spool, const struct cg_cdr_row *row)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	__s64 at = -1;

	cg_spool_begin(spool);
	cg_spool_put(spool, CG_TABLE_CDR, row);
	cg_spool_commit(spool);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "SELECT closed_at FROM cdr", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		at = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	usleep(2);
	return at;
}

/* The row of a dialog whose caller is unseen, and what its twin adds. */
static void twin_addresses(void)
{
	struct cg_cdr_row open = open_row("w"), bye = closed_row("w", 900, "bye"), joined = open,
			  late = bye, moved = bye;
	struct cg_spool *spool;

	snprintf(joined.twin_uid, sizeof(joined.twin_uid), "twin");
	snprintf(joined.caller_addr, sizeof(joined.caller_addr), "192.0.2.9");
	snprintf(late.twin_uid, sizeof(late.twin_uid), "twin");
	snprintf(late.caller_addr, sizeof(late.caller_addr), "192.0.2.9");
	snprintf(moved.twin_uid, sizeof(moved.twin_uid), "twin");
	snprintf(moved.caller_addr, sizeof(moved.caller_addr), "192.0.2.8");
	ok(!cg_spool_open(path, 1, &spool), "merge: the spool opens");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.9", bye, late),
	   "merge: a closed row takes the caller's address with its twin");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.9", bye, late, moved, bye),
	   "merge: a closed row keeps the address of its twin's caller");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.9", joined, open, bye),
	   "merge: a daemon that has not joined the twins yet removes no address");
	ok(MERGES(spool, "- none 0 0 - 192.0.2.9", open, joined),
	   "merge: an open row takes the address of its twin's caller as well");
	cg_spool_close(spool);
}

static void closing_times(void)
{
	struct cg_cdr_row open = open_row("t"), guess = closed_row("t", 600, "unproven_bye"),
			  bye = closed_row("t", 900, "bye"), alive = bye,
			  settled = closed_row("t", 500, "operator");
	struct cg_spool *spool;
	struct seen seen = {};
	__s64 before = cg_now_us(), guessed, corrected, tainted, decided;

	alive.suspect = 1;
	ok(!cg_spool_open(path, 1, &spool) && !closed_at_after(spool, &open),
	   "closed_at: an open row has none");
	guessed = closed_at_after(spool, &guess);
	ok(guessed >= before && guessed <= cg_now_us(),
	   "closed_at: the time at which the end came");
	ok(closed_at_after(spool, &guess) == guessed, "closed_at: kept if the row comes again");
	ok(!closed_at_after(spool, &open),
	   "closed_at: none once a sign of life has opened the row");
	corrected = closed_at_after(spool, &bye);
	ok(corrected > guessed, "closed_at: new if evidence has closed the row");
	ok(closed_at_after(spool, &open) == corrected &&
		   closed_at_after(spool, &guess) == corrected,
	   "closed_at: kept if an end is not taken");
	tainted = closed_at_after(spool, &alive);
	ok(tainted > corrected, "closed_at: new if the row has become suspect");
	ok(closed_at_after(spool, &bye) == tainted, "closed_at: kept if it stays suspect");
	decided = closed_at_after(spool, &settled);
	ok(decided > tainted && closed_at_after(spool, &bye) == decided,
	   "closed_at: new at an operator's decision, and kept after it");
	cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 1, see, &seen);
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_CDR, seen.last_step);
	cg_spool_commit(spool);
	cg_spool_close(spool);
}

static void merging(void)
{
	struct cg_spool *spool;
	struct cg_cdr_row open = open_row("a"), bye = closed_row("a", 900, "bye"), moved = open,
			  blocked = open, doubted = bye, settled = closed_row("a", 500, "operator"),
			  guessed, given_up;

	snprintf(moved.caller_addr, sizeof(moved.caller_addr), "192.0.2.9");
	blocked.blocked_byes = 2;
	blocked.first_blocked_at = 300;
	doubted.suspect = 1;
	ok(!cg_spool_open(path, 1, &spool), "spool: a missing file is created");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", open, bye), "merge: the end closes the row");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", bye, open),
	   "merge: a replayed open row reopens nothing");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", bye, closed_row("a", 800, "gone")),
	   "merge: an earlier end shortens nothing");
	ok(MERGES(spool, "950 gone 0 0 - 192.0.2.1", bye, closed_row("a", 950, "gone")),
	   "merge: a later end replaces an earlier one, with its own reason");
	ok(MERGES(spool, "900 bye 1 0 - 192.0.2.1", doubted, bye),
	   "merge: a row that was suspect stays suspect");
	ok(MERGES(spool, "500 operator 0 0 - 192.0.2.1", settled, doubted),
	   "merge: the end that an operator set replaces every other");
	ok(MERGES(spool, "500 operator 0 0 - 192.0.2.1", doubted, settled),
	   "merge: a later end or a doubt does not replace that of an operator");
	ok(MERGES(spool, "400 operator 0 0 - 192.0.2.1", settled, closed_row("a", 400, "operator")),
	   "merge: an operator can settle a call again");
	ok(MERGES(spool, "900 bye 1 0 - 192.0.2.1", bye, doubted, bye),
	   "merge: alive after its end: suspect, end and reason kept");
	guessed = closed_row("a", 600, "unproven_bye");
	guessed.suspect = 1;
	ok(MERGES(spool, "900 bye 1 0 - 192.0.2.1", guessed, bye),
	   "merge: a later end on evidence corrects unproven_bye, suspect for good");
	ok(MERGES(spool, "500 bye 1 0 - 192.0.2.1", guessed, closed_row("a", 500, "bye")),
	   "merge: an earlier end on evidence corrects unproven_bye as well");
	ok(MERGES(spool, "- none 1 0 - 192.0.2.9", guessed, moved),
	   "merge: a sign of life opens a row again that doubt has closed");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", bye, closed_row("a", 600, "unproven_bye")),
	   "merge: doubt shortens no end on evidence");
	given_up = closed_row("a", 950, "timeout");
	given_up.suspect = 1;
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", given_up, bye),
	   "merge: an end on evidence replaces a timeout, and its suspicion");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", bye, given_up),
	   "merge: a timeout neither moves an end on evidence nor makes it suspect");
	ok(MERGES(spool, "900 bye 1 0 - 192.0.2.1", given_up, doubted),
	   "merge: an end on evidence that is suspect by itself stays so");
	ok(MERGES(spool, "500 operator 0 0 - 192.0.2.1", guessed, settled, guessed),
	   "merge: doubt does not undo an operator's decision");
	ok(MERGES(spool, "- none 0 2 300 192.0.2.1", open, blocked),
	   "merge: blocked BYEs are counted");
	ok(MERGES(spool, "900 bye 0 2 300 192.0.2.1", blocked, bye),
	   "merge: the number of blocked BYEs never falls");
	ok(MERGES(spool, "- none 0 0 - 192.0.2.9", open, moved),
	   "merge: the caller's address of an open call can change");
	ok(MERGES(spool, "900 bye 0 0 - 192.0.2.1", bye, moved),
	   "merge: the caller's address of a closed call does not change");
	cg_spool_close(spool);
}

static int see_outcome(void *ctx, __s64 step, const char *const *values)
{
	unsigned int last = cg_db_tables[CG_TABLE_VIOLATION].n_columns - 1;

	snprintf(ctx, 64, "%lld %s", (long long)step, values[last] ? values[last] : "-");
	return 0;
}

static void outcomes(void)
{
	struct cg_violation_row row = { .at = 1, .node = "n1", .seq = 1 };
	char first[64] = "", then[64] = "", last[64] = "";
	struct cg_spool *spool;

	if (cg_spool_open(path, 1, &spool) || cg_spool_begin(spool)) {
		ok(0, "violation: set up");
		return;
	}
	cg_spool_put(spool, CG_TABLE_VIOLATION, &row);
	cg_spool_read_steps(spool, CG_TABLE_VIOLATION, 0, 1, see_outcome, first);
	strcpy(row.outcome, "refused");
	cg_spool_put(spool, CG_TABLE_VIOLATION, &row);
	cg_spool_read_steps(spool, CG_TABLE_VIOLATION, 0, 1, see_outcome, then);
	strcpy(row.outcome, "silent");
	cg_spool_put(spool, CG_TABLE_VIOLATION, &row);
	*row.outcome = '\0';
	cg_spool_put(spool, CG_TABLE_VIOLATION, &row);
	cg_spool_read_steps(spool, CG_TABLE_VIOLATION, 0, 1, see_outcome, last);
	cg_spool_commit(spool);
	ok(strstr(first, " -") && strstr(then, " refused") && atoll(then) > atoll(first),
	   "merge: the outcome of a violation is NULL until a new step has it");
	ok(strstr(last, " refused") != NULL, "merge: the first outcome of a violation stays");
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_VIOLATION, atoll(last));
	cg_spool_commit(spool);
	cg_spool_close(spool);
}

/* Stores the row again. True if it has kept its step. */
static bool keeps_its_step(struct cg_spool *spool, enum cg_db_table_id table, const void *row)
{
	char before[64] = "", after[64] = "";

	cg_spool_read_steps(spool, table, 0, 1, see_outcome, before);
	cg_spool_begin(spool);
	cg_spool_put(spool, table, row);
	cg_spool_commit(spool);
	cg_spool_read_steps(spool, table, 0, 1, see_outcome, after);
	return *before && atoll(before) == atoll(after);
}

static void unchanged_rows(void)
{
	struct cg_cdr_row open = open_row("u"), closed = closed_row("u", 900, "bye");
	struct cg_violation_row violation = { .at = 2, .node = "n1", .seq = 1, .count = 1 };
	struct cg_spool *spool;

	if (cg_spool_open(path, 1, &spool)) {
		ok(0, "unchanged: set up");
		return;
	}
	keeps_its_step(spool, CG_TABLE_CDR, &open);
	keeps_its_step(spool, CG_TABLE_VIOLATION, &violation);
	ok(keeps_its_step(spool, CG_TABLE_CDR, &open) &&
		   keeps_its_step(spool, CG_TABLE_VIOLATION, &violation),
	   "merge: a row that comes again unchanged is not written");
	ok(!keeps_its_step(spool, CG_TABLE_CDR, &closed),
	   "merge: a row that comes again with an end is written");
	ok(keeps_its_step(spool, CG_TABLE_CDR, &closed) &&
		   keeps_its_step(spool, CG_TABLE_CDR, &open),
	   "merge: an open version of a closed row is not written");
	violation.count = 2;
	ok(!keeps_its_step(spool, CG_TABLE_VIOLATION, &violation),
	   "merge: a violation with a new count is written");
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_CDR, INT64_MAX);
	cg_spool_delete(spool, CG_TABLE_VIOLATION, INT64_MAX);
	cg_spool_commit(spool);
	cg_spool_close(spool);
}

/* What a writer says of its file without a walk, and what a walk says. */
static bool counted(struct cg_spool *spool, __s64 cdrs, __s64 oldest)
{
	struct cg_spool_content content;
	struct cg_spool *again;
	bool same;

	cg_spool_get_content(spool, &content);
	same = content.rows[CG_TABLE_CDR] == cdrs && content.oldest_us == oldest;
	if (cg_spool_open(path, 1, &again))
		return false;
	cg_spool_get_content(again, &content);
	cg_spool_close(again);
	return same && content.rows[CG_TABLE_CDR] == cdrs && content.oldest_us == oldest;
}

static void contents(void)
{
	struct cg_cdr_row first = open_row("c1"), second = open_row("c2");
	struct cg_spool_content content;
	struct cg_spool *spool;
	__s64 step;

	if (cg_spool_open(path, 1, &spool) || cg_spool_begin(spool)) {
		ok(0, "content: set up");
		return;
	}
	cg_spool_delete(spool, CG_TABLE_CDR, INT64_MAX);
	first.end_time = 200;
	second.end_time = 300;
	cg_spool_put(spool, CG_TABLE_CDR, &first);
	step = cg_spool_last_step(spool);
	cg_spool_put(spool, CG_TABLE_CDR, &second);
	cg_spool_commit(spool);
	ok(counted(spool, 2, 200), "content: it has the number of rows, and the oldest end");
	cg_spool_begin(spool);
	first.blocked_byes = 1;
	cg_spool_put(spool, CG_TABLE_CDR, &first);
	cg_spool_reject(spool, CG_TABLE_CDR, step, "none is at that step any more");
	cg_spool_commit(spool);
	ok(counted(spool, 2, 200), "content: a row that is written again counts once");
	cg_spool_begin(spool);
	cg_spool_put(spool, CG_TABLE_CDR, &(struct cg_cdr_row){ .setup_time = 9, .node = "n" });
	cg_spool_get_content(spool, &content);
	ok(content.rows[CG_TABLE_CDR] == 3, "content: rows are counted within their transaction");
	cg_spool_rollback(spool);
	ok(counted(spool, 2, 200), "content: rows of a rollback are not counted");
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_CDR, INT64_MAX);
	cg_spool_commit(spool);
	ok(counted(spool, 0, 0), "content: an empty file has no rows");
	cg_spool_close(spool);
}

/* The daemon, and an operator who settles a row: no step is given out twice. */
static void two_writers(void)
{
	struct cg_cdr_row row = open_row("w");
	struct cg_spool *daemon, *other;
	struct seen seen = {};
	int err = 0;

	if (cg_spool_open(path, 1, &daemon) || cg_spool_open(path, 1, &other)) {
		ok(0, "two writers: set up");
		return;
	}
	for (int i = 0; i < 6 && !err; i++) {
		struct cg_spool *spool = i % 2 ? daemon : other;

		row.setup_time = 100 + i;
		err = cg_spool_begin(spool);
		if (!err)
			err = cg_spool_put(spool, CG_TABLE_CDR, &row);
		if (!err)
			err = cg_spool_commit(spool);
	}
	ok(!err && cg_spool_read_steps(daemon, CG_TABLE_CDR, 0, 10, see, &seen) == 6 &&
		   seen.last_step == cg_spool_last_step(daemon),
	   "spool: two writers by turns share one row of steps");
	cg_spool_begin(daemon);
	cg_spool_delete(daemon, CG_TABLE_CDR, seen.last_step);
	cg_spool_commit(daemon);
	cg_spool_close(other);
	cg_spool_close(daemon);
}

static void wait_durable(struct cg_writer *writer, __u64 ticket, struct cg_writer_status *status)
{
	struct pollfd fd = { cg_writer_fd(writer), POLLIN, 0 };
	__u64 count;

	do {
		if (poll(&fd, 1, 10000) != 1 || read(fd.fd, &count, sizeof(count)) < 0)
			return;
		cg_writer_get_status(writer, status);
	} while (status->durable < ticket && !status->error);
}

static void writing(void)
{
	struct cg_writer_status status = {};
	struct cg_cdr_row row = open_row("b");
	struct cg_spool *spool;
	struct cg_writer *writer;
	struct seen seen = {};
	char why[128];
	__u64 ticket = 0;

	ok(!cg_writer_start(path, &writer, why, sizeof(why)),
	   "writer: it starts on an existing spool");
	for (int i = 0; i < 100; i++) {
		row.setup_time = i;
		ticket = cg_writer_put(writer, CG_TABLE_CDR, &row);
	}
	wait_durable(writer, ticket, &status);
	ok(ticket == 100 && status.durable == 100, "writer: it reports when all rows are durable");
	ok(!cg_spool_open(path, 0, &spool) &&
		   cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 1000, see, &seen) == 100,
	   "writer: a reader finds the durable rows");
	cg_writer_delete(writer, CG_TABLE_CDR, seen.last_step - 1);
	cg_writer_reject(writer, CG_TABLE_CDR, seen.last_step, "no such thing");
	row.setup_time = 1000;
	ticket = cg_writer_put(writer, CG_TABLE_CDR, &row);
	wait_durable(writer, ticket, &status);
	cg_writer_stop(writer);
	memset(&seen, 0, sizeof(seen));
	ok(cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 1000, see, &seen) == 1 &&
		   seen.last_step > 100,
	   "writer: shipped and rejected rows are gone, steps go on");
	cg_spool_close(spool);
}

static void failing(void)
{
	struct cg_cdr_row row = open_row("c");
	struct cg_writer_status status = {};
	struct cg_writer *writer;
	struct cg_spool *spool;
	char why[128], other[80];
	FILE *file;
	__u64 ticket;
	int room;

	ok(cg_writer_start("/nonexistent/spool.db", &writer, why, sizeof(why)) < 0 && *why,
	   "writer: a spool that cannot be made is an error with a word");
	snprintf(other, sizeof(other), "%s.other", path);
	file = fopen(other, "w");
	fprintf(file,
		"this is no database, but it is long enough to look like the head of one.....\n");
	fclose(file);
	ok(cg_spool_open(other, 1, &spool) == -EUCLEAN,
	   "spool: opening a damaged file returns EUCLEAN");
	cg_spool_close(spool);
	unlink(other);
	ok(cg_spool_open(other, 0, &spool) == -ENOENT, "spool: a reader makes no file");
	cg_spool_close(spool);

	/* Somebody else holds the file: the queue fills, nothing is lost, then all goes on. */
	if (cg_writer_start(path, &writer, why, sizeof(why)) || cg_spool_open(path, 1, &spool) ||
	    cg_spool_begin(spool)) {
		ok(0, "writer: set up for a full queue");
		return;
	}
	do {
		row.setup_time++;
		ticket = cg_writer_put(writer, CG_TABLE_CDR, &row);
		room = cg_writer_queue_space(writer);
	} while (ticket && room);
	ok(ticket == CG_QUEUE_STEPS && !cg_writer_put(writer, CG_TABLE_CDR, &row),
	   "writer: a full queue takes no more");
	cg_spool_rollback(spool);
	do {
		status.error = 0;
		wait_durable(writer, ticket, &status);
	} while (status.error);
	ok(status.durable == ticket && cg_writer_queue_space(writer) == CG_QUEUE_STEPS,
	   "writer: no row is lost while the spool is locked");
	cg_writer_stop(writer);
	cg_spool_close(spool);
}

/*
 * Rows up to the limit of one commit, and a group that begins before that limit and ends behind it.
 */
static void grouping(void)
{
	struct cg_ring_position put = { .node = "n1", .ring = "boot/7", .position = 312 },
				found = put, other = { .node = "n1", .ring = "boot/8" };
	const __u64 single = 2046, last = single + 4;
	struct cg_violation_row row = { .node = "n1", .seq = 1 };
	struct cg_writer_status status = {};
	struct cg_writer *writer;
	struct cg_spool *spool;
	bool split = false;
	char why[128];

	found.position = 0;
	if (cg_writer_start(path, &writer, why, sizeof(why)) || cg_spool_open(path, 1, &spool) ||
	    cg_spool_begin(spool)) {
		ok(0, "group: set up");
		return;
	}
	for (; row.seq <= (__s64)single; row.seq++)
		cg_writer_put(writer, CG_TABLE_VIOLATION, &row);
	for (; row.seq < (__s64)last; row.seq++)
		cg_writer_put_joined(writer, CG_TABLE_VIOLATION, &row);
	cg_writer_get_status(writer, &status);
	ok(status.queued == single, "group: the thread does not see the rows of one that is open");
	ok(cg_writer_put_ring_position(writer, &put) == last,
	   "group: it ends with a position of the ring");
	cg_spool_rollback(spool);
	for (int i = 0; i < 100000 && status.durable != last; i++, usleep(100)) {
		cg_writer_get_status(writer, &status);
		split |= status.durable > single && status.durable < last;
	}
	ok(status.durable == last && !split, "group: rows and position are committed together");
	ok(!cg_spool_get_ring_position(spool, &found) && found.position == 312,
	   "group: the position is in the file");
	ok(!cg_spool_get_ring_position(spool, &other) && !other.position,
	   "group: the position of another ring is 0");
	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_VIOLATION, INT64_MAX);
	cg_spool_commit(spool);
	cg_writer_stop(writer);
	cg_spool_close(spool);
}

static void moved(void)
{
	struct cg_writer_status status = {};
	struct cg_cdr_row row = open_row("d");
	struct cg_writer *writer;
	struct cg_spool *spool;
	struct seen seen = {};
	char why[128], aside[80];

	snprintf(aside, sizeof(aside), "%s.aside", path);
	if (cg_writer_start(path, &writer, why, sizeof(why)) || rename(path, aside)) {
		ok(0, "writer: set up for a file that moves");
		return;
	}
	cg_writer_put(writer, CG_TABLE_CDR, &row);
	wait_durable(writer, 1, &status);
	ok(status.error == -ESTALE, "writer: a spool that was moved away is reported");
	do {
		status.error = 0;
		wait_durable(writer, 1, &status);
	} while (status.error);
	ok(status.durable == 1 && status.open_count == 2 && !cg_spool_open(path, 0, &spool) &&
		   cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 10, see, &seen) == 1,
	   "writer: a spool that was moved away is created again, with the queued row");
	cg_spool_close(spool);
	cg_writer_stop(writer);
	unlink(aside);
}

/* Version 1: a closed, a running and a lost call, and a settled one. */
static const char version_1[] =
	"CREATE TABLE cdr (step INTEGER PRIMARY KEY, setup_time INTEGER, call_uid TEXT, node TEXT,"
	" call_id TEXT, from_tag TEXT, to_tag TEXT, caller TEXT, callee TEXT, request_uri TEXT,"
	" caller_addr TEXT, caller_port INTEGER, callee_addr TEXT, callee_port INTEGER,"
	" answer_time INTEGER, end_time INTEGER, end_reason TEXT, ended_by TEXT,"
	" bye_confirmed INTEGER, suspect INTEGER, blocked_byes INTEGER, first_blocked_at INTEGER,"
	" caller_cseq INTEGER, callee_cseq INTEGER, sip_code INTEGER,"
	" UNIQUE (setup_time, call_uid, node));"
	"CREATE TABLE violation (step INTEGER PRIMARY KEY, at INTEGER, node TEXT, seq INTEGER,"
	" call_uid TEXT, reason TEXT, action TEXT, call_id TEXT, from_tag TEXT, to_tag TEXT,"
	" method TEXT, cseq INTEGER, expected_cseq INTEGER, leg TEXT, source TEXT,"
	" source_port INTEGER, interface TEXT, outcome TEXT, UNIQUE (at, node, seq));"
	"CREATE TABLE settlement (step INTEGER PRIMARY KEY, at INTEGER, call_uid TEXT, node TEXT,"
	" setup_time INTEGER, operator TEXT, why TEXT, end_time INTEGER, was_end_time INTEGER,"
	" was_end_reason TEXT, was_suspect INTEGER, UNIQUE (at, call_uid, node, setup_time));"
	"CREATE TABLE rejected (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP,"
	" kind TEXT, error TEXT, row TEXT);"
	"PRAGMA user_version = 1;"
	"INSERT INTO cdr (step, setup_time, call_uid, node, caller_addr, answer_time, end_time,"
	" end_reason, suspect, blocked_byes) VALUES"
	" (1, 1, 'a', 'n1', '192.0.2.1', 1, 900, 'bye', 0, 2),"
	" (2, 2, 'b', 'n1', '192.0.2.1', 2, NULL, 'none', 0, 0),"
	" (3, 3, 'c', 'n1', '192.0.2.1', 3, 700, 'lost', 1, 0),"
	" (4, 4, 'd', 'n1', '192.0.2.1', 4, 600, 'unseen_bye', 1, 0);"
	"INSERT INTO violation (step, at, node, seq) VALUES (6, 1, 'n1', 1);"
	"INSERT INTO settlement (step, at, call_uid, node, setup_time, was_end_reason)"
	" VALUES (5, 1, 'e', 'n1', 1, 'lost')";

static int make_version_1(const char *file)
{
	sqlite3 *db;
	int err = sqlite3_open(file, &db);

	if (!err)
		err = sqlite3_exec(db, version_1, NULL, NULL, NULL);
	sqlite3_close(db);
	return err;
}

/* Steps, ends, sides and witnesses of all rows. */
static int see_sides(void *ctx, __s64 step, const char *const *values)
{
	static const char *const names[] = { "end_time", "end_reason", "suspect", "caller_side",
					     "witness" };
	char *text = ctx;

	sprintf(text + strlen(text), "%lld", (long long)step);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (unsigned int c = 0; c < cg_db_tables[CG_TABLE_CDR].n_columns; c++)
			if (!strcmp(cg_db_tables[CG_TABLE_CDR].columns[c].name, names[i]))
				sprintf(text + strlen(text), " %s", values[c] ? values[c] : "-");
	strcat(text, "\n");
	return 0;
}

static bool has_rows(const char *file, int writable, const char *expected)
{
	struct cg_spool *spool;
	char text[512] = "";
	int err = cg_spool_open(file, writable, &spool);

	if (!err)
		cg_spool_read_steps(spool, CG_TABLE_CDR, 0, 10, see_sides, text);
	cg_spool_close(spool);
	if (!err && !strcmp(text, expected))
		return true;
	printf("# %d: %s", err, text);
	return false;
}

static int see_count(void *ctx, __s64 step, const char *const *values)
{
	(void)step;
	for (unsigned int c = 0; c < cg_db_tables[CG_TABLE_VIOLATION].n_columns; c++)
		if (!strcmp(cg_db_tables[CG_TABLE_VIOLATION].columns[c].name, "count"))
			*(int *)ctx += values[c] ? atoi(values[c]) : -1;
	return 0;
}

/* The new columns of version 1's rows: closed_at is the end, and a violation counts once. */
static bool has_new_columns(const char *file, int writable)
{
	struct cg_spool *spool;
	struct seen seen = {};
	int count = 0, err = cg_spool_open(file, writable, &spool);

	if (!err)
		err = cg_spool_select_calls(spool, "closed_at IS end_time", 0, NULL, see, &seen);
	if (err == 4)
		err = cg_spool_read_steps(spool, CG_TABLE_VIOLATION, 0, 9, see_count, &count);
	cg_spool_close(spool);
	return err == 1 && count == 1;
}

static int see_was(void *ctx, __s64 step, const char *const *values)
{
	(void)step;
	for (unsigned int c = 0; c < cg_db_tables[CG_TABLE_SETTLEMENT].n_columns; c++)
		if (!strcmp(cg_db_tables[CG_TABLE_SETTLEMENT].columns[c].name, "was_end_reason"))
			snprintf(ctx, 24, "%s", values[c]);
	return 0;
}

static void older_versions(void)
{
	static const char rows[] = "1 900 bye 0 - -\n2 - none 0 - -\n3 700 maps_lost 1 - -\n"
				   "4 600 unproven_bye 1 - -\n";
	struct cg_cdr_row row = open_row("b");
	char old[96], was[24] = "";
	struct cg_spool *spool;
	int n = 0;

	snprintf(old, sizeof(old), "%s-old", path);
	ok(!make_version_1(old) && has_rows(old, 0,
					    "1 900 bye 0 - -\n2 - none 0 - -\n"
					    "3 700 lost 1 - -\n4 600 unseen_bye 1 - -\n"),
	   "spool: a reader without write access reads version 1");
	ok(has_new_columns(old, 0),
	   "spool: version 1 is read with the end as closed_at, and violations of count 1");
	ok(has_rows(old, 1, rows) && has_rows(old, 0, rows),
	   "spool: version 1 is migrated by a writer: each row, its step and its end reason");
	ok(has_new_columns(old, 1), "spool: a migrated version 1 has the new columns");
	if (!cg_spool_open(old, 1, &spool) && !cg_spool_begin(spool)) {
		row.setup_time = 2;
		row.witness = 3;
		strcpy(row.caller_side, "wire");
		cg_spool_put(spool, CG_TABLE_CDR, &row);
		cg_spool_commit(spool);
		cg_spool_read_steps(spool, CG_TABLE_SETTLEMENT, 0, 1, see_was, was);
	}
	cg_spool_close(spool);
	ok(has_rows(old, 0,
		    "1 900 bye 0 - -\n3 700 maps_lost 1 - -\n4 600 unproven_bye 1 - -\n"
		    "7 - none 0 wire 3\n"),
	   "spool: a call that ran during the migration gets its sides");
	ok(!strcmp(was, "maps_lost"), "spool: a settlement's old end reason is renamed as well");
	unlink(old);
	ok(!make_version_1(old) && !cg_spool_open(path, 1, &spool) && !cg_spool_begin(spool) &&
		   !cg_spool_delete(spool, CG_TABLE_CDR, INT64_MAX) && !cg_spool_commit(spool) &&
		   !cg_spool_salvage(spool, old, &n) && n == 6,
	   "spool: a damaged file of version 1 is salvaged, too");
	cg_spool_close(spool);
	unlink(old);
}

int main(void)
{
	char dir[] = "/tmp/spool_test.XXXXXX", file[80];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	merging();
	twin_addresses();
	closing_times();
	outcomes();
	unchanged_rows();
	contents();
	two_writers();
	writing();
	failing();
	grouping();
	moved();
	older_versions();
	for (int i = 0; i < 6; i++) {
		snprintf(file, sizeof(file), "%s%s", path,
			 (const char *[]){ "", "-wal", "-shm", "-old-wal", "-old-shm",
					   "-reserve" }[i]);
		unlink(file);
	}
	rmdir(dir);
	return tap_done();
}
