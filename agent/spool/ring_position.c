// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* How far the rows in the spool cover a ring: what a restarted daemon must not count once more. */
#include <stdio.h>

#include "spool/spool_internal.h"

int cg_spool_create_ring_position(sqlite3 *db)
{
	return cg_sqlite_execute(db, "CREATE TABLE IF NOT EXISTS ring_position (node TEXT PRIMARY "
				     "KEY, ring TEXT, position INTEGER)");
}

int cg_spool_put_ring_position(struct cg_spool *spool, const struct cg_ring_position *position)
{
	char number[24];
	const char *values[] = { position->node, position->ring, number };
	int rows;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)position->position);
	rows = cg_spool_execute(
		spool, "INSERT OR REPLACE INTO ring_position VALUES (?1, ?2, CAST(?3 AS INTEGER))",
		3, values);
	return rows < 0 ? rows : 0;
}

int cg_spool_get_ring_position(struct cg_spool *spool, struct cg_ring_position *position)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(
		spool->db, "SELECT position FROM ring_position WHERE node = ?1 AND ring = ?2", -1,
		&stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, position->node, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 2, position->ring, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		position->position = sqlite3_column_int64(stmt, 0);
	else if (rc == SQLITE_DONE)
		position->position = 0;
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : cg_sqlite_errno(spool->db, rc);
}
