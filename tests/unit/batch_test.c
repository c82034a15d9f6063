// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/postgres/batch.c agent/postgres/pg_array.c agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/renew.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/enum_names.c agent/util/text.c agent/spool/writer.c agent/spool/writer_file.c agent/spool/writer_work.c -lsqlite3 -lpthread
/* The tables of the spool take turns in the batches for PostgreSQL. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postgres/batch.h"
#include "tap.h"

#define CALLS (2 * CG_BATCH_ROWS + 10)

static char path[64];

static int write_rows(struct cg_writer *writer)
{
	struct cg_cdr_row call = { .node = "n", .end_time = CG_NULL, .first_blocked_at = CG_NULL };
	struct cg_violation_row violation = { .at = 1, .node = "n", .seq = 1 };
	struct pollfd fd = { cg_writer_fd(writer), POLLIN, 0 };
	struct cg_writer_status status = {};
	__u64 ticket = cg_writer_put(writer, CG_TABLE_VIOLATION, &violation), count;

	violation.seq = 2;
	cg_writer_put(writer, CG_TABLE_VIOLATION, &violation);
	for (int i = 0; i < CALLS; i++) {
		call.setup_time = i;
		ticket = cg_writer_put(writer, CG_TABLE_CDR, &call);
	}
	while (ticket && status.durable < ticket) {
		if (poll(&fd, 1, 10000) != 1 || read(fd.fd, &count, sizeof(count)) < 0)
			return -1;
		cg_writer_get_status(writer, &status);
	}
	return ticket ? 0 : -1;
}

/* Reads the next batch as the shipper does while `in_flight` is sent, and then sends it. */
static int read_next(struct cg_batch_reader *reader, struct cg_batch *in_flight)
{
	int err = cg_batch_reader_next(reader, in_flight);

	*in_flight = reader->batch;
	if (in_flight->rows)
		reader->last_sent = in_flight->table;
	return err;
}

static int is_batch(const struct cg_batch *batch, enum cg_db_table_id table, int rows)
{
	return batch->rows == rows && batch->table == table;
}

static void turns(struct cg_batch_reader *reader)
{
	struct cg_batch in_flight = {};

	ok(!read_next(reader, &in_flight) && is_batch(&in_flight, CG_TABLE_CDR, CG_BATCH_ROWS),
	   "batch: calls first");
	reader->cursor[CG_TABLE_CDR] = in_flight.last_step;
	reader->limit[CG_TABLE_CDR] = 300;
	reader->limit[CG_TABLE_VIOLATION] = 1;
	ok(!read_next(reader, &in_flight) && is_batch(&in_flight, CG_TABLE_VIOLATION, 1),
	   "batch: a violation does not wait for all calls");
	reader->cursor[CG_TABLE_VIOLATION] = in_flight.last_step + 1;
	ok(!read_next(reader, &in_flight) && is_batch(&in_flight, CG_TABLE_CDR, 300),
	   "batch: the next calls follow, and a lower limit is that of its table");
	ok(!read_next(reader, &in_flight) && is_batch(&in_flight, CG_TABLE_CDR, 300),
	   "batch: while no other table has rows, further ones of the same table are read");
}

int main(void)
{
	char dir[] = "/tmp/batch_test.XXXXXX", file[80], why[128];
	struct cg_batch_reader reader;
	struct cg_writer *writer;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/spool.db", dir);
	if (ok(!cg_writer_start(path, &writer, why, sizeof(why)) && !write_rows(writer),
	       "batch: the test can set up its spool")) {
		cg_batch_reader_init(&reader, path, writer);
		turns(&reader);
		cg_batch_reader_free(&reader);
		cg_writer_stop(writer);
	}
	for (int i = 0; i < 4; i++) {
		snprintf(file, sizeof(file), "%s%s", path,
			 (const char *[]){ "", "-wal", "-shm", "-reserve" }[i]);
		unlink(file);
	}
	rmdir(dir);
	return tap_done();
}
