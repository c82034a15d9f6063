// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/call_ladder.h"
#include "capture/capture_set.h"
#include "replay/discovery.h"
#include "replay/engine_setup.h"
#include "replay/judge_order.h"
#include "replay/report.h"
#include "replay/store.h"
#include "util/cli_output.h"
#include "util/progress.h"

struct replay {
	const struct cg_replay_options *options;
	struct cg_config config;
	struct cg_replay_summary summary;
	struct cg_capture_set *captures;
	struct cg_reader *reader;
	struct cg_judge *judge;
	struct cg_judge_order *order; /* before the judge */
	struct cg_keeper *keeper;
	struct cg_report *report; /* NULL: a ladder */
	struct cg_call_ladder *ladder; /* NULL: a report */
	struct cg_replay_store *store; /* NULL: the rows go nowhere */
	__u64 now; /* of the packet */
	bool is_reported; /* err */
	int err;
};

/* --- callbacks of the parts ------------------------------------------------------------------- */

static void handle_event(void *ctx, const struct cg_event *event)
{
	struct replay *r = ctx;

	cg_summary_add_event(&r->summary, event);
	cg_keeper_handle_event(r->keeper, event);
	if (r->ladder)
		cg_call_ladder_handle_event(r->ladder, event);
}

static void handle_verdict(void *ctx, enum cg_direction direction,
			   const struct cg_engine_verdict *verdict)
{
	struct replay *r = ctx;

	cg_summary_add_verdict(&r->summary, direction, verdict);
	cg_keeper_handle_verdict(r->keeper, verdict);
	if (r->ladder)
		cg_call_ladder_update(r->ladder);
}

static int store_row(struct replay *r, enum cg_db_table_id table, const void *row)
{
	int err = cg_replay_store_put(r->store, table, row);

	r->is_reported |= err != 0;
	return err;
}

static int handle_call(void *ctx, const struct cg_replay_call *call)
{
	struct replay *r = ctx;
	int err;

	cg_summary_add_call(&r->summary, call);
	err = store_row(r, CG_TABLE_CDR, &call->row);
	if (!err && r->report)
		err = cg_report_call(r->report, call);
	return err;
}

static int handle_violation(void *ctx, const struct cg_violation_row *row)
{
	struct replay *r = ctx;
	int err;

	err = store_row(r, CG_TABLE_VIOLATION, row);
	if (!err && r->report)
		err = cg_report_violation(r->report, row);
	return err;
}

static void count_violation(void *ctx, const struct cg_violation_row *row)
{
	struct replay *r = ctx;

	cg_summary_add_violation(&r->summary, row);
}

static void note_error(struct replay *r, int err)
{
	r->err = r->err ? r->err : err;
}

static void set_time(void *ctx, __u64 at)
{
	struct replay *r = ctx;

	note_error(r, cg_keeper_run(r->keeper, cg_engine_set_time(at)));
}

static void handle_packet(void *ctx, const struct cg_ip_packet *packet)
{
	struct replay *r = ctx;

	note_error(r, cg_judge_order_packet(r->order, r->now, packet));
}

static void handle_message(void *ctx, const struct cg_reader_message *message)
{
	struct replay *r = ctx;

	note_error(r,
		   cg_judge_order_message(r->order, message->at ? message->at : r->now, message));
}

