// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/node_lock.h"

#include <stdio.h>

/* CASE, because it alone guarantees that the sleep comes before the try. */
const char cg_node_lock_sql[] =
	"WITH RECURSIVE node AS ("
	" SELECT hashtextextended('cseqguard.node.' || $1, 0) AS key,"
	" set_config('tcp_keepalives_idle', '30', false),"
	" set_config('tcp_keepalives_interval', '5', false),"
	" set_config('tcp_keepalives_count', '5', false)"
	"), try AS ("
	" SELECT 1 AS number, pg_try_advisory_lock(key) AS got FROM node"
	" UNION ALL SELECT number + 1, CASE WHEN pg_sleep(0.2) IS NULL THEN false"
	" ELSE pg_try_advisory_lock(key) END FROM try, node WHERE NOT got AND number < 11"
	") SELECT CASE WHEN NOT (SELECT bool_or(got) FROM try) THEN coalesce("
	"(SELECT format('process %s%s', pid, ' at ' || host(client_addr))"
	" FROM pg_locks JOIN pg_stat_activity USING (pid), node WHERE locktype = 'advisory' AND "
	"granted"
	" AND objsubid = 1 AND classid::int8 << 32 | objid::int8 = key"
	" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),"
	" 'a session that has just ended') END FROM node";

bool cg_node_lock_is_held(const PGresult *result, const char *node, char *why, size_t size)
{
	if (PQgetisnull(result, 0, 0))
		return true;
	snprintf(why, size,
		 "another daemon writes as node %s: %s; give each daemon a name of its own with "
		 "--node",
		 node, PQgetvalue(result, 0, 0));
	return false;
}
