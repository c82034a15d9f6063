// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "hep/hep_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hep/hep_guard.h"
#include "hep/hep_listener.h"
#include "hep/hep_note.h"
#include "hep/time_order.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/loop.h"

#define CLOCK_SLACK_NS 100000 /* ns; adjtimex(2) moves the wall clock slowly */

struct cg_hep_input {
	char *address, *key;
	struct cg_hep_guard guard;
	struct cg_hep_sieve sieve;
	struct cg_hep_listener *listener;
	struct cg_time_order *order;
	sd_event_source *timer; /* set while something waits */
	bool timer_is_set;
	int program_err; /* the last one that was logged; 0: none */
	__u64 real_offset; /* from CLOCK_BOOTTIME to CLOCK_REALTIME, ns */
	struct cg_hep_counts counts;
};

/* What waits: the head of an item. The sender is counted when the guard has answered. */
struct waiting {
	struct cg_hep_report report;
	__u8 sender[16];
	bool clock_off;
};

/* --- to the rules ----------------------------------------------------------------------------- */

static void judge(struct cg_hep_input *input, const struct waiting *head, const __u8 *text,
		  size_t len)
{
	int err = cg_hep_guard_run(&input->guard, &head->report, text, len);

	cg_hep_count(&input->counts, head->sender, err ? CG_HEP_FAILED : CG_HEP_JUDGED,
		     head->clock_off, cg_boottime());
}

static void judge_item(void *ctx, uint64_t at, const void *head, const uint8_t *bytes, size_t len)
{
	(void)at;
	judge(ctx, head, bytes, len);
}

/* Sets the timer to when the oldest has waited long enough. */
static void set_timer(struct cg_hep_input *input)
{
	__u64 now = cg_boottime();
	uint64_t oldest = 0;

	input->timer_is_set = cg_time_order_count(input->order, &oldest) > 0;
	if (input->timer_is_set)
		cg_timer_set(input->timer,
			     oldest + CG_HEP_WINDOW_NS > now ? oldest + CG_HEP_WINDOW_NS - now : 1);
}

static int handle_timer(sd_event_source *timer, uint64_t usec, void *ctx)
{
	struct cg_hep_input *input = ctx;

	(void)timer, (void)usec;
	cg_time_order_give(input->order, cg_boottime() - CG_HEP_WINDOW_NS, CG_HEP_PER_TURN);
	set_timer(input);
	return 0;
}

/* --- from the listener ------------------------------------------------------------------------ */

/*
 * Reads both clocks, with the difference that they had before, unless it has changed. A daemon that
 * is preempted between the two readings would give a message another time, and the INVITE that the
 * host sends on would seem older than the one that it has received.
 */
static struct cg_hep_clocks read_clocks(struct cg_hep_input *input)
{
	__u64 before = cg_boottime(), real, after;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	real = now.tv_sec * CG_SECOND + now.tv_nsec;
	after = cg_boottime();
	if (before + input->real_offset > real + CLOCK_SLACK_NS ||
	    after + input->real_offset + CLOCK_SLACK_NS < real)
		input->real_offset = real - after;
	return (struct cg_hep_clocks){ .boot = after, .real = after + input->real_offset };
}

static void put_in_order(struct cg_hep_input *input, const struct waiting *head, const __u8 *text,
			 size_t len)
{
	uint64_t oldest = 0;

	if (cg_time_order_add(input->order, head->report.at, head, text, len)) {
		judge(input, head, text, len);
		return;
	}
	cg_time_order_count(input->order, &oldest);
	if (!input->timer_is_set || oldest == head->report.at)
		set_timer(input);
}

static bool handle_record(void *ctx, const __u8 sender[16], const void *bytes, size_t len)
{
	struct cg_hep_input *input = ctx;
	enum cg_hep_fate fate = CG_HEP_DAMAGED;
	struct cg_hep_clocks clocks = read_clocks(input);
	struct cg_hep_record record;
	struct cg_hep_sifted sifted;
	struct waiting head;

	if (!cg_hep_read(bytes, len, &record))
		fate = cg_hep_sift(&input->sieve, &record, &clocks, &sifted);
	if (fate != CG_HEP_JUDGED) {
		cg_hep_count(&input->counts, sender, fate, false, clocks.boot);
		return fate != CG_HEP_BAD_KEY && fate != CG_HEP_DAMAGED;
	}
	head = (struct waiting){ .report = sifted.report, .clock_off = sifted.clock_off };
	memcpy(head.sender, sender, 16);
	if (sifted.is_early)
		judge(input, &head, record.payload, sifted.len);
	else
		put_in_order(input, &head, record.payload, sifted.len);
	return true;
}

