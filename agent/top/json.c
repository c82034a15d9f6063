// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top/json.h"

#include "format/dialog_json.h"
#include "maps/counters.h"
#include "util/enum_names.h"
#include "util/text.h"

#define OFFENDERS_MAX 20

static json_t *make_per_second(const struct cg_rate *rate)
{
	return rate->per_second < 0 ? json_null() : json_real(rate->per_second);
}

static json_t *make_rate(const struct cg_rate *rate)
{
	return json_pack("{sI so}", "total", (json_int_t)rate->total, "per_second",
			 make_per_second(rate));
}

static json_t *make_interfaces(const struct cg_top *top)
{
	json_t *array = json_array();

	for (size_t i = 0; i < top->n_interfaces; i++) {
		const struct cg_interface *interface = &top->interfaces[i];

		json_array_append_new(array, json_pack("{ss ss}", "name", interface->name, "in",
						       cg_interface_state(interface)));
	}
	return array;
}

/* clang-format off */
static json_t *make_offender(const struct cg_offender *offender)
{
	char source[INET6_ADDRSTRLEN];

	cg_addr_format(offender->addr, source);
	return json_pack("{ss sI sI ss}",
			 "source", source,
			 "at_least", (json_int_t)(offender->count - offender->over),
			 "at_most", (json_int_t)offender->count,
			 "reason", cg_reason_name(offender->reason));
}
/* clang-format on */

/* Null if no daemon has reported any since top started. */
static json_t *make_offenders(const struct cg_top *top)
{
	struct cg_offender list[OFFENDERS_MAX];
	unsigned int n = cg_offenders_top(&top->offenders, list, OFFENDERS_MAX);
	json_t *array;

	if (top->daemon_fd < 0 && !top->offenders.n)
		return json_null();
	array = json_array();
	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(array, make_offender(&list[i]));
	return array;
}

static json_t *make_call_list(const struct cg_top *top)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < top->calls->n; i++)
		json_array_append_new(
			array, cg_dialog_json(&top->calls->list[i], top->config.clock_offset));
	return array;
}

/* clang-format off */
static json_t *make_calls(const struct cg_top *top)
{
	return json_pack("{si si so so so}",
			 "live", top->calls->live,
			 "ended", top->calls->ended,
			 "starts_per_second", make_per_second(&top->starts),
			 "ends_per_second", make_per_second(&top->ends),
			 "list", make_call_list(top));
}

static json_t *make_byes(const struct cg_top *top)
{
	return json_pack("{so so so so}",
			 "passed", make_rate(&top->passed),
			 "dropped", make_rate(&top->dropped),
			 "rewritten", make_rate(&top->rewritten),
			 "would_drop", make_rate(&top->would_drop));
}

static json_t *make_losses(const struct cg_counters *c)
{
	return json_pack("{sI sI sI sI}",
			 "events", (json_int_t)c->events_lost,
			 "alerts", (json_int_t)c->alerts_lost,
			 "alerts_limited", (json_int_t)c->alerts_limited,
			 "unguarded", (json_int_t)cg_counters_unguarded(c));
}

json_t *cg_top_json(const struct cg_top *top)
{
	char at[CG_TIME_TEXT];

	cg_time_format(&top->config, top->config.clock, top->now, at);
	return json_pack("{ss ss ss so sb so so so so so so so so so}",
			 "at", at,
			 "instance", top->instance,
			 "mode", cg_mode_name(top->config.mode),
			 "breaker", *top->breaker ? json_string(top->breaker) : json_null(),
			 "daemon", top->daemon_fd >= 0,
			 "interfaces", make_interfaces(top),
			 "maps", cg_map_usage_json(top->usages, CG_TOP_MAPS),
			 "filling", cg_map_usage_alarms_json(top->usages, CG_TOP_MAPS),
			 "largest_share", cg_share_most_json(&top->most, top->config.max_dialogs),
			 "calls", make_calls(top),
			 "byes", make_byes(top),
			 "spool_rows", top->spool_rows < 0 ? json_null()
							   : json_integer(top->spool_rows),
			 "lost", make_losses(&top->counters),
			 "offenders", make_offenders(top));
}
/* clang-format on */
