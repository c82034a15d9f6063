// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A plug-in for Nagios, Icinga and their kin: exit 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

#define ROWS_MOST 1000000

struct check {
	const struct cg_options *options;
	struct cg_plugin plugin;
	struct cg_config config;
	__u32 config_id; /* of the kernel: a map pinned anew has another */
};

static struct cg_range range_of(const char *text)
{
	struct cg_range range = {};

	cg_range_parse(&range, text);
	return range;
}

/* By two ranges, of which the worse has the word. */
static enum cg_plugin_state judge(const struct cg_range *warning, const struct cg_range *critical,
				  double value)
{
	return cg_range_alerts(critical, value)	 ? CG_PLUGIN_CRITICAL
	       : cg_range_alerts(warning, value) ? CG_PLUGIN_WARNING
						 : CG_PLUGIN_OK;
}

static void interfaces(struct check *c)
{
	struct cg_interface *list;
	unsigned int alive = 0;
	size_t n;

	if (cg_interface_list(c->options->instance, &list, &n)) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "interfaces are not told");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		alive += list[i].alive;
		if (!list[i].alive)
			cg_plugin_say(&c->plugin, CG_PLUGIN_WARNING, "interface %s is gone",
				      list[i].name);
		else if (!list[i].hidden && !list[i].program_out)
			cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL,
				      "%s has lost its tc filter on the way out", list[i].name);
	}
	free(list);
	cg_plugin_say(&c->plugin, alive ? CG_PLUGIN_OK : CG_PLUGIN_CRITICAL,
		      alive ? "%u interfaces guarded" : "no interface is guarded", alive);
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){
				  .label = "interfaces", .uom = "", .value = alive, .min = "0" });
}

static void mode(struct check *c)
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

static void fill(struct check *c, struct cg_map_usage fill)
{
	const char *w = c->options->warning, *k = c->options->critical;
	struct cg_range warning = range_of(w), critical = range_of(k);
	int err = cg_map_usage_read(c->options->instance, &fill);
	double percent;

	if (err) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "map %s: %s", fill.map,
			      strerror(-err));
		return;
	}
	percent = fill.max ? fill.used * 10000ULL / fill.max / 100.0 : 0;
	cg_plugin_say(&c->plugin, judge(&warning, &critical, percent), "%s %.0f %% full", fill.map,
		      percent);
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){ fill.map, "%", percent, w, k, "0", "100" });
}

struct losses {
	unsigned long long events, unguarded, unrecorded;
};

/*
 * What was lost since the last check by this user: sums alone would alert for ever. The first one
 * of an attach, and one that may keep no note, counts from the attach.
 */
static const char *since(struct check *c, const struct losses *now, struct losses *lost)
{
	char suffix[32], text[CG_RUNTIME_NOTE_MAX];
	struct losses then = {};
	__u32 id = 0;
	bool told;

	snprintf(suffix, sizeof(suffix), "check-%u", geteuid());
	told = !cg_runtime_note_read(c->options->instance, suffix, text) &&
	       sscanf(text, "%u %llu %llu %llu", &id, &then.events, &then.unguarded,
		      &then.unrecorded) == 4 &&
	       id == c->config_id;
	if (!told)
		then = (struct losses){};
	snprintf(text, sizeof(text), "%u %llu %llu %llu\n", c->config_id, now->events,
		 now->unguarded, now->unrecorded);
	cg_runtime_note_write(c->options->instance, suffix, text);
	*lost = (struct losses){ now->events - then.events, now->unguarded - then.unguarded,
				 now->unrecorded - then.unrecorded };
	return told ? "last check" : "attach";
}

static void count(struct check *c, const char *label, __u64 value)
{
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){ .label = label, .uom = "c", .value = value });
}