/* --- the parts -------------------------------------------------------------------------------- */

/* Says once why messages are counted as failed. */
static void log_program(struct cg_hep_input *input)
{
	int err = input->guard.program_fd < 0 ? input->guard.program_fd : 0;
	const char *instance = input->guard.maps->instance;

	if (err == input->program_err)
		return;
	if (err == -ENOENT)
		cg_log_err("hep: instance %s has no program for reports; run: cseqguard attach "
			   "--hep IFACE",
			   instance);
	else if (err)
		cg_log_err("hep: instance %s: cannot open its program for reports: %s; the pin is "
			   "user cseqguard's and root's",
			   instance, strerror(-err));
	else
		cg_log_notice("hep: instance %s judges what is reported to %s", instance,
			      input->address);
	input->program_err = err;
}

static int start(struct cg_hep_input *input, sd_event *loop, const struct cg_guard_maps *maps)
{
	int err = cg_hep_guard_open(&input->guard, maps);

	if (err)
		return err;
	input->sieve = (struct cg_hep_sieve){ .config = &maps->config,
					      .key = input->key,
					      .is_host = cg_hep_guard_is_host,
					      .ctx = &input->guard };
	/* the timer hands items out, a full order its oldest */
	input->order = cg_time_order_new(UINT64_MAX, sizeof(struct waiting), judge_item, input);
	if (!input->order)
		return -ENOMEM;
	err = cg_timer_add(loop, &input->timer, handle_timer, input);
	if (err)
		return err;
	return cg_hep_listener_new(loop, input->address, handle_record, input, &input->listener);
}

int cg_hep_input_new(sd_event *loop, const char *address, const char *key,
		     const struct cg_guard_maps *maps, struct cg_hep_input **out)
{
	struct cg_hep_input *input = calloc(1, sizeof(*input));
	int err = -ENOMEM;

	if (!input)
		return err;
	input->guard.hosts_fd = input->guard.program_fd = -ENOENT;
	input->guard.maps = maps;
	input->program_err = 1;
	input->address = strdup(address);
	input->key = key && *key ? strdup(key) : NULL;
	if (input->address && (input->key || !key || !*key))
		err = start(input, loop, maps);
	if (err) {
		cg_log_err("hep %s: cannot listen: %s", address, strerror(-err));
		cg_hep_input_free(input);
		return err;
	}
	log_program(input);
	*out = input;
	return 0;
}

void cg_hep_input_free(struct cg_hep_input *input)
{
	if (!input)
		return;
	cg_hep_listener_free(input->listener);
	if (input->order)
		cg_time_order_flush(input->order);
	cg_time_order_free(input->order);
	sd_event_source_disable_unref(input->timer);
	cg_hep_note_remove(input->guard.maps->instance);
	cg_hep_guard_close(&input->guard);
	free(input->address);
	if (input->key)
		explicit_bzero(input->key, strlen(input->key));
	free(input->key);
	free(input);
}

void cg_hep_input_poll(struct cg_hep_input *input)
{
	struct cg_hep_status status;

	if (!input)
		return;
	cg_hep_guard_open_program(&input->guard);
	log_program(input);
	cg_hep_input_get_status(input, &status);
	cg_hep_note_write(input->guard.maps->instance, &status);
}

void cg_hep_input_get_status(const struct cg_hep_input *input, struct cg_hep_status *status)
{
	uint64_t oldest;

	*status = (struct cg_hep_status){
		.counts = input->counts,
		.waiting = cg_time_order_count(input->order, &oldest),
		.connections = cg_hep_listener_connections(input->listener),
		.has_program = input->guard.program_fd >= 0,
		.has_key = input->key != NULL,
		.address = input->address,
	};
	status->counts.lost = cg_hep_listener_lost(input->listener);
}
