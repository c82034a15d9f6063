// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/stale_db.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE "2000"
#define PAGE_ROWS 2000

/* $2 and $3: the last row of the page before. The row comparison alone would not use the index. */
static const char page_sql[] =
	"WITH given AS (SELECT to_timestamp($4::float8 / 1000000) AS unguarded,"
	" timestamptz 'epoch' + $2::int8 * interval '1 microsecond' AS setup)"
	" SELECT (extract(epoch FROM setup_time) * 1000000)::int8, call_uid FROM cseqguard.cdr"
	" WHERE node = $1 AND end_time IS NULL AND setup_time >= (SELECT setup FROM given)"
	" AND (setup_time, call_uid) > ((SELECT setup FROM given), $3::uuid)"
	" AND (end_reason <> 'unguarded' OR answer_time < (SELECT unguarded FROM given))"
	" ORDER BY setup_time, call_uid LIMIT " PAGE;
enum { SETUP, CALL_UID }; /* columns of its result */

static const char close_sql[] =
	"WITH given AS (SELECT to_timestamp($2::float8 / 1000000) AS boot,"
	" to_timestamp($3::float8 / 1000000) AS maps, to_timestamp($4::float8 / 1000000) AS beat"
	"), stale AS (SELECT timestamptz 'epoch' + setup * interval '1 microsecond' AS setup, uid"
	" FROM unnest($5::int8[], $6::uuid[]) AS item (setup, uid)"
	"), closed AS (UPDATE cseqguard.cdr AS c SET end_time = greatest(c.answer_time, coalesce("
	"greatest(candidate_end, first_blocked_at, (SELECT max(v.at) FROM cseqguard.violation v"
	" WHERE v.call_uid = c.call_uid AND v.node = c.node"
	" AND (v.at < maps OR c.answer_time >= maps))), beat)),"
	" end_reason = CASE WHEN end_reason = 'unguarded' THEN end_reason"
	" WHEN answer_time < boot THEN 'reboot' ELSE 'maps_lost' END,"
	" ended_by = 'none', bye_confirmed = false, suspect = true, closed_at = now()"
	" FROM given, stale WHERE c.setup_time = stale.setup AND c.call_uid = stale.uid"
	" AND c.node = $1 AND c.end_time IS NULL RETURNING 1) SELECT count(*) FROM closed";

static void free_arrays(struct cg_stale_db *db)
{
	free(db->setups);
	free(db->call_uids);
	db->setups = db->call_uids = NULL;
}

void cg_stale_db_restart(struct cg_stale_db *db)
{
	free_arrays(db);
	db->round = db->stale->round;
	db->closing = db->is_last = false;
	snprintf(db->setup, sizeof(db->setup), "0");
	snprintf(db->call_uid, sizeof(db->call_uid), "00000000-0000-0000-0000-000000000000");
}

static void send_statement(struct cg_stale_db *db, struct cg_pg *pg)
{
	const char *const *given = db->stale->values;
	const char *page[] = { given[CG_STALE_NODE], db->setup, db->call_uid,
			       given[CG_STALE_UNGUARDED] };
	const char *close[] = { given[CG_STALE_NODE], given[CG_STALE_BOOT], given[CG_STALE_MAPS],
				given[CG_STALE_BEAT], db->setups,	    db->call_uids };

	db->closing = db->setups;
	if (db->closing)
		cg_pg_send(pg, close_sql, sizeof(close) / sizeof(*close), close);
	else
		cg_pg_send(pg, page_sql, sizeof(page) / sizeof(*page), page);
}

void cg_stale_db_send(struct cg_stale_db *db, struct cg_pg *pg)
{
	if (db->round != db->stale->round)
		cg_stale_db_restart(db);
	send_statement(db, pg);
}

/* Returns the array of a column's values in the rows of `chosen`; NULL: no memory. */
static char *format_array(const PGresult *page, int column, const bool chosen[PAGE_ROWS])
{
	const char *separator = "{";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int i = 0; i < PQntuples(page); i++) {
		if (!chosen[i])
			continue;
		fprintf(out, "%s%s", separator, PQgetvalue(page, i, column));
		separator = ",";
	}
	fputc('}', out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void handle_page(struct cg_stale_db *db, const PGresult *page)
{
	bool chosen[PAGE_ROWS] = {};
	int rows = PQntuples(page), found = 0;

	for (int i = 0; i < rows; i++) {
		chosen[i] = !cg_living_calls_has(db->stale->living, PQgetvalue(page, i, CALL_UID),
						 atoll(PQgetvalue(page, i, SETUP)));
		found += chosen[i];
	}
	db->is_last = rows < PAGE_ROWS;
	if (rows) {
		snprintf(db->setup, sizeof(db->setup), "%s", PQgetvalue(page, rows - 1, SETUP));
		snprintf(db->call_uid, sizeof(db->call_uid), "%s",
			 PQgetvalue(page, rows - 1, CALL_UID));
	}
	if (!found)
		return;
	db->setups = format_array(page, SETUP, chosen);
	db->call_uids = format_array(page, CALL_UID, chosen);
	if (!db->setups || !db->call_uids)
		free_arrays(db); /* these rows stay open until the next round */
}

void cg_stale_db_handle(struct cg_stale_db *db, const PGresult *result)
{
	if (!db->stale->living || db->round != db->stale->round)
		return; /* the daemon has given up that round */
	if (db->closing) {
		db->stale->closed += atoll(PQgetvalue(result, 0, 0));
		free_arrays(db);
	} else {
		handle_page(db, result);
	}
	db->stale->done = db->is_last && !db->setups;
}
