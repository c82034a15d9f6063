// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/postgres/stale_calls.c agent/postgres/stale_spool.c agent/calls/living_calls.c agent/calls/cdr.c agent/spool/spool.c agent/spool/create.c agent/spool/call_pages.c agent/spool/migrate.c agent/spool/upkeep.c agent/spool/row_age.c agent/spool/heartbeat.c agent/spool/ring_position.c agent/spool/reader.c agent/spool/row_count.c agent/spool/sqlite.c agent/calls/db_tables.c agent/util/text.c agent/util/enum_names.c -luuid -lsqlite3
/* Rows that have lost their dialog, in a spool that is the store. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls/living_calls.h"
#include "postgres/stale_calls.h"
#include "spool/spool.h"
#include "tap.h"
#include "util/text.h"

#define S 1000000000ULL
#define US_1970 1000000LL

static const struct cg_origin origin = { .node = "n1" };
/* The host was booted at 1000 s, the maps were made at 1400 s. */
static const struct cg_config config = { .clock = 1,
					 .clock_offset = { 5000 * S, 1000 * S },
					 .birth = 400 * S };

/* Stores an open call of the node, answered at `answer` (s), with a candidate end (s; 0: none). */
static void put_call(struct cg_spool *spool, const char *uid, const char *node, __s64 answer,
		     __s64 candidate, const char *end_reason)
{
	struct cg_cdr_row row = {
		.setup_time = answer * US_1970,
		.answer_time = answer * US_1970,
		.candidate_end = candidate ? candidate * US_1970 : CG_NULL,
		.end_time = CG_NULL,
		.first_blocked_at = CG_NULL,
	};

	snprintf(row.call_uid, sizeof(row.call_uid), "%s", uid);
	snprintf(row.node, sizeof(row.node), "%s", node);
	snprintf(row.end_reason, sizeof(row.end_reason), "%s", end_reason);
	cg_spool_put(spool, CG_TABLE_CDR, &row);
}

static void put_violation(struct cg_spool *spool, const char *uid, __s64 at)
{
	struct cg_violation_row row = { .at = at * US_1970, .node = "n1", .seq = at, .count = 1 };

	snprintf(row.call_uid, sizeof(row.call_uid), "%s", uid);
	cg_spool_put(spool, CG_TABLE_VIOLATION, &row);
}

static void beat(struct cg_spool *spool, const char *node, const char *instance, __s64 at,
		 __s64 maps_at)
{
	struct cg_heartbeat beat = { .instance = instance,
				     .at = at * US_1970,
				     .maps_at = maps_at * US_1970 };

	snprintf(beat.node, sizeof(beat.node), "%s", node);
	cg_spool_beat(spool, &beat);
}

static int list_end(void *ctx, __s64 step, const char *const *values)
{
	const struct cg_db_table *table = &cg_db_tables[CG_TABLE_CDR];
	const char *end = NULL, *reason = "";
	char *text = ctx;

	(void)step;
	for (unsigned int c = 0; c < table->n_columns; c++)
		if (!strcmp(table->columns[c].name, "end_time"))
			end = values[c];
		else if (!strcmp(table->columns[c].name, "end_reason"))
			reason = values[c];
	if (end)
		sprintf(text + strlen(text), " %lld%.1s", atoll(end) / US_1970, reason);
	else
		strcat(text, " -1");
	return 0;
}

/* The ends (s) of all calls by setup time, each with the first letter of its reason; -1: open. */
static const char *ends_of(const char *path)
{
	static char text[256];
	struct cg_spool *spool;

	text[0] = '\0';
	if (!cg_spool_open(path, 0, &spool))
		cg_spool_select_calls(spool, "true", 0, NULL, list_end, text);
	cg_spool_close(spool);
	return text;
}

/* Begins a round. max_call reaches back to 2500 s after 1970. */
static struct cg_living_calls *begin(struct cg_stale_calls *stale, const char *path)
{
	struct cg_living_calls *living = cg_living_calls_new(2);

	stale->origin = &origin;
	stale->instance = "edge";
	cg_stale_calls_begin(stale, living, &config, (cg_now_us() - 2500 * US_1970) * 1000, path);
	return living;
}

static void heartbeats(struct cg_spool *spool)
{
	__s64 at;

	ok(!cg_spool_last_beat(spool, "n1", 999 * US_1970, &at) && !at,
	   "heartbeat: a new spool has none");
	cg_spool_begin(spool);
	beat(spool, "n1", "edge", 695, 100);
	beat(spool, "n1", "edge", 700, 100);
	cg_spool_commit(spool);
	ok(!cg_spool_last_beat(spool, "n1", 999 * US_1970, &at) && at == 700 * US_1970,
	   "heartbeat: the last one before these maps is found");
	cg_spool_begin(spool);
	beat(spool, "n1", "edge", 1500, 1399);
	beat(spool, "n1", "edge", 1505, 1399);
	beat(spool, "n2", "core", 710, 100);
	cg_spool_commit(spool);
	ok(!cg_spool_last_beat(spool, "n1", 1399 * US_1970, &at) && at == 700 * US_1970,
	   "heartbeat: the last one before these maps, also once the daemon runs again");
}

