// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/ingest/dialog_tracker.c agent/ingest/dialog_rows.c agent/ingest/dialog_table.c agent/ingest/foreign_dialogs.c agent/calls/cdr.c agent/calls/twins.c agent/calls/living_calls.c agent/calls/violation_row.c agent/stats/totals.c agent/stats/timeline.c agent/stats/breaker.c agent/util/enum_names.c agent/util/text.c -luuid -lpthread
/* What a host does with the dialogs of its pair. Map, writer and pair are stand-ins. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "ingest/dialog_table.h"
#include "ingest/dialog_tracker.h"
#include "ingest/foreign_dialogs.h"
#include "tap.h"

#define S 1000000000ULL
#define NOW (100000 * S)

static const struct cg_limits limits = {
	.bye_timeout = 32 * S, .grace = 32 * S, .max_call = 43200 * S, .doubt = 3600 * S
};

/* --- what due and a gone owner make of a dialog ----------------------------------------------- */

/* A foreign call that was answered a minute ago. */
static struct cg_dialog a_call(__u32 flags)
{
	return (struct cg_dialog){ .state = CG_S_CONFIRMED,
				   .caller_flags = CG_LEG_CSEQ_VALID,
				   .callee_flags = CG_LEG_WITNESS,
				   .flags = flags,
				   .setup = NOW - 61 * S,
				   .answer = NOW - 60 * S,
				   .call = { "call@host", "a", "sip:a@x", "sip:b@x", "sip:b@y" },
				   .to_tag = "b",
				   .peer = 2 };
}

static struct cg_dialog an_ended_call(__u32 flags, __u64 ago)
{
	struct cg_dialog d = a_call(flags);

	d.state = CG_S_ENDED;
	d.end = NOW - ago;
	d.end_reason = CG_E_BYE;
	return d;
}

static struct cg_duty duty_of(const struct cg_dialog *d, bool owner_is_gone)
{
	return cg_dialog_duty(d, &limits, owner_is_gone, cg_cdr_due(d, &limits, NOW), NOW);
}

/* The words: row, retire, and other things that are due, "due". */
static const char *duty_words(const struct cg_dialog *d, bool owner_is_gone)
{
	static char words[4][32];
	static unsigned int next;
	const struct cg_duty duty = duty_of(d, owner_is_gone);
	char *out = words[next++ % 4];

	snprintf(out, sizeof(words[0]), "%s%s%s%s", duty.has_row ? "row " : "",
		 duty.due & CG_DUE_RETIRE ? "retire " : "", duty.due & ~CG_DUE_RETIRE ? "due " : "",
		 duty.is_counted ? "counted" : "");
	return out;
}

static bool is_duty(const struct cg_dialog *d, const char *lives, const char *gone)
{
	const char *is_lives = duty_words(d, false), *is_gone = duty_words(d, true);

	if (!strcmp(is_lives, lives) && !strcmp(is_gone, gone))
		return true;
	printf("# '%s', '%s' without the owner; must be '%s', '%s'\n", is_lives, is_gone, lives,
	       gone);
	return false;
}

static void duties(void)
{
	struct cg_dialog open = a_call(0), speaking = a_call(CG_D_SPEAKS_HERE), own = a_call(0),
			 ended = an_ended_call(0, S), closed = an_ended_call(0, 60 * S),
			 here = an_ended_call(CG_D_SPEAKS_HERE, 60 * S), silent = speaking,
			 expired = open, overdue = open;

	own.peer = 0;
	own.answer = NOW - 50000 * S;
	silent.state = CG_S_ENDING;
	silent.bye_at = NOW - 40 * S;
	expired.answer = NOW - 43300 * S;
	overdue.answer = NOW - 50000 * S;
	ok(is_duty(&own, "row retire due counted", "row retire due counted"),
	   "duty: an own call is all this host's");
	ok(is_duty(&open, "", ""),
	   "duty: the call of another host that has not spoken here is his, alive or gone");
	ok(is_duty(&speaking, "counted", "row counted"),
	   "duty: one that speaks here has its row here once its owner is gone");
	ok(is_duty(&silent, "counted", "row due counted"), "duty: ... and its timers");
	ok(is_duty(&ended, "", "row "),
	   "duty: an ended call that has not spoken here is written if its owner may not have");
	ok(is_duty(&closed, "retire ", "row retire "),
	   "duty: ... and leaves the map after the grace");
	ok(is_duty(&here, "row retire counted", "row retire counted"),
	   "duty: a call that ended here is written here, whether its owner lives or not");
	ok(is_duty(&expired, "", "row retire due "),
	   "duty: a call longer than max_call is its owner's, or ends when he is gone");
	ok(is_duty(&overdue, "retire due ", "row retire due "),
	   "duty: ... and is forgotten an hour later at the latest");
}

