// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/renew.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c agent/spool/writer.c agent/spool/writer_file.c agent/spool/writer_work.c -lsqlite3 -lpthread
/* A spool file that is damaged in its middle: its readable rows go on in another. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/writer.h"
#include "tap.h"

#define ROWS 3000
#define PAGE 16384
#define MIDDLE "the row in the middle" /* a Call-ID */

static char path[64], aside[80];

static void put_rows(int from, int to, struct cg_spool *spool)
{
	struct cg_cdr_row row = { .end_time = CG_NULL,
				  .first_blocked_at = CG_NULL,
				  .caller_cseq = 13,
				  .callee_cseq = CG_NULL };

	snprintf(row.end_reason, sizeof(row.end_reason), "none");
	for (int i = from; i < to; i++) {
		row.setup_time = i;
		snprintf(row.call_id, sizeof(row.call_id), "%s", i == ROWS / 2 ? MIDDLE : "");
		cg_spool_put(spool, CG_TABLE_CDR, &row);
	}
}

static int make_spool(void)
{
	struct cg_spool *spool;
	int err = cg_spool_open(path, 1, &spool);

	err = err ? err : cg_spool_begin(spool);
	if (!err)
		put_rows(0, ROWS, spool);
	err = err ? err : cg_spool_commit(spool);
	cg_spool_close(spool);
	return err;
}

/* Overwrites the page of the row in the middle. */
static int damage(void)
{
	static char page[PAGE];
	int fd = open(path, O_RDWR), err = -1;

	for (off_t at = 0; err && pread(fd, page, PAGE, at) == PAGE; at += PAGE) {
		if (!memmem(page, PAGE, MIDDLE, strlen(MIDDLE)))
			continue;
		memset(page, 0xff, PAGE);
		err = pwrite(fd, page, PAGE, at) != PAGE;
	}
	close(fd);
	return err;
}

struct seen {
	int rows, first, last;
};

static int see(void *ctx, __s64 step, const char *const *values)
{
	struct seen *seen = ctx;

	(void)step;
	seen->rows++;
	seen->first |= atoi(values[0]) == 0;
	seen->last |= atoi(values[0]) == ROWS - 1;
	return 0;
}

static int read_all(struct seen *seen)
{
	struct cg_spool *spool;
	int err = cg_spool_open(path, 0, &spool);

	*seen = (struct seen){ 0 };
	err = err ? err : cg_spool_read_steps(spool, CG_TABLE_CDR, 0, -1, see, seen);
	cg_spool_close(spool);
	return err;
}

static void wait_for(struct cg_writer *writer, __u64 ticket, struct cg_writer_status *status)
{
	struct pollfd fd = { cg_writer_fd(writer), POLLIN, 0 };
	__u64 count;

	do {
		if (poll(&fd, 1, 10000) != 1 || read(fd.fd, &count, sizeof(count)) < 0)
			return;
		cg_writer_get_status(writer, status);
	} while (status->durable < ticket || !status->generation);
}

int main(void)
{
	struct cg_cdr_row row = { .setup_time = ROWS, .end_reason = "none" };
	char dir[] = "/tmp/renew_test.XXXXXX", why[128];
	struct cg_writer_status status = {};
	struct cg_writer *writer;
	struct seen seen;
	char file[100];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	snprintf(aside, sizeof(aside), "%s.damaged-1", path);
	ok(!make_spool() && !damage() && read_all(&seen) == -EUCLEAN,
	   "renew: a reader meets the damage");
	ok(!cg_writer_start(path, &writer, why, sizeof(why)),
	   "renew: the damage is not found when the file is opened");
	cg_writer_mark_damaged(writer);
	cg_writer_delete(writer, CG_TABLE_CDR, ROWS / 4);
	wait_for(writer, cg_writer_put(writer, CG_TABLE_CDR, &row), &status);
	ok(status.generation == 1 && status.durable == 1 && !status.error,
	   "renew: after a report of damage the writer makes a new file and continues");
	ok(!access(aside, F_OK) && strstr(status.damage_text, aside),
	   "renew: the damaged file is kept beside the new one, and named");
	ok(read_all(&seen) > ROWS / 2 && seen.rows <= ROWS && seen.first && seen.last,
	   "renew: the new file has the rows before and behind the damage, and the queued ones");
	cg_writer_stop(writer);
	for (int i = 0; i < 6; i++) {
		snprintf(file, sizeof(file), "%s%s", i < 3 ? path : aside,
			 (const char *[]){ "", "-wal", "-shm" }[i % 3]);
		unlink(file);
	}
	rmdir(dir);
	return tap_done();
}
