// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Plug-in for Nagios, Icinga and the like: exit 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach/clock_check.h"
#include "attach/gateway_check.h"
#include "attach/instance_netns.h"
#include "attach/interface.h"
#include "attach/open_error.h"
#include "cli/options.h"
#include "cli/plugin.h"
#include "config/store_select.h"
#include "maps/counters.h"
#include "maps/map_usage.h"
#include "maps/pins.h"
#include "maps/runtime_dir.h"
#include "spool/spool.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/text.h"

#define ROWS_MAX 1000000 /* rows are counted up to here */

struct check {
	const struct cg_options *options;
	struct cg_plugin plugin;
	struct cg_config config;
	__u32 config_id; /* the kernel's id of the map; a new attach has another */
};

static struct cg_range parse_range(const char *text)
{
	struct cg_range range = {};

	cg_range_parse(&range, text);
	return range;
}

/* Returns the worse state of the two ranges. */
static enum cg_plugin_state state_of_value(const struct cg_range *warning,
					   const struct cg_range *critical, double value)
{
	return cg_range_alerts(critical, value)	 ? CG_PLUGIN_CRITICAL
	       : cg_range_alerts(warning, value) ? CG_PLUGIN_WARNING
						 : CG_PLUGIN_OK;
}

static void check_interfaces(struct check *c)
{
	struct cg_interface *list;
	unsigned int alive = 0;
	size_t n;

	if (cg_interface_list(c->options->instance, &list, &n)) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "cannot list the interfaces");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		alive += list[i].alive;
		if (!list[i].alive)
			cg_plugin_say(&c->plugin, CG_PLUGIN_WARNING,
				      "interface %s does not exist any more", list[i].name);
		else if (!list[i].hidden && !list[i].tc.out)
			cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL,
				      "%s has lost its tc egress filter", list[i].name);
		else if (cg_interface_lacks_filter(&list[i]))
			cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL,
				      "%s has lost a tc %s filter for TCP", list[i].name,
				      list[i].tc.tcp_in ? "egress" : "ingress");
	}
	free(list);
	cg_plugin_say(&c->plugin, alive ? CG_PLUGIN_OK : CG_PLUGIN_CRITICAL,
		      alive ? "%u interfaces guarded" : "no interface is guarded", alive);
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){
				  .label = "interfaces", .uom = "", .value = alive, .min = "0" });
}

static void check_mode(struct check *c)
{
	char breaker[CG_RUNTIME_NOTE_MAX];

	if (c->config.mode == CG_OBSERVE &&
	    !cg_runtime_note_read(c->options->instance, CG_RUNTIME_BREAKER, breaker))
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL,
			      "the breaker fell back to observe mode: %s", breaker);
	else if (c->config.mode != c->options->expect)
		cg_plugin_say(&c->plugin, CG_PLUGIN_WARNING, "mode %s, expected %s",
			      cg_mode_name(c->config.mode), cg_mode_name(c->options->expect));
	else
		cg_plugin_say(&c->plugin, CG_PLUGIN_OK, "mode %s", cg_mode_name(c->config.mode));
}

static void check_gateways(struct check *c)
{
	char why[CG_GATEWAY_WHY];

	if (cg_gateway_covers_host(c->options->instance, why))
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "gateway %s", why);
}

/* Only what is wrong is worth a word. */
static void check_clock(struct check *c)
{
	char why[CG_CLOCK_WHY];

	if (cg_clock_is_early(time(NULL), why))
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "the clock is wrong: %s", why);
}

static void check_usage(struct check *c, struct cg_map_usage fill)
{
	const char *w = c->options->warning, *k = c->options->critical;
	struct cg_range warning = parse_range(w), critical = parse_range(k);
	int err = cg_map_usage_read(c->options->instance, &fill);
	double percent;

	if (err) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "cannot read map %s: %s", fill.map,
			      strerror(-err));
		return;
	}
	percent = fill.max ? fill.used * 10000ULL / fill.max / 100.0 : 0;
	cg_plugin_say(&c->plugin, state_of_value(&warning, &critical, percent), "%s %.0f %% full",
		      fill.map, percent);
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){ fill.map, "%", percent, w, k, "0", "100" });
}

struct losses {
	unsigned long long events, unguarded, unrecorded;
};

/*
 * Stores the losses since the previous check by this user: an alert on the sums would never end.
 * The first check after an attach counts from the attach, and so does one that cannot write its
 * note. Returns the name of the starting point.
 */
static const char *read_new_losses(struct check *c, const struct losses *now, struct losses *lost)
{
	char suffix[32], text[CG_RUNTIME_NOTE_MAX];
	struct losses then = {};
	__u32 id = 0;
	bool has_note;

	snprintf(suffix, sizeof(suffix), CG_RUNTIME_CHECK "%u", geteuid());
	has_note = !cg_runtime_note_read(c->options->instance, suffix, text) &&
		   sscanf(text, "%u %llu %llu %llu", &id, &then.events, &then.unguarded,
			  &then.unrecorded) == 4 &&
		   id == c->config_id && then.events <= now->events &&
		   then.unguarded <= now->unguarded && then.unrecorded <= now->unrecorded;
	if (!has_note)
		then = (struct losses){};
	snprintf(text, sizeof(text), "%u %llu %llu %llu\n", c->config_id, now->events,
		 now->unguarded, now->unrecorded);
	cg_runtime_note_write(c->options->instance, suffix, text);
	*lost = (struct losses){ now->events - then.events, now->unguarded - then.unguarded,
				 now->unrecorded - then.unrecorded };
	return has_note ? "last check" : "attach";
}

