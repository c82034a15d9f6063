// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "http/metrics.h"

#include <stdio.h>
#include <string.h>

#include "http/metrics_internal.h"
#include "maps/counters.h"
#include "maps/runtime_dir.h"
#include "util/enum_names.h"
#include "util/log.h"
#include "util/text.h"

static void put_about(FILE *out, const struct cg_daemon_view *view)
{
	char note[CG_RUNTIME_NOTE_MAX];

	put_family(out, "build_info", "gauge", "Version of the daemon and layout of its maps.");
	fprintf(out, "cseqguard_build_info{version=\"" CG_VERSION "\",layout=\"%d\"} 1\n",
		CG_LAYOUT);
	put_seconds(out, "start_time_seconds", "gauge", "Start time of the daemon, since 1970.",
		    view->started_us * US);
	put_family(out, "mode", "gauge", "1 for the current mode of the guard, else 0.");
	for (int mode = CG_OBSERVE; mode <= CG_ENFORCE; mode++)
		put_labelled(out, "mode", "mode", cg_mode_name(mode),
			     view->guard->config.mode == mode);
	put_family(out, "tcp", "gauge", "1 for the current policy for SIP over TCP, else 0.");
	for (int tcp = CG_TCP_OFF; tcp <= CG_TCP_ENFORCE; tcp++)
		put_labelled(out, "tcp", "policy", cg_tcp_name(tcp),
			     view->guard->config.tcp == tcp);
	put_gauge(out, "breaker_tripped",
		  "1 if the breaker has set observe mode and the mode was not set since.",
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

/* Counters of the kernel. They are reset only with the maps. */
static void put_packets(FILE *out, const struct cg_counters *c)
{
	put_family(out, "packets_total", "counter",
		   "Packets by reason; kind: whether the reason can drop a packet.");
	put_reasons(out, "in", &c->in);
	put_reasons(out, "out", &c->out);
	put_counter(out, "dropped_packets_total", "Packets dropped.", c->dropped);
	put_counter(out, "answered_byes_total", "Dropped BYEs that were answered with a 500.",
		    c->answered);
	put_counter(out, "rewritten_messages_total",
		    "Messages over TCP that were rewritten, so that no peer reads them as before.",
		    c->rewritten);
	put_counter(out, "would_drop_packets_total",
		    "Packets passed by observe mode that enforce mode would drop.", c->would_drop);
	put_family(out, "would_drop_byes_total", "counter",
		   "BYEs passed by observe mode that enforce mode would drop, by the other leg's "
		   "answer. Dropping an accepted one would have been wrong.");
	put_labelled(out, "would_drop_byes_total", "outcome", "accepted", c->would_drop_accepted);
	put_labelled(out, "would_drop_byes_total", "outcome", "refused", c->would_drop_refused);
	put_counter(out, "calls_opened_total", "Calls stored in map dialogs.",
		    cg_counters_opened(c));
	put_family(out, "ring_lost_total", "counter",
		   "Records lost because a ring was full. A map scan makes up for lost events.");
	put_labelled(out, "ring_lost_total", "ring", "events", c->events_lost);
	put_labelled(out, "ring_lost_total", "ring", "alerts", c->alerts_lost);
	put_counter(out, "alerts_limited_total",
		    "Violations not recorded because of the rate limit.", c->alerts_limited);
}

/*
 * Call after the first scan: before, the totals are too low, and would look like a counter reset.
 */
static void put_calls(FILE *out, const struct cg_daemon_view *view, __u64 now)
{
	struct cg_totals *totals = view->totals;

	put_counter(out, "blocked_byes_total",
		    "BYEs dropped, or passed by observe mode that enforce mode would drop.",
		    totals->all.blocked);
	put_seconds(out, "protected_seconds_total", "counter",
		    "Time that calls continued after their first blocked BYE.",
		    cg_totals_protected_ms(totals, now) / 1000.0);
	put_family(out, "calls_closed_total", "counter", "Closed calls by end_reason.");
	for (int end = CG_E_NONE + 1; end < CG_ENDS; end++)
		put_labelled(out, "calls_closed_total", "end_reason", cg_end_name(end),
			     totals->all.closed[end]);
	put_counter(out, "suspect_calls_total",
		    "Calls that are not billable until an operator settles them.",
		    totals->all.suspect);
	put_family(out, "dialogs", "gauge",
		   "Dialogs in the map by state; ended ones stay for --grace.");
	for (int state = CG_S_CONFIRMED; state < CG_STATES; state++)
		put_labelled(out, "dialogs", "state", cg_state_name(state), totals->states[state]);
	put_gauge(out, "tcp_dialogs", "Dialogs in the map with a leg over TCP.", totals->tcp);
}

static void put_scan(FILE *out, const struct cg_map_scan_status *scan)
{
	size_t n = sizeof(scan->maps) / sizeof(*scan->maps);

	put_counter(out, "sweeps_total", "Complete scans of the map.", scan->count);
	put_seconds(out, "sweep_duration_seconds", "gauge", "Processing time of the last map scan.",
		    scan->work * NS);
	put_seconds(out, "sweep_longest_turn_seconds", "gauge",
		    "Longest batch of the last map scan.", scan->longest * NS);
	put_seconds(
		out, "loop_longest_turn_seconds", "gauge",
		"Longest turn of the event loop, scan excluded, between the last two map scans.",
		scan->others * NS);
	put_family(out, "map_entries", "gauge", "Entries found by the last map scan.");
	for (size_t i = 0; i < n; i++)
		put_labelled(out, "map_entries", "map", scan->maps[i].map, scan->maps[i].used);
	put_family(out, "map_max_entries", "gauge", "Capacity of the map.");
	for (size_t i = 0; i < n; i++)
		put_labelled(out, "map_max_entries", "map", scan->maps[i].map, scan->maps[i].max);
}

/*
 * The address with the most calls among those that a share limits. The label is no text of the
 * wire.
 */
static void put_share(FILE *out, const struct cg_map_scan_status *scan)
{
	char address[CG_SHARE_ADDR_TEXT];

	if (!scan->most.dialogs)
		return;
	cg_share_most_format_addr(&scan->most, address);
	put_family(out, "largest_share_dialogs", "gauge",
		   "Calls without a gateway of the address that has most of them.");
	put_labelled(out, "largest_share_dialogs", "address", address, scan->most.dialogs);
}

/* A loop that something blocks reads no ring. */
static void put_loop(FILE *out, const struct cg_rings *rings, __u64 now)
{
	put_seconds(out, "rings_read_age_seconds", "gauge",
		    "Time since the rings were read; at most 0.2 s in a loop that is not blocked.",
		    cg_rings_age(rings, now) * NS);
	put_seconds(out, "rings_read_longest_gap_seconds", "gauge",
		    "Longest time between two reads of a ring since the start of the daemon.",
		    cg_rings_longest_gap(rings) * NS);
	put_counter(out, "log_lines_lost_total",
		    "Lines of the log that were lost because nobody read them.", cg_log_lost());
}

static void put_store(FILE *out, const struct cg_daemon_view *view)
{
	struct cg_writer_status spool;
	struct cg_ship_status ship;

	cg_writer_get_status(view->writer, &spool);
	put_family(out, "spool_rows", "gauge",
		   "Rows in the spool; with --db, those not in PostgreSQL yet.");
	for (int id = 0; id < CG_TABLES; id++)
		put_labelled(out, "spool_rows", "table", cg_db_tables[id].name,
			     spool.content.rows[id]);
	put_gauge(out, "spool_queued_steps", "Rows queued for the spool and not on disk yet.",
		  spool.queued - spool.durable);
	put_gauge(out, "spool_writable",
		  "0 if the spool cannot be written; ended calls then stay in the map.",
		  !spool.error);
	if (!*view->ship)
		return;
	put_seconds(out, "spool_oldest_row_age_seconds", "gauge",
		    "Age of the oldest end or violation not in PostgreSQL yet.",
		    spool.content.oldest_us ? (cg_now_us() - spool.content.oldest_us) * US : 0);
	cg_ship_get_status(*view->ship, &ship);
	put_gauge(out, "postgresql_up",
		  "0 if PostgreSQL is not connected; rows then wait in the spool.", ship.connected);
	put_seconds(out, "postgresql_last_commit_timestamp_seconds", "gauge",
		    "Time of the last batch committed to PostgreSQL, since 1970; 0: none since the "
		    "start.",
		    ship.committed_at * US);
}

/* The label `address` is no text. */
static void put_hep_faults(FILE *out, const struct cg_hep_counts *counts)
{
	char address[INET6_ADDRSTRLEN];

	put_family(
		out, "hep_faults_total", "counter",
		"HEP records that are of no use, by the sender's address; the senders heard last.");
	for (int i = 0; i < CG_HEP_SENDERS_MAX; i++) {
		const struct cg_hep_sender *sender = &counts->senders[i];

		cg_addr_format(sender->addr, address);
		for (int fate = 0; fate < CG_HEP_FATES; fate++)
			if (sender->fates[fate] && cg_hep_fate_is_fault(fate))
				fprintf(out,
					"cseqguard_hep_faults_total{address=\"%s\",fate=\"%s\"} "
					"%llu\n",
					address, cg_hep_fate_word(fate),
					(unsigned long long)sender->fates[fate]);
	}
}

static void put_hep(FILE *out, const struct cg_hep_input *hep)
{
	struct cg_hep_status status;

	cg_hep_input_get_status(hep, &status);
	put_gauge(out, "hep_program", "0 if the guard has no program for HEP: attach --hep.",
		  status.has_program);
	put_family(out, "hep_records_total", "counter",
		   "HEP records that proxies sent, by what became of them.");
	for (int fate = 0; fate < CG_HEP_FATES; fate++)
		put_labelled(out, "hep_records_total", "fate", cg_hep_fate_word(fate),
			     status.counts.fates[fate]);
	put_counter(out, "hep_clock_off_total",
		    "HEP records whose time is more than 1 s off: their arrival counts.",
		    status.counts.clock_off);
	put_counter(out, "hep_lost_total",
		    "HEP datagrams that the kernel dropped because they came too fast.",
		    status.counts.lost);
	put_gauge(out, "hep_waiting", "Messages that wait for earlier ones.", status.waiting);
	put_gauge(out, "hep_connections", "TCP connections of HEP senders.", status.connections);
	put_hep_faults(out, &status.counts);
}

char *cg_metrics_text(const struct cg_daemon_view *view, __u64 now)
{
	struct cg_map_scan_status scan;
	union cg_counters_sum sum;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	cg_map_scan_get_status(view->scan, &scan);
	put_about(out, view);
	if (!cg_counters_read(view->guard->counters_fd, &sum))
		put_packets(out, &sum.counters);
	put_counter(out, "sweeps_failed_total",
		    "Map scans that failed; each is repeated, and ended calls stay in the map.",
		    scan.failed);
	if (scan.count) {
		put_calls(out, view, now);
		put_scan(out, &scan);
		put_share(out, &scan);
	}
	if (*view->rings)
		put_loop(out, *view->rings, now);
	if (*view->hep)
		put_hep(out, *view->hep);
	if (*view->pair)
		cg_metrics_put_pair(out, *view->pair);
	put_store(out, view);
	return fclose(out) ? NULL : text;
}
