// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/stale_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE "2000"
#define PAGE_ROWS 2000

/*
 * $2, $3 and $5: the last row of the page before. The row comparison alone would not use the index.
 * A former name that another daemon has locked belongs to that one: the spool may be a copy.
 */
static const char page_sql[] =
	"WITH given AS (SELECT to_timestamp($4::float8 / 1000000) AS unguarded,"
	" timestamptz 'epoch' + $2::int8 * interval '1 microsecond' AS setup"
	"), former AS MATERIALIZED ("
	"SELECT name, timestamptz 'epoch' + beat::int8 * interval '1 microsecond' AS beat"
	" FROM json_each_text($6::json) AS f (name, beat) WHERE NOT EXISTS (SELECT FROM pg_locks"
	" WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::int8 << 32 |"
	" objid::int8 = hashtextextended('cseqguard.node.' || name, 0)))"
	" SELECT (extract(epoch FROM setup_time) * 1000000)::int8, call_uid, node"
	" FROM cseqguard.cdr WHERE end_time IS NULL AND setup_time >= (SELECT setup FROM given)"
	" AND (setup_time, call_uid, node) > ((SELECT setup FROM given), $3::uuid, $5)"
	" AND (node = $1 OR EXISTS (SELECT FROM former WHERE name = node AND answer_time <= beat))"
	" AND (end_reason <> 'unguarded' OR answer_time < (SELECT unguarded FROM given))"
	" ORDER BY setup_time, call_uid, node LIMIT " PAGE;
enum { SETUP, CALL_UID, NODE, COLUMNS }; /* of its result */

static const char close_sql[] =
	"WITH given AS (SELECT to_timestamp($2::float8 / 1000000) AS boot,"
	" to_timestamp($3::float8 / 1000000) AS maps, to_timestamp($4::float8 / 1000000) AS beat"
	"), stale AS (SELECT timestamptz 'epoch' + setup * interval '1 microsecond' AS setup, uid,"
	" of_node, CASE of_node WHEN $1 THEN beat ELSE to_timestamp(($5::json ->> of_node)::float8"
	" / 1000000) END AS beat"
	" FROM given, unnest($6::int8[], $7::uuid[], $8::text[]) AS item (setup, uid, of_node)"
	"), closed AS (UPDATE cseqguard.cdr AS c SET end_time = greatest(c.answer_time, coalesce("
	"greatest(candidate_end, first_blocked_at, (SELECT max(v.at) FROM cseqguard.violation v"
	" WHERE v.call_uid = c.call_uid AND v.node = c.node"
	" AND (v.at < maps OR c.answer_time >= maps))), stale.beat)),"
	" end_reason = CASE WHEN end_reason = 'unguarded' THEN end_reason"
	" WHEN answer_time < boot THEN 'reboot' ELSE 'maps_lost' END,"
	" ended_by = 'none', bye_confirmed = false, suspect = true, closed_at = now()"
	" FROM given, stale WHERE c.setup_time = stale.setup AND c.call_uid = stale.uid"
	" AND c.node = of_node AND c.end_time IS NULL RETURNING 1) SELECT count(*) FROM closed";

void cg_stale_db_restart(struct cg_stale_db *db)
{
	db->round = db->stale->round;
	db->closing = db->is_last = db->has_stale = false;
	snprintf(db->setup, sizeof(db->setup), "0");
	snprintf(db->call_uid, sizeof(db->call_uid), "00000000-0000-0000-0000-000000000000");
	*db->node = '\0';
}

void cg_stale_db_free(struct cg_stale_db *db)
{
	cg_pg_arrays_free(&db->arrays);
}

static void send_page(struct cg_stale_db *db, struct cg_pg *pg)
{
	const char *const *given = db->stale->values;
	const char *page[] = { given[CG_STALE_NODE],	  db->setup, db->call_uid,
			       given[CG_STALE_UNGUARDED], db->node,  given[CG_STALE_FORMER] };

	cg_pg_send(pg, page_sql, sizeof(page) / sizeof(*page), page);
}

static void send_close(struct cg_stale_db *db, struct cg_pg *pg)
{
	const struct cg_pg_array *arrays = db->arrays.columns;
	const char *const *given = db->stale->values;
	const char *close[] = { given[CG_STALE_NODE],  given[CG_STALE_BOOT],   given[CG_STALE_MAPS],
				given[CG_STALE_BEAT],  given[CG_STALE_FORMER], arrays[SETUP].text,
				arrays[CALL_UID].text, arrays[NODE].text };

	cg_pg_send(pg, close_sql, sizeof(close) / sizeof(*close), close);
}

void cg_stale_db_send(struct cg_stale_db *db, struct cg_pg *pg)
{
	if (db->round != db->stale->round)
		cg_stale_db_restart(db);
	db->closing = db->has_stale;
	if (db->closing)
		send_close(db, pg);
	else
		send_page(db, pg);
}

/* Fills the arrays with the stale rows of a page. True: there are some. */
static bool collect_stale(struct cg_stale_db *db, const PGresult *page)
{
	bool found = false;
	int err = 0;

	cg_pg_arrays_reset(&db->arrays, COLUMNS);
	for (int i = 0; i < PQntuples(page) && !err; i++) {
		const char *row[COLUMNS];

		for (int column = 0; column < COLUMNS; column++)
			row[column] = PQgetvalue(page, i, column);
		if (!cg_stale_calls_row_is_stale(db->stale, row[NODE], row[CALL_UID],
						 atoll(row[SETUP])))
			continue;
		err = cg_pg_arrays_add_row(&db->arrays, row);
		found = true;
	}
	if (!err)
		err = cg_pg_arrays_finish(&db->arrays);
	return found && !err; /* without memory these rows stay open until the next round */
}

static void handle_page(struct cg_stale_db *db, const PGresult *page)
{
	int rows = PQntuples(page);

	db->is_last = rows < PAGE_ROWS;
	if (rows) {
		snprintf(db->setup, sizeof(db->setup), "%s", PQgetvalue(page, rows - 1, SETUP));
		snprintf(db->call_uid, sizeof(db->call_uid), "%s",
			 PQgetvalue(page, rows - 1, CALL_UID));
		snprintf(db->node, sizeof(db->node), "%s", PQgetvalue(page, rows - 1, NODE));
	}
	db->has_stale = collect_stale(db, page);
}

void cg_stale_db_handle(struct cg_stale_db *db, const PGresult *result)
{
	if (!db->stale->living || db->round != db->stale->round)
		return; /* the daemon has given up that round */
	if (db->closing) {
		db->stale->closed += atoll(PQgetvalue(result, 0, 0));
		db->has_stale = false;
	} else {
		handle_page(db, result);
	}
	db->stale->done = db->is_last && !db->has_stale;
}