static void add_counter(struct check *c, const char *label, __u64 value)
{
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){ .label = label, .uom = "c", .value = value });
}

static void check_counters(struct check *c)
{
	union cg_counters_sum sum;
	const struct cg_counters *n = &sum.counters;
	struct losses now, lost;
	const char *when;
	int err = cg_counters_read_pinned(c->options->instance, &sum);

	if (err) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "cannot read the counters: %s",
			      strerror(-err));
		return;
	}
	now = (struct losses){ n->events_lost, cg_counters_unguarded(n),
			       cg_counters_unrecorded(n) };
	when = read_new_losses(c, &now, &lost);
	if (lost.unrecorded)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL,
			      "%llu calls without a CDR since the %s", lost.unrecorded, when);
	if (lost.unguarded)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "%llu calls unguarded since the %s",
			      lost.unguarded, when);
	if (lost.events)
		cg_plugin_say(&c->plugin, CG_PLUGIN_WARNING, "%llu events lost since the %s",
			      lost.events, when);
	add_counter(c, "byes_passed", n->in.bye + n->in.bye_repeat);
	add_counter(c, "dropped", n->dropped);
	add_counter(c, "would_drop", n->would_drop);
	add_counter(c, "rewritten", n->rewritten);
	add_counter(c, "events_lost", now.events);
	add_counter(c, "alerts_lost", n->alerts_lost);
	add_counter(c, "unguarded", now.unguarded);
}

static void check_daemon(struct check *c)
{
	int fd = cg_runtime_connect(c->options->instance);

	if (fd >= 0)
		cg_plugin_say(&c->plugin, CG_PLUGIN_OK, "daemon runs");
	else if (fd == -ENOENT || fd == -ECONNREFUSED)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "daemon does not run");
	else if (fd == -EAGAIN)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "daemon hangs");
	else
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "cannot connect to the daemon: %s",
			      strerror(-fd));
	if (fd >= 0)
		close(fd);
}

/* With PostgreSQL the spool is a queue, and the age of its oldest row is the delay of the bill. */
static void check_waiting_rows(struct check *c, __s64 oldest_us, __s64 rows)
{
	const char *w = c->options->spool_warning, *k = c->options->spool_critical;
	struct cg_range warning = parse_range(w), critical = parse_range(k);
	double age = 0;

	if (oldest_us)
		age = cg_now_us() / 1000000 - oldest_us / 1000000;
	age = age > 0 ? age : 0;
	cg_plugin_say(&c->plugin, state_of_value(&warning, &critical, age),
		      rows ? "%lld rows wait, the oldest for %.0f s" : "no row waits",
		      (long long)rows, age);
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){ "spool_age", "s", age, w, k, "0", NULL });
}

static void check_spool(struct check *c)
{
	struct cg_spool *spool = NULL;
	struct cg_store store;
	__s64 rows, oldest = 0;

	if (cg_store_select(c->options->instance, c->options->config, c->options->db,
			    c->options->spool, &store)) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN,
			      "the configuration of the daemon is invalid");
		return;
	}
	rows = cg_spool_open(store.spool, 0, &spool);
	if (!rows)
		rows = cg_spool_count_rows(spool, ROWS_MAX);
	if (rows >= 0 && store.db && cg_spool_get_oldest(spool, &oldest))
		oldest = 0;
	if (rows < 0)
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "cannot read spool %s: %s",
			      store.spool, cg_spool_strerror(spool));
	else
		cg_plugin_measure(&c->plugin, (struct cg_perfdata){ .label = "spool_rows",
								    .uom = "",
								    .value = rows,
								    .min = "0" });
	if (rows >= 0 && store.db)
		check_waiting_rows(c, oldest, rows);
	cg_spool_close(spool);
	cg_store_free(&store);
}

static void check_instance(struct check *c)
{
	check_usage(c, cg_map_usages[CG_USAGE_DIALOGS]);
	check_usage(c, cg_map_usages[CG_USAGE_PENDING]);
	check_usage(c, cg_map_usages[CG_USAGE_BRANCHES]);
	check_mode(c);
	check_gateways(c);
	check_clock(c);
	check_interfaces(c);
	check_counters(c);
	check_daemon(c);
	check_spool(c);
}

int cg_cmd_check(const struct cg_options *options)
{
	struct check c = { .options = options };
	int fd = cg_config_open(options->instance, &c.config);
	struct cg_capture report;

	cg_output_capture(&report); /* monitors read only stdout */
	if (fd >= 0) {
		c.config_id = cg_map_get_id(fd);
		close(fd);
		if (!options->netns)
			cg_instance_netns_enter(options->instance);
		check_instance(&c);
	} else if (fd == -ENOENT) {
		cg_plugin_say(&c.plugin, CG_PLUGIN_CRITICAL, "instance %s is not attached",
			      options->instance);
	} else {
		cg_fail_open(options->instance, fd);
		cg_plugin_say(&c.plugin, CG_PLUGIN_UNKNOWN, "%s", report.text);
	}
	cg_output_release(&report);
	return cg_plugin_end(&c.plugin, options->json);
}
