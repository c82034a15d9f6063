// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/batch.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

void cg_batch_reader_init(struct cg_batch_reader *reader, const char *spool_path,
			  struct cg_writer *writer)
{
	*reader = (struct cg_batch_reader){
		.writer = writer,
		.spool_path = spool_path,
		.last_sent = CG_TABLES - 1,
	};
	for (int id = 0; id < CG_TABLES; id++)
		reader->limit[id] = CG_BATCH_ROWS;
}

void cg_batch_reader_free(struct cg_batch_reader *reader)
{
	cg_spool_close(reader->spool);
	cg_pg_arrays_free(&reader->arrays);
}

static void close_spool(struct cg_batch_reader *reader)
{
	cg_spool_close(reader->spool);
	reader->spool = NULL;
}

static int open_spool(struct cg_batch_reader *reader)
{
	struct cg_writer_status status;
	int err = 0;

	cg_writer_get_status(reader->writer, &status);
	if (reader->generation != status.generation) /* a new file has other steps */
		memset(reader->cursor, 0, sizeof(reader->cursor));
	reader->generation = status.generation;
	if (reader->open_count != status.open_count)
		close_spool(reader);
	if (!reader->spool)
		err = cg_spool_open_in_loop(reader->spool_path, &reader->spool);
	reader->open_count = status.open_count;
	return err;
}

static int add_row(void *ctx, __s64 step, const char *const *values)
{
	struct cg_batch_reader *reader = ctx;

	reader->batch.last_step = step;
	return cg_pg_arrays_add_row(&reader->arrays, values);
}

/* Returns the number of rows read, or -errno. */
static int read_table(struct cg_batch_reader *reader, const struct cg_batch *in_flight,
		      enum cg_db_table_id id)
{
	bool follows = in_flight->rows && in_flight->table == id;
	__s64 after = follows ? in_flight->last_step : reader->cursor[id];
	int n;

	cg_pg_arrays_reset(&reader->arrays, cg_db_tables[id].n_columns);
	n = cg_spool_read_steps(reader->spool, id, after, reader->limit[id], add_row, reader);
	return n > 0 && cg_pg_arrays_finish(&reader->arrays) ? -ENOMEM : n;
}

int cg_batch_reader_next(struct cg_batch_reader *reader, const struct cg_batch *in_flight)
{
	int n = open_spool(reader);

	reader->batch.rows = 0;
	for (int i = 1; n >= 0 && !reader->batch.rows && i <= CG_TABLES; i++) {
		enum cg_db_table_id id = (reader->last_sent + i) % CG_TABLES;

		n = read_table(reader, in_flight, id);
		reader->batch.table = id;
		reader->batch.rows = n > 0 ? n : 0;
	}
	if (n == -EUCLEAN)
		cg_writer_mark_damaged(reader->writer);
	if (n < 0)
		close_spool(reader);
	return n < 0 ? n : 0;
}
