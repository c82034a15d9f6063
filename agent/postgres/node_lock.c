// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "postgres/node_lock.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off: one clause a line */
/*
 * Sets up the session as well. synchronous_commit: a row leaves the spool after its commit, so the
 * commit has to be on disk. array_nulls: where it is off, a NULL in a batch is a text. CASE, because
 * it alone guarantees that the sleep comes before the try.
 */
const char cg_node_lock_sql[] =
	"WITH RECURSIVE node AS ("
	" SELECT hashtextextended('cseqguard.node.' || $1, 0) AS key,"
	" set_config('tcp_keepalives_idle', '30', false),"
	" set_config('tcp_keepalives_interval', '5', false),"
	" set_config('tcp_keepalives_count', '5', false),"
	" set_config('array_nulls', 'on', false),"
	" set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
	" WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
	"), holder AS ("
	" SELECT pid, format('process %s%s', pid, ' at ' || host(client_addr)) AS text"
	" FROM pg_locks JOIN pg_stat_activity USING (pid), node"
	" WHERE locktype = 'advisory' AND granted AND objsubid = 1"
	" AND classid::int8 << 32 | objid::int8 = key"
	" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	"), try AS ("
	" SELECT 1 AS number, pg_try_advisory_lock(key) AS got FROM node"
	" UNION ALL SELECT number + 1, CASE WHEN pg_sleep(0.2) IS NULL THEN false"
	" ELSE pg_try_advisory_lock(key) END FROM try, node WHERE NOT got AND number < 11"
	" AND NOT EXISTS (SELECT FROM holder WHERE pid = $2::int)"
	") SELECT (SELECT bool_or(got) FROM try), (SELECT pid FROM holder),"
	" coalesce((SELECT text FROM holder), 'a session that has just ended')";
/* clang-format on */
enum { GOT, PID, HOLDER }; /* columns of the result */

bool cg_node_lock_is_held(const PGresult *result, const char *node, int session, int *holder,
			  char *why, size_t size)
{
	if (*PQgetvalue(result, 0, GOT) == 't')
		*holder = session;
	else if (!*holder || atoi(PQgetvalue(result, 0, PID)) != *holder)
		*holder = 0;
	if (!*holder)
		snprintf(why, size,
			 "another daemon writes as node %s: %s; give each daemon a name of its own "
			 "with --node",
			 node, PQgetvalue(result, 0, HOLDER));
	return *holder;
}
