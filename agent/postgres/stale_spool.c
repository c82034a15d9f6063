// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Stale rows of a spool that is the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postgres/stale_calls.h"
#include "util/text.h"

#define ROWS_PER_COMMIT 20000

static const char open_sql[] =
	"(node = ?1 OR EXISTS (SELECT 1 FROM json_each(?6) AS former"
	" WHERE former.key = node AND answer_time <= former.value)) AND end_time IS NULL"
	" AND (end_reason <> 'unguarded' OR answer_time < CAST(?5 AS INTEGER))";

/*
 * In SQLite max() of several values is NULL if one of them is. ?7: their steps, ?8: time, ?9: last
 * step.
 */
static const char close_sql[] =
	"UPDATE cdr SET"
	" end_time = max(answer_time, coalesce(call.message, CASE WHEN node = ?1 THEN"
	" CAST(?4 AS INTEGER) ELSE (SELECT value FROM json_each(?6) WHERE key = node) END, 0)),"
	" end_reason = CASE WHEN end_reason = 'unguarded' THEN end_reason"
	" WHEN answer_time < CAST(?2 AS INTEGER) THEN 'reboot' ELSE 'maps_lost' END,"
	" ended_by = 'none', bye_confirmed = 0, suspect = 1,"
	" closed_at = CAST(?8 AS INTEGER), step = ?9 + call.number"
	" FROM (SELECT step AS was, row_number() OVER (ORDER BY step) AS number,"
	" nullif(max(coalesce(candidate_end, 0), coalesce(first_blocked_at, 0),"
	" CASE WHEN answer_time < CAST(?3 AS INTEGER) THEN coalesce(seen.early, 0)"
	" ELSE coalesce(seen.at, 0) END), 0) AS message"
	" FROM cdr LEFT JOIN (SELECT call_uid, node, max(at) AS at,"
	" max(at) FILTER (WHERE at < CAST(?3 AS INTEGER)) AS early FROM violation"
	" GROUP BY call_uid, node) AS seen USING (call_uid, node)"
	" WHERE step IN (SELECT value FROM json_each(?7)) AND end_time IS NULL) AS call"
	" WHERE cdr.step = call.was";

struct found {
	const struct cg_stale_calls *stale;
	unsigned int node, uid, setup; /* numbers of the columns */
	__s64 *steps; /* of stale rows */
	size_t count, space;
};

static int add_step(struct found *found, __s64 step)
{
	if (found->count == found->space) {
		size_t space = found->space ? 2 * found->space : 1024;
		__s64 *steps = reallocarray(found->steps, space, sizeof(*steps));

		if (!steps)
			return -ENOMEM;
		found->steps = steps;
		found->space = space;
	}
	found->steps[found->count++] = step;
	return 0;
}

static int compare_row(void *ctx, __s64 step, const char *const *values)
{
	struct found *found = ctx;

	if (!cg_stale_calls_row_is_stale(found->stale, values[found->node], values[found->uid],
					 atoll(values[found->setup])))
		return 0;
	return add_step(found, step);
}

/* Returns the steps as a JSON array; NULL: no memory. */
static char *format_steps(const __s64 *steps, size_t count)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%c%lld", i ? ',' : '[', (long long)steps[i]);
	fputc(']', out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static int close_rows(struct cg_spool *spool, const struct cg_stale_calls *stale,
		      const __s64 *steps, size_t count)
{
	const char *values[CG_STALE_VALUES + 2];
	char *list = format_steps(steps, count), now[24];
	int rows;

	if (!list)
		return -ENOMEM;
	snprintf(now, sizeof(now), "%lld", (long long)cg_now_us());
	memcpy(values, stale->values, sizeof(stale->values));
	values[CG_STALE_VALUES] = list;
	values[CG_STALE_VALUES + 1] = now;
	rows = cg_spool_begin(spool);
	if (!rows)
		rows = cg_spool_execute(spool, close_sql, CG_STALE_VALUES + 2, values);
	if (rows >= 0) {
		int err = cg_spool_commit(spool);

		rows = err ? err : rows;
	}
	if (rows < 0)
		cg_spool_rollback(spool);
	free(list);
	return rows;
}

int cg_stale_calls_close(const struct cg_stale_calls *stale, const char *path)
{
	const struct cg_db_table *cdr = &cg_db_tables[CG_TABLE_CDR];
	struct found found = { .stale = stale,
			       .node = cg_db_column_find(cdr, "node"),
			       .uid = cg_db_column_find(cdr, "call_uid"),
			       .setup = cg_db_column_find(cdr, "setup_time") };
	struct cg_spool *spool = NULL;
	int err, closed = 0;

	err = access(path, F_OK) ? -errno : cg_spool_open(path, 1, &spool);
	if (!err)
		err = cg_spool_select_calls(spool, open_sql, CG_STALE_VALUES, stale->values,
					    compare_row, &found);
	for (size_t at = 0; at < found.count && err >= 0; at += ROWS_PER_COMMIT) {
		size_t left = found.count - at;

		err = close_rows(spool, stale, found.steps + at,
				 left < ROWS_PER_COMMIT ? left : ROWS_PER_COMMIT);
		closed += err < 0 ? 0 : err;
	}
	free(found.steps);
	cg_spool_close(spool);
	return err < 0 ? err : closed;
}
