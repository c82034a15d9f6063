// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "http/metrics.h"

#include <stdio.h>
#include <string.h>

#include "maps/counters.h"
#include "maps/runtime_dir.h"
#include "util/enum_names.h"
#include "util/text.h"

#define US 1e-6
#define NS 1e-9

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP cseqguard_%s %s\n# TYPE cseqguard_%s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, __u64 value)
{
	fprintf(out, "cseqguard_%s %llu\n", name, (unsigned long long)value);
}

static void counter(FILE *out, const char *name, const char *help, __u64 value)
{
	family(out, name, "counter", help);
	number(out, name, value);
}

static void gauge(FILE *out, const char *name, const char *help, __u64 value)
{
	family(out, name, "gauge", help);
	number(out, name, value);
}

static void seconds(FILE *out, const char *name, const char *type, const char *help, double value)
{
	family(out, name, type, help);
	fprintf(out, "cseqguard_%s %.6f\n", name, value > 0 ? value : 0.0);
}

/* One label of one of the contract's words. */
static void labelled(FILE *out, const char *name, const char *label, const char *word, __u64 value)
{
	fprintf(out, "cseqguard_%s{%s=\"%s\"} %llu\n", name, label, word,
		(unsigned long long)value);
}

static void put_about(FILE *out, const struct cg_daemon_view *view)
{
	char note[CG_RUNTIME_NOTE_MAX];

	family(out, "build_info", "gauge", "What runs.");
	fprintf(out, "cseqguard_build_info{version=\"" CG_VERSION "\",layout=\"%d\"} 1\n",
		CG_LAYOUT);
	seconds(out, "start_time_seconds", "gauge", "When the daemon started, since 1970.",
		view->started_us * US);
	family(out, "mode", "gauge", "1: the mode that the guard is in.");
	for (int mode = CG_OBSERVE; mode <= CG_ENFORCE; mode++)
		labelled(out, "mode", "mode", cg_mode_name(mode), view->guard->config.mode == mode);
	gauge(out, "breaker_tripped",
	      "1: the breaker fell back to observe mode, and nobody has set the mode since.",
	      !cg_runtime_note_read(view->guard->instance, CG_RUNTIME_BREAKER, note));
}

static void put_reasons(FILE *out, const char *direction, const struct cg_reason_counters *counters)
{
	const __u64 *numbers = (const __u64 *)counters;

	for (int reason = 0; reason < CG_REASONS; reason++)
		fprintf(out,
			"cseqguard_packets_total{direction=\"%s\",reason=\"%s\",kind=\"%s\"} "
			"%llu\n",
			direction, cg_reason_name(reason), cg_reason_kind(reason),
			(unsigned long long)numbers[reason]);
}

/* The kernel's own counts: they live as long as the maps. */
static void put_packets(FILE *out, const struct cg_counters *c)
{
	family(out, "packets_total", "counter",
	       "Packets by the one reason they left with; kind tells if it can drop.");
	put_reasons(out, "in", &c->in);
	put_reasons(out, "out", &c->out);
	counter(out, "dropped_packets_total", "Packets dropped.", c->dropped);
	counter(out, "would_drop_packets_total", "Packets that observe mode let pass.",
		c->would_drop);
	family(out, "would_drop_byes_total", "counter",
	       "BYEs that observe mode let pass, by the other leg's answer: to accepted ones a "
	       "drop would have been wrong.");
	labelled(out, "would_drop_byes_total", "outcome", "accepted", c->would_drop_accepted);
	labelled(out, "would_drop_byes_total", "outcome", "refused", c->would_drop_refused);
	counter(out, "calls_opened_total", "Calls that found room in dialogs.",
		cg_counters_opened(c));
	family(out, "ring_lost_total", "counter",
	       "Records that found no room in a ring: of events a sweep finds what they told.");
	labelled(out, "ring_lost_total", "ring", "events", c->events_lost);
	labelled(out, "ring_lost_total", "ring", "alerts", c->alerts_lost);
	counter(out, "alerts_limited_total", "Violations over the rate that is recorded.",
		c->alerts_limited);
}

