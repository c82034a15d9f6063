// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "top/json.h"

#include "format/dialog_json.h"
#include "maps/counters.h"
#include "util/enum_names.h"
#include "util/text.h"

#define OFFENDERS 20

static json_t *per_second(const struct cg_rate *rate)
{
	return rate->per_second < 0 ? json_null() : json_real(rate->per_second);
}

static json_t *rate(const struct cg_rate *r)
{
	return json_pack("{sI so}", "total", (json_int_t)r->total, "per_second", per_second(r));
}

static json_t *interfaces(const struct cg_top *top)
{
	json_t *array = json_array();

	for (size_t i = 0; i < top->n_interfaces; i++) {
		const struct cg_interface *interface = &top->interfaces[i];

		json_array_append_new(array, json_pack("{ss ss}", "name", interface->name, "in",
						       cg_interface_state(interface)));
	}
	return array;
}

static json_t *offenders(const struct cg_top *top)
{
	struct cg_offender list[OFFENDERS];
	unsigned int n = cg_offenders_top(&top->offenders, list, OFFENDERS);
	json_t *array = json_array();
	char source[INET6_ADDRSTRLEN];

	for (unsigned int i = 0; i < n; i++) {
		cg_addr_format(list[i].addr, source);
		json_array_append_new(array,
				      json_pack("{ss sI sI ss}", "source", source, "at_least",
						(json_int_t)(list[i].count - list[i].over),
						"at_most", (json_int_t)list[i].count, "reason",
						cg_reason_name(list[i].reason)));
	}
	return array;
}

static json_t *call(const struct cg_top *top, const struct cg_dialog *d)
{
	char source[INET6_ADDRSTRLEN], answer[CG_TIME_TEXT];

	cg_addr_format(d->caller.addr, source);
	cg_time_format(&top->config, d->clock, d->answer, answer);
	return json_pack("{so ss ss so so ss si}", "call_id",
			 cg_wire_json(d->call.call_id, CG_CALL_ID_MAX), "state",
			 cg_state_name(d->state), "answer", answer, "caller",
			 cg_wire_json(d->call.from_uri, CG_URI_MAX), "callee",
			 cg_wire_json(d->call.to_uri, CG_URI_MAX), "source", source, "blocked_byes",
			 d->blocked_byes);
}

static json_t *calls(const struct cg_top *top)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < top->calls->n; i++)
		json_array_append_new(array, call(top, &top->calls->list[i]));
	return array;
}

json_t *cg_top_json(const struct cg_top *top)
{
	const struct cg_counters *c = &top->counters;
	char at[CG_TIME_TEXT];

	cg_time_format(&top->config, top->config.clock, top->now, at);
	return json_pack(
		"{ss ss ss so sb so so so s{si si so so so} s{so so so} so s{sI sI sI sI} so}",
		"at", at, "instance", top->instance, "mode", cg_mode_name(top->config.mode),
		"breaker", *top->breaker ? json_string(top->breaker) : json_null(), "daemon",
		top->daemon_fd >= 0, "interfaces", interfaces(top), "maps",
		cg_map_usage_json(top->fills, CG_TOP_MAPS), "filling",
		cg_map_usage_alarms_json(top->fills, CG_TOP_MAPS), "calls", "live",
		top->calls->live, "ended", top->calls->ended, "starts_per_second",
		per_second(&top->starts), "ends_per_second", per_second(&top->ends), "list",
		calls(top), "byes", "passed", rate(&top->passed), "dropped", rate(&top->dropped),
		"would_drop", rate(&top->would_drop), "spool_rows",
		top->spool_rows < 0 ? json_null() : json_integer(top->spool_rows), "lost", "events",
		(json_int_t)c->events_lost, "alerts", (json_int_t)c->alerts_lost, "alerts_limited",
		(json_int_t)c->alerts_limited, "unguarded", (json_int_t)cg_counters_unguarded(c),
		"offenders",
		top->daemon_fd >= 0 || top->offenders.n ? offenders(top) : json_null());
}
