// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// link: agent/hep/hep_input.c agent/hep/hep.c agent/hep/hep_sift.c agent/hep/hep_counts.c agent/hep/hep_read.c agent/hep/time_order.c -Wl,--wrap=clock_gettime
/* When the guard gets what a proxy reports: its clock, its timer, its listener and its guard are here. */
#include "hep/hep_input.h"

#include <string.h>
#include <time.h>

#include "hep/hep.h"
#include "hep/hep_guard.h"
#include "hep/hep_listener.h"
#include "hep/hep_note.h"
#include "tap.h"
#include "util/log.h"
#include "util/loop.h"

#define MS 1000000ULL

static __u64 boot = 1000000 * MS;
static __u64 epoch = 1769860800000 * MS - 1000000 * MS; /* at boot */

static __u64 stall; /* the next reading of the wall clock takes so long */

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	__u64 ns = clock == CLOCK_REALTIME ? epoch + boot : boot;

	*now = (struct timespec){ ns / 1000000000, ns % 1000000000 };
	if (clock == CLOCK_REALTIME) {
		boot += stall;
		stall = 0;
	}
	return 0;
}

/* --- what hep_input.c uses -------------------------------------------------------------------- */

static cg_hep_handler handle;
static void *handler_ctx;
static sd_event_time_handler_t on_timer;
static __u64 due; /* 0: the timer is off */
static __u64 given_at; /* the time of the last one */
static char given[16]; /* the last character of each message that the guard got */

int cg_hep_listener_new(sd_event *loop, const char *address, cg_hep_handler handler, void *ctx,
			struct cg_hep_listener **listener)
{
	(void)loop, (void)address, (void)listener;
	handle = handler;
	handler_ctx = ctx;
	return 0;
}

void cg_hep_listener_free(struct cg_hep_listener *listener)
{
	(void)listener;
}

__u64 cg_hep_listener_lost(const struct cg_hep_listener *listener)
{
	(void)listener;
	return 0;
}

unsigned int cg_hep_listener_connections(const struct cg_hep_listener *listener)
{
	(void)listener;
	return 0;
}

int cg_timer_add(sd_event *loop, sd_event_source **timer, sd_event_time_handler_t handler,
		 void *ctx)
{
	(void)loop, (void)timer, (void)ctx;
	on_timer = handler;
	return 0;
}

void cg_timer_set(sd_event_source *timer, __u64 ns)
{
	(void)timer;
	due = ns ? boot + ns : 0;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *source)
{
	(void)source;
	return NULL;
}

int cg_hep_guard_open(struct cg_hep_guard *guard, const struct cg_guard_maps *maps)
{
	guard->maps = maps;
	return 0;
}

int cg_hep_guard_open_program(struct cg_hep_guard *guard)
{
	(void)guard;
	return 0;
}

void cg_hep_guard_close(struct cg_hep_guard *guard)
{
	(void)guard;
}

bool cg_hep_guard_is_host(void *ctx, const __u8 addr[16])
{
	(void)ctx;
	return addr[15] == 10;
}

int cg_hep_guard_run(struct cg_hep_guard *guard, const struct cg_hep_report *report,
		     const __u8 *text, size_t len)
{
	(void)guard;
	given_at = report->at;
	strncat(given, (const char *)text + len - 1, 1);
	return 0;
}

int cg_hep_note_write(const char *instance, const struct cg_hep_status *status)
{
	(void)instance, (void)status;
	return 0;
}

void cg_hep_note_remove(const char *instance)
{
	(void)instance;
}

void cg_log_err(const char *format, ...)
{
	(void)format;
}

void cg_log_notice(const char *format, ...)
{
	(void)format;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void report(const char *text, __u64 age)
{
	const __u8 sender[16] = { [15] = 1 };
	struct cg_hep hep = { .source = { [10] = 0xff, 0xff, 192, 0, 2, 1 },
			      .destination = { [10] = 0xff, 0xff, 192, 0, 2, 10 },
			      .source_port = 40000,
			      .destination_port = 5061,
			      .at = (epoch + boot - age) / 1000,
			      .type = CG_HEP_SIP,
			      .correlation = "",
			      .payload = text };
	__u8 bytes[CG_HEP_MAX];
	int len = cg_hep_encode(&hep, bytes, sizeof(bytes));

	handle(handler_ctx, sender, bytes, len);
}

static void pass(__u64 ns)
{
	boot += ns;
	while (due && due <= boot) {
		due = 0;
		on_timer(NULL, 0, handler_ctx);
	}
}

#define INVITE "INVITE sip:b@b SIP/2.0\r\nTo: <sip:b@b>\r\nCSeq: 1 INVITE\r\n\r\n"

static void clocks(void)
{
	__u64 sent = boot;

	stall = 5 * MS;
	report(INVITE, 0);
	ok(given_at == sent, "hep: a daemon that is preempted between its clocks keeps the time");
	epoch += 300 * MS;
	report(INVITE, 20 * MS);
	ok(given_at == boot - 20 * MS, "hep: a wall clock that was stepped is believed");
	stall = 5 * MS;
	sent = boot;
	report(INVITE, 0);
	ok(given_at == sent, "hep: ... and keeps its new difference");
}

int main(void)
{
	static const struct cg_guard_maps maps = { .instance = "test",
						   .config = { .n_ports = 1, .ports = { 5060 } } };
	struct cg_hep_input *input = NULL;

	ok(!cg_hep_input_new(NULL, "192.0.2.10:9060", NULL, &maps, &input), "hep: it listens");
	report("b", 0);
	ok(due == boot + 200 * MS, "hep: a message waits for 200 ms");
	report("a", 150 * MS);
	ok(due == boot + 50 * MS,
	   "hep: one that is 150 ms old waits for 50 ms more, not behind it");
	report("c", 0);
	ok(due == boot + 50 * MS, "hep: near miss: a younger one changes nothing");
	pass(50 * MS);
	ok(!strcmp(given, "a"), "hep: the guard gets the old one when its time is over: %s", given);
	pass(149 * MS);
	ok(!strcmp(given, "a"), "hep: near miss: none before its time: %s", given);
	pass(1 * MS);
	ok(!strcmp(given, "abc"), "hep: those of one time keep their order: %s", given);
	clocks();
	given[0] = '\0';
	report("d", 0);
	cg_hep_input_free(input);
	ok(!strcmp(given, "d"), "hep: what waits at the end is given to the guard: %s", given);
	return tap_done();
}