static void counters(struct check *c)
{
	union cg_counters_sum sum;
	const struct cg_counters *n = &sum.counters;
	struct losses now, lost;
	const char *when;
	int err = cg_counters_read_pinned(c->options->instance, &sum);

	if (err) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "counters: %s", strerror(-err));
		return;
	}
	now = (struct losses){ n->events_lost, cg_counters_unguarded(n),
			       cg_counters_unrecorded(n) };
	when = since(c, &now, &lost);
	if (lost.unrecorded)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL,
			      "%llu calls without a CDR since the %s", lost.unrecorded, when);
	if (lost.unguarded)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "%llu calls unguarded since the %s",
			      lost.unguarded, when);
	if (lost.events)
		cg_plugin_say(&c->plugin, CG_PLUGIN_WARNING, "%llu events lost since the %s",
			      lost.events, when);
	count(c, "byes_passed", n->in.bye + n->in.bye_repeat);
	count(c, "dropped", n->dropped);
	count(c, "would_drop", n->would_drop);
	count(c, "events_lost", now.events);
	count(c, "alerts_lost", n->alerts_lost);
	count(c, "unguarded", now.unguarded);
}

static void daemon_runs(struct check *c)
{
	int fd = cg_runtime_connect(c->options->instance);

	if (fd >= 0)
		cg_plugin_say(&c->plugin, CG_PLUGIN_OK, "daemon runs");
	else if (fd == -ENOENT || fd == -ECONNREFUSED)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "daemon does not run");
	else if (fd == -EAGAIN)
		cg_plugin_say(&c->plugin, CG_PLUGIN_CRITICAL, "daemon hangs");
	else
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "daemon's socket: %s", strerror(-fd));
	if (fd >= 0)
		close(fd);
}

/* With a PostgreSQL, rows only pass through: the oldest tells how late the bill is. */
static void waiting(struct check *c, __s64 oldest_us, __s64 rows)
{
	const char *w = c->options->spool_warning, *k = c->options->spool_critical;
	struct cg_range warning = range_of(w), critical = range_of(k);
	double age = 0;

	if (oldest_us)
		age = cg_now_us() / 1000000 - oldest_us / 1000000;
	age = age > 0 ? age : 0;
	cg_plugin_say(&c->plugin, judge(&warning, &critical, age),
		      rows ? "%lld rows wait, the oldest of %.0f s ago" : "no row waits",
		      (long long)rows, age);
	cg_plugin_measure(&c->plugin,
			  (struct cg_perfdata){ "spool_age", "s", age, w, k, "0", NULL });
}

static void spool(struct check *c)
{
	struct cg_spool *spool = NULL;
	struct cg_store store;
	__s64 rows, oldest = 0;

	if (cg_store_select(c->options->instance, c->options->config, c->options->db,
			    c->options->spool, &store)) {
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN,
			      "the daemon's configuration is not legal");
		return;
	}
	rows = cg_spool_open(store.spool, 0, &spool);
	if (!rows)
		rows = cg_spool_count_rows(spool, ROWS_MOST);
	if (rows >= 0 && store.db && cg_spool_get_oldest(spool, &oldest))
		oldest = 0;
	if (rows < 0)
		cg_plugin_say(&c->plugin, CG_PLUGIN_UNKNOWN, "spool %s: %s", store.spool,
			      cg_spool_strerror(spool));
	else
		cg_plugin_measure(&c->plugin, (struct cg_perfdata){ .label = "spool_rows",
								    .uom = "",
								    .value = rows,
								    .min = "0" });
	if (rows >= 0 && store.db)
		waiting(c, oldest, rows);
	cg_spool_close(spool);
	cg_store_free(&store);
}

static void instance(struct check *c)
{
	fill(c, cg_map_usages[CG_USAGE_DIALOGS]);
	fill(c, cg_map_usages[CG_USAGE_PENDING]);
	mode(c);
	interfaces(c);
	counters(c);
	daemon_runs(c);
	spool(c);
}

int cg_cmd_check(const struct cg_options *options)
{
	struct check c = { .options = options };
	int fd = cg_config_open(options->instance, &c.config);
	struct cg_capture report;

	cg_output_capture(&report); /* only stdout is read */
	if (fd >= 0) {
		c.config_id = cg_map_get_id(fd);
		close(fd);
		if (!options->netns)
			cg_instance_netns_enter(options->instance);
		instance(&c);
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
