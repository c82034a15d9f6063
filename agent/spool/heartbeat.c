// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The daemon's heartbeat in the spool: calls that lose their maps ran until then, at least. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spool/spool_internal.h"

int cg_spool_create_heartbeat(sqlite3 *db)
{
	return cg_sqlite_execute(db, "CREATE TABLE IF NOT EXISTS heartbeat (node TEXT PRIMARY KEY,"
				     " at INTEGER, before_maps INTEGER, instance TEXT)");
}

int cg_spool_beat(struct cg_spool *spool, const struct cg_heartbeat *beat)
{
	char at[24], maps_at[24];
	const char *values[] = { beat->node, at, maps_at, beat->instance };
	int rows;

	snprintf(at, sizeof(at), "%lld", (long long)beat->at);
	snprintf(maps_at, sizeof(maps_at), "%lld", (long long)beat->maps_at);
	rows = cg_spool_execute(
		spool,
		"INSERT INTO heartbeat AS old VALUES (?1, CAST(?2 AS INTEGER), NULL, ?4)"
		" ON CONFLICT (node) DO UPDATE SET at = excluded.at, instance = excluded.instance,"
		" before_maps ="
		" CASE WHEN old.at < CAST(?3 AS INTEGER) THEN old.at ELSE old.before_maps END",
		4, values);
	return rows < 0 ? rows : 0;
}

int cg_spool_last_beat(struct cg_spool *spool, const char *node, __s64 maps_at, __s64 *at)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(spool->db,
				    "SELECT CASE WHEN at < ?2 THEN at ELSE before_maps END"
				    " FROM heartbeat WHERE node = ?1",
				    -1, &stmt, NULL);

	*at = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, node, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(stmt, 2, maps_at);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*at = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : cg_sqlite_errno(spool->db, rc);
}

bool cg_spool_has_beat(struct cg_spool *spool)
{
	__s64 found = 0;

	return !cg_sqlite_read_number(spool->db, "SELECT 1 FROM heartbeat", 0, &found) && found;
}

int cg_spool_former_nodes(struct cg_spool *spool, const char *instance, const char *node,
			  char **json)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(spool->db,
				    "SELECT json_group_object(node, at) FROM heartbeat"
				    " WHERE instance = ?1 AND node <> ?2",
				    -1, &stmt, NULL);

	*json = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, instance, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 2, node, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*json = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return *json ? 0 : rc == SQLITE_ROW ? -ENOMEM : cg_sqlite_errno(spool->db, rc);
}