static void add_unexpected(void *ctx, const __u8 addr[16], __u64 count)
{
	struct cg_replay_summary *summary = ctx;

	for (__u64 i = 0; i < count && i < CG_SUMMARY_COUNT_MAX; i++)
		cg_offenders_add(&summary->unexpected, addr, 0, 0);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void run_packet(struct replay *r, const struct cg_capture_packet *packet)
{
	if (!r->summary.first_at)
		r->summary.first_at = packet->at;
	if (packet->at > r->summary.last_at)
		r->summary.last_at = packet->at;
	r->now = packet->at;
	cg_reader_handle(r->reader, packet);
	cg_progress_update(cg_capture_set_position(r->captures));
}

/* Works out the hosts, and runs the packets that this took. */
static int discover_hosts(struct replay *r)
{
	struct cg_discovery *discovery = cg_discovery_new(&r->config);
	struct cg_capture_packet packet;
	int more = 1, full = 0;

	if (!discovery)
		return -ENOMEM;
	while (more && full >= 0 && !r->summary.hosts.n && !r->err) {
		for (full = 0; !full && (more = cg_capture_set_next(r->captures, &packet));)
			full = cg_discovery_add(discovery, &packet);
		cg_discovery_choose(discovery, cg_engine_is_gateway, &r->summary.hosts);
		cg_engine_add_hosts(&r->summary.hosts);
		while (cg_discovery_next(discovery, &packet) && !r->err)
			run_packet(r, &packet);
	}
	cg_discovery_free(discovery);
	return full < 0 ? full : r->err;
}

static int run_captures(struct replay *r)
{
	struct cg_capture_packet packet;
	int err = 0;

	cg_progress_start("bytes of the capture", cg_capture_set_size(r->captures));
	if (!r->summary.hosts.n)
		err = discover_hosts(r);
	while (!err && !r->err && cg_capture_set_next(r->captures, &packet))
		run_packet(r, &packet);
	if (!err && !r->err) {
		cg_reader_flush(r->reader);
		cg_judge_order_flush(r->order);
	}
	cg_progress_end();
	return err ? err : r->err;
}

/* A capture of HEP may be of another time than its records. */
static __u64 get_end(const struct replay *r)
{
	return cg_engine_set_time(cg_reader_get_counters(r->reader)->hep ? 0 : r->summary.last_at);
}

static int print_results(struct replay *r)
{
	int err = cg_keeper_finish(r->keeper, get_end(r));

	r->summary.reader = *cg_reader_get_counters(r->reader);
	r->summary.tcp = *cg_reader_get_tcp(r->reader);
	r->summary.judge = *cg_judge_get_counters(r->judge);
	r->summary.doubles = cg_judge_order_doubles(r->order);
	cg_engine_visit_unexpected(add_unexpected, &r->summary);
	if (err || !r->report)
		return err;
	return cg_report_finish(r->report, &r->summary);
}

static int make_parts(struct replay *r)
{
	const struct cg_reader_user from_reader = { handle_packet, handle_message, r };
	const struct cg_keeper_user from_keeper = { handle_call, handle_violation, count_violation,
						    r };

	r->reader = cg_reader_new(&r->config, &from_reader);
	r->judge = cg_judge_new(&r->config, &r->summary.hosts, handle_verdict, r);
	r->keeper = cg_keeper_new(&r->config, r->options->target.node, &from_keeper);
	if (r->judge)
		r->order = cg_judge_order_new(r->judge, set_time, r);
	if (r->options->ladder)
		r->ladder = cg_call_ladder_new(r->options->ladder);
	if (!r->reader || !r->order || !r->keeper || (r->options->ladder && !r->ladder))
		return cg_fail("replay: out of memory");
	if (!r->options->ladder) {
		r->report = cg_report_new(r->options->json);
		return r->report ? CG_DONE : CG_FAILED;
	}
	return CG_DONE;
}

static int prepare(struct replay *r)
{
	int code = cg_capture_set_open(r->options->files, r->options->n_files, &r->captures), err;

	if (!code)
		code = cg_replay_store_open(&r->options->target, &r->store);
	if (!code)
		code = make_parts(r);
	if (code)
		return code;
	err = cg_engine_setup(r->options->settings, &r->config, &r->summary.hosts, handle_event, r);
	if (err)
		return cg_fail("replay: cannot prepare the rules: %s", strerror(-err));
	r->summary.hosts_are_given = r->summary.hosts.n;
	r->summary.mode = r->config.mode;
	r->summary.has_gateways = r->config.has_gateways;
	return CG_DONE;
}

/* A row that is open holds back the bill of its call, also where another node has its end. */
static int finish_store(struct replay *r)
{
	int code = cg_replay_store_finish(r->store);

	if (!code && r->options->target.db && r->summary.open)
		cg_notice("database: rows of node %s that stay open, as the capture does not show "
			  "the end of the call: %llu; view billable has no call with an open row",
			  r->options->target.node, (unsigned long long)r->summary.open);
	return code;
}

static int run(struct replay *r)
{
	int err = run_captures(r), code;

	if (!err)
		err = print_results(r);
	if (ferror(stdout))
		return cg_stdout_flush();
	if (err)
		return r->is_reported ? CG_FAILED
				      : cg_fail("replay: cannot continue: %s", strerror(-err));
	code = finish_store(r);
	if (!code && r->ladder)
		return cg_call_ladder_print(r->ladder, r->options->json);
	if (cg_stdout_flush() || code)
		return CG_FAILED;
	return cg_summary_has_wrong(&r->summary) ? CG_HONEST_REFUSED : CG_DONE;
}

int cg_replay_run(const struct cg_replay_options *options)
{
	struct replay *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return cg_fail("replay: out of memory");
	r->options = options;
	code = prepare(r);
	if (!code)
		code = run(r);
	cg_call_ladder_free(r->ladder);
	cg_report_free(r->report);
	cg_keeper_free(r->keeper);
	cg_judge_order_free(r->order);
	cg_judge_free(r->judge);
	cg_reader_free(r->reader);
	cg_capture_set_close(r->captures);
	cg_replay_store_free(r->store);
	free(r);
	return code;
}