static void closes_lost_rows(struct cg_spool *spool, const char *path)
{
	struct cg_stale_calls stale = {};
	struct cg_living_calls *living = begin(&stale, path);

	ok(!strcmp(stale.values[CG_STALE_NODE], "n1") &&
		   !strcmp(stale.values[CG_STALE_BOOT], "999000000") &&
		   !strcmp(stale.values[CG_STALE_MAPS], "1399000000") &&
		   !strcmp(stale.values[CG_STALE_BEAT], "700000000") &&
		   atoll(stale.values[CG_STALE_UNGUARDED]) / US_1970 == 2500,
	   "stale: times by the current clock, boot and maps with a margin");
	cg_living_calls_add(living, "living", 1600 * US_1970);
	cg_living_calls_add(living, "after the scan", 3000 * US_1970);
	ok(cg_stale_calls_close(&stale, path) == 7,
	   "stale: seven open rows of the node are closed");
	ok(!strcmp(ends_of(path), " 700r 600r 650r -1 1380m 1450m -1 1900m 2400u -1 -1"),
	   "stale: a call ends at its last message, else at the heartbeat, not at the boot");
	cg_spool_begin(spool);
	cg_spool_execute(spool, "DELETE FROM heartbeat", 0, NULL);
	put_call(spool, "no heartbeat", "n1", 499, 0, "none");
	cg_spool_commit(spool);
	cg_living_calls_free(living);
	living = begin(&stale, path);
	cg_living_calls_add(living, "living", 1600 * US_1970);
	cg_living_calls_add(living, "after the scan", 3000 * US_1970);
	ok(!stale.values[CG_STALE_BEAT] && cg_stale_calls_close(&stale, path) == 1 &&
		   !strncmp(ends_of(path), " 499r 700r", 10),
	   "stale: without a heartbeat it ends at its answer");
	cg_stale_calls_end(&stale);
	cg_living_calls_free(living);
}

/* The host was called n0 before; n2 is another daemon with the same spool. */
static void closes_rows_of_former_name(struct cg_spool *spool, const char *path)
{
	struct cg_stale_calls stale = {};
	struct cg_living_calls *living;

	cg_spool_begin(spool);
	cg_spool_delete(spool, CG_TABLE_CDR, INT64_MAX);
	cg_spool_delete(spool, CG_TABLE_VIOLATION, INT64_MAX);
	beat(spool, "n0", "edge", 1700, 1399);
	beat(spool, "n\"'\\", "edge", 1702, 1399);
	beat(spool, "n2", "core", 1700, 1399);
	put_call(spool, "alive", "n0", 1600, 0, "none");
	put_call(spool, "alive", "n1", 1600, 0, "none");
	put_call(spool, "candidate", "n0", 1610, 1620, "none");
	put_call(spool, "odd name", "n\"'\\", 1620, 0, "none");
	put_call(spool, "name of somebody else now", "n0", 1701, 0, "none");
	put_call(spool, "other instance", "n2", 1701, 0, "none");
	cg_spool_commit(spool);
	living = begin(&stale, path);
	cg_living_calls_add(living, "alive", 1600 * US_1970);
	ok(cg_stale_calls_close(&stale, path) == 3,
	   "renamed: the rows of the former names are closed");
	ok(!strcmp(ends_of(path), " 1700m -1 1620m 1702m -1 -1"),
	   "renamed: at their last message, else at the last heartbeat of that name");
	cg_stale_calls_end(&stale);
	cg_living_calls_free(living);
}

static void overfull(void)
{
	struct cg_living_calls *living = cg_living_calls_new(2);

	for (int i = 0; i < 100; i++)
		cg_living_calls_add(living, "call", i);
	ok(cg_living_calls_has(living, "call", 3) && cg_living_calls_has(living, "other", 3),
	   "living: with more calls than it has space for, all are living");
	cg_living_calls_free(living);
	living = cg_living_calls_new(100);
	for (int i = 0; i < 100; i++)
		cg_living_calls_add(living, "call", i);
	ok(cg_living_calls_has(living, "call", 99) && !cg_living_calls_has(living, "call", 100) &&
		   !cg_living_calls_has(living, "cell", 99),
	   "living: a row is known by call_uid and setup time");
	cg_living_calls_free(living);
}

int main(void)
{
	char dir[] = "/tmp/stale_test.XXXXXX", path[64];
	struct cg_spool *spool;

	overfull();
	snprintf(path, sizeof(path), "%s/spool.db", mkdtemp(dir));
	if (!ok(!cg_spool_open(path, 1, &spool) && !cg_spool_begin(spool), "stale: a spool"))
		return tap_done();
	put_call(spool, "before the boot", "n1", 501, 0, "none");
	put_call(spool, "candidate", "n1", 502, 600, "none");
	put_call(spool, "violation", "n1", 503, 600, "none");
	put_violation(spool, "violation", 640);
	put_violation(spool, "violation", 650);
	put_violation(spool, "violation", 1600); /* of another call: these maps */
	put_call(spool, "other node", "n2", 504, 0, "none");
	put_call(spool, "before the maps", "n1", 1380, 0, "none");
	put_call(spool, "its dialog was deleted", "n1", 1450, 0, "none");
	put_call(spool, "living", "n1", 1600, 0, "none");
	put_call(spool, "living", "n1", 1900, 0, "none"); /* the same Call-ID and tags again */
	put_call(spool, "unguarded", "n1", 2400, 0, "unguarded");
	put_call(spool, "unguarded for a while", "n1", 2600, 0, "unguarded");
	put_call(spool, "after the scan", "n1", 3000, 0, "none");
	cg_spool_commit(spool);
	heartbeats(spool);
	closes_lost_rows(spool, path);
	closes_rows_of_former_name(spool, path);
	cg_spool_close(spool);
	unlink(path);
	rmdir(dir);
	return tap_done();
}
