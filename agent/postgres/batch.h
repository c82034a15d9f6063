/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Reads the rows of the spool in batches, each of one table, for the shipper. Follows the writer
 * when it opens its file again or replaces it.
 */
#ifndef CG_POSTGRES_BATCH_H
#define CG_POSTGRES_BATCH_H

#include "postgres/pg_array.h"
#include "spool/writer.h"

#define CG_BATCH_ROWS 1000

struct cg_batch {
	int rows; /* 0: empty */
	enum cg_db_table_id table;
	__s64 last_step; /* of its last row */
};

struct cg_batch_reader {
	struct cg_writer *writer;
	const char *spool_path;
	struct cg_spool *spool; /* NULL: not open */
	unsigned int open_count, generation; /* of the writer's file that is read */
	__s64 cursor[CG_TABLES]; /* rows up to this step are in PostgreSQL */
	int limit[CG_TABLES]; /* rows in a batch; lower while PostgreSQL refuses larger ones */
	enum cg_db_table_id last_sent; /* the next batch is of another table, if one has rows */
	struct cg_pg_arrays arrays; /* of the last batch read; libpq has a copy of one in flight */
	struct cg_batch batch; /* the last batch read */
};

/* Path and writer must outlive the reader. */
void cg_batch_reader_init(struct cg_batch_reader *reader, const char *spool_path,
			  struct cg_writer *writer);
void cg_batch_reader_free(struct cg_batch_reader *reader);

/*
 * Reads the rows behind those of `in_flight` (rows 0: none) into reader->batch and its arrays. The
 * tables take turns, so that a steady stream of calls does not hold up violations and settlements.
 * 0 or -errno; the writer has the same error, or gets to know of the damage, and reports it.
 */
int cg_batch_reader_next(struct cg_batch_reader *reader, const struct cg_batch *in_flight);

#endif