/* Until the first sweep has met every dialog, these are too low: a scraper would see a reset. */
static void put_calls(FILE *out, const struct cg_daemon_view *view, __u64 now)
{
	struct cg_totals *totals = view->totals;

	counter(out, "blocked_byes_total", "BYEs dropped, or that observe mode would have.",
		totals->all.blocked);
	seconds(out, "protected_seconds_total", "counter",
		"Seconds that calls ran on after their first blocked BYE.",
		cg_totals_protected_ms(totals, now) / 1000.0);
	family(out, "calls_closed_total", "counter", "Calls closed, by end_reason.");
	for (int end = CG_E_NONE + 1; end < CG_ENDS; end++)
		labelled(out, "calls_closed_total", "end_reason", cg_end_name(end),
			 totals->all.closed[end]);
	counter(out, "suspect_calls_total", "Calls that stay out of billable until settled.",
		totals->all.suspect);
	family(out, "dialogs", "gauge", "Dialogs in the map; ended ones stay for a grace.");
	for (int state = CG_S_CONFIRMED; state < CG_STATES; state++)
		labelled(out, "dialogs", "state", cg_state_name(state), totals->states[state]);
}

static void put_sweep(FILE *out, const struct cg_map_scan_status *sweep)
{
	size_t n = sizeof(sweep->maps) / sizeof(*sweep->maps);

	counter(out, "sweeps_total", "Complete looks at the whole map.", sweep->count);
	seconds(out, "sweep_duration_seconds", "gauge", "Work of the last one.", sweep->work * NS);
	seconds(out, "sweep_longest_turn_seconds", "gauge", "Its longest turn of the loop.",
		sweep->longest * NS);
	seconds(out, "loop_longest_turn_seconds", "gauge",
		"The longest turn of everything else, between the last two sweeps.",
		sweep->others * NS);
	family(out, "map_entries", "gauge", "Entries that the last sweep met.");
	for (size_t i = 0; i < n; i++)
		labelled(out, "map_entries", "map", sweep->maps[i].map, sweep->maps[i].used);
	family(out, "map_max_entries", "gauge", "Entries that there is room for.");
	for (size_t i = 0; i < n; i++)
		labelled(out, "map_max_entries", "map", sweep->maps[i].map, sweep->maps[i].max);
}

static void put_store(FILE *out, const struct cg_daemon_view *view)
{
	struct cg_writer_status spool;
	struct cg_ship_status ship;

	cg_writer_get_status(view->writer, &spool);
	family(out, "spool_rows", "gauge",
	       "Rows in the spool; with --db those that PostgreSQL lacks.");
	for (int id = 0; id < CG_TABLES; id++)
		labelled(out, "spool_rows", "table", cg_db_tables[id].name, spool.content.rows[id]);
	gauge(out, "spool_queued_steps", "Steps not on disk yet.", spool.queued - spool.durable);
	gauge(out, "spool_writable", "0: the spool cannot be written, calls stay in the map.",
	      !spool.error);
	if (!*view->ship)
		return;
	seconds(out, "spool_oldest_row_age_seconds", "gauge",
		"Since the oldest end or violation that PostgreSQL lacks: its lag.",
		spool.content.oldest_us ? (cg_now_us() - spool.content.oldest_us) * US : 0);
	cg_ship_get_status(*view->ship, &ship);
	gauge(out, "postgresql_up", "0: PostgreSQL is away, rows wait in the spool.",
	      ship.connected);
	seconds(out, "postgresql_last_commit_timestamp_seconds", "gauge",
		"When it took the last batch, since 1970; 0: none since the start.",
		ship.committed_at * US);
}

char *cg_metrics_text(const struct cg_daemon_view *view, __u64 now)
{
	struct cg_map_scan_status sweep;
	union cg_counters_sum sum;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	cg_map_scan_get_status(view->sweep, &sweep);
	put_about(out, view);
	if (!cg_counters_read(view->guard->counters_fd, &sum))
		put_packets(out, &sum.counters);
	if (sweep.count) {
		put_calls(out, view, now);
		put_sweep(out, &sweep);
	}
	put_store(out, view);
	return fclose(out) ? NULL : text;
}