static void tables(void)
{
	struct cg_dialog_table table;
	struct cg_dialog_key keys[200] = {};
	struct cg_dialog_entry *entry;
	bool found = true;

	ok(!cg_dialog_table_init(&table, 400), "table: is made");
	for (int i = 0; i < 200; i++) {
		keys[i].call = i % 7 + 1020; /* chains that wrap around the end */
		keys[i].tags = (__u64)i << 32;
		entry = cg_dialog_table_get(&table, &keys[i]);
		cg_dialog_table_set_foreign(&table, entry, i % 2);
	}
	ok(table.count == 200 && table.n_foreign == 100, "table: counts foreign dialogs apart");
	for (int i = 0; i < 200; i += 3)
		cg_dialog_table_remove(&table, cg_dialog_table_find(&table, &keys[i]));
	for (int i = 0; i < 200; i++)
		found = found && !cg_dialog_table_find(&table, &keys[i]) == !(i % 3);
	ok(found && table.count == 133 && table.n_foreign == 67,
	   "table: what is removed leaves all others where they are found");
	cg_dialog_table_free(&table);
}

/* --- the tracker, with a map of one dialog ---------------------------------------------------- */

static const struct cg_dialog_key key = { 1, 2 };
static struct cg_dialog in_map;
static bool is_in_map;
static bool speaks_at_delete; /* a message comes just then */
static struct cg_cdr_row rows[8];
static unsigned int n_rows, published, gone;
static bool owner_is_gone;

int bpf_map_lookup_elem_flags(int fd, const void *k, void *value, __u64 flags)
{
	(void)fd, (void)k, (void)flags;
	if (!is_in_map) {
		errno = ENOENT;
		return -1;
	}
	*(struct cg_dialog *)value = in_map;
	return 0;
}

int bpf_map_lookup_and_delete_elem_flags(int fd, const void *k, void *value, __u64 flags)
{
	if (speaks_at_delete)
		in_map.flags |= CG_D_SPEAKS_HERE;
	if (bpf_map_lookup_elem_flags(fd, k, value, flags))
		return -1;
	is_in_map = false;
	return 0;
}

int bpf_map_update_elem(int fd, const void *k, const void *value, __u64 flags)
{
	(void)fd, (void)k, (void)flags;
	in_map = *(const struct cg_dialog *)value;
	is_in_map = true;
	return 0;
}

__u64 cg_writer_put(struct cg_writer *writer, enum cg_db_table_id table, const void *row)
{
	(void)writer;
	if (table == CG_TABLE_CDR && n_rows < 8)
		rows[n_rows++] = *(const struct cg_cdr_row *)row;
	return n_rows;
}

enum cg_violation_result cg_violations_put(struct cg_violations *violations,
					   const struct cg_violation_row *row)
{
	(void)violations, (void)row;
	return CG_VIOLATION_STORED;
}

void cg_recent_update_dialog(struct cg_recent *recent, const struct cg_dialog_key *k,
			     const struct cg_dialog *dialog)
{
	(void)recent, (void)k, (void)dialog;
}

void cg_pair_publish(struct cg_pair *pair, const struct cg_dialog_key *k,
		     const struct cg_dialog *dialog)
{
	(void)k, (void)dialog;
	published += pair != NULL;
}

void cg_pair_publish_gone(struct cg_pair *pair, const struct cg_dialog_key *k)
{
	(void)k;
	gone += pair != NULL;
}

const char *cg_pair_node(const struct cg_pair *pair, __u16 peer)
{
	return pair && peer == 2 ? "other" : "";
}

bool cg_pair_peer_is_gone(const struct cg_pair *pair, __u16 peer, __u64 now)
{
	(void)pair, (void)peer, (void)now;
	return owner_is_gone;
}

static struct cg_totals totals;
static struct cg_tracker *tracker;
static struct cg_breaker breaker = { .percent = 50, .dialogs = 1, .window = 600 * S };

static void start(bool in_pair, const struct cg_dialog *dialog)
{
	static struct cg_guard_maps guard = { .config = { .max_dialogs = 16 } };
	static struct cg_origin origin = { .node = "this" };
	static struct cg_violations violations;

	cg_tracker_free(tracker);
	memset(&totals, 0, sizeof(totals));
	n_rows = published = gone = 0;
	owner_is_gone = speaks_at_delete = false;
	in_map = *dialog;
	is_in_map = true;
	tracker = cg_tracker_new(&guard, &violations, &limits, &origin, &breaker, &totals);
	cg_tracker_set_durable(tracker, 100, 1);
	if (in_pair)
		cg_tracker_set_pair(tracker, (struct cg_pair *)&in_map);
}

static void fetch(void)
{
	cg_tracker_fetch(tracker, &key, NOW);
}

static bool last_row_is(const char *node, const char *reason)
{
	const struct cg_cdr_row *row = &rows[n_rows - 1];

	return n_rows && !strcmp(row->node, node) && !strcmp(row->end_reason, reason);
}

static void foreign_rows(void)
{
	struct cg_dialog open = a_call(0);

	start(true, &open);
	fetch();
	owner_is_gone = true;
	fetch();
	ok(!n_rows && published == 2 && !totals.states[CG_S_CONFIRMED],
	   "tracker: a foreign call that is not heard here has no row and no part in the sums");
	ok(cg_tracker_count(tracker) == 1 && cg_tracker_foreign_count(tracker) == 1,
	   "tracker: it is counted as foreign");
	in_map.flags |= CG_D_SPEAKS_HERE;
	fetch();
	ok(n_rows == 1 && last_row_is("other", "none") && totals.states[CG_S_CONFIRMED] == 1,
	   "tracker: once it speaks here, and its owner is gone, it has a row of its owner's node");
	in_map.state = CG_S_ENDED;
	in_map.end = NOW - 40 * S;
	in_map.end_reason = CG_E_BYE;
	owner_is_gone = false;
	fetch();
	ok(n_rows == 2 && last_row_is("other", "bye") && is_in_map,
	   "tracker: its end is written although the owner has come back");
	fetch();
	ok(n_rows == 2 && !is_in_map && gone == 1 && !cg_tracker_count(tracker),
	   "tracker: it leaves the map once that row is durable, and the pair hears of it");
}

static void foreign_ends(void)
{
	struct cg_dialog ended = an_ended_call(0, 40 * S), open = a_call(0);

	start(true, &ended);
	fetch();
	ok(!n_rows && !is_in_map && !cg_tracker_count(tracker),
	   "tracker: a foreign call that ended elsewhere leaves the map without a row");
	start(true, &open);
	fetch();
	cg_tracker_drop_foreign(tracker, &key);
	ok(!n_rows && !is_in_map && !cg_tracker_count(tracker),
	   "tracker: a foreign call leaves the map when its owner has removed it");
	start(true, &open);
	fetch();
	in_map.flags |= CG_D_SPEAKS_HERE;
	cg_tracker_drop_foreign(tracker, &key);
	ok(is_in_map, "tracker: ... unless it speaks here");
	in_map.flags = 0;
	speaks_at_delete = true;
	cg_tracker_drop_foreign(tracker, &key);
	ok(is_in_map && in_map.flags & CG_D_SPEAKS_HERE, "tracker: ... even at the last moment");
	in_map.flags = in_map.peer = 0;
	speaks_at_delete = false;
	cg_tracker_drop_foreign(tracker, &key);
	ok(is_in_map, "tracker: another host removes no call of this one");
}

static void own_rows(void)
{
	struct cg_dialog own = a_call(0), foreign = a_call(CG_D_SPEAKS_HERE);
	struct cg_living_calls *living = cg_living_calls_new(16);

	own.peer = 0;
	start(true, &own);
	cg_tracker_set_living(tracker, living);
	fetch();
	ok(last_row_is("this", "none") && published == 1 && living->count == 1,
	   "tracker: an own call has its row at once, and is published");
	start(true, &foreign);
	cg_living_calls_free(living);
	living = cg_living_calls_new(16);
	cg_tracker_set_living(tracker, living);
	fetch();
	ok(!living->count, "tracker: a foreign call keeps no open row of this node alive");
	start(false, &foreign);
	fetch();
	ok(!n_rows && is_in_map,
	   "tracker: a host that has left the pair cannot name the owner, and writes no row");
	cg_living_calls_free(living);
	cg_tracker_free(tracker);
}

int main(void)
{
	duties();
	tables();
	foreign_rows();
	foreign_ends();
	own_rows();
	return tap_done();
}
