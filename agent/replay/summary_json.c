// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <jansson.h>

#include "replay/report.h"
#include "util/enum_names.h"
#include "util/text.h"

#define I(number) ((json_int_t)(number))

static json_t *make_hosts(const struct cg_replay_hosts *hosts)
{
	json_t *array = json_array();
	char addr[INET6_ADDRSTRLEN];

	for (unsigned int i = 0; i < hosts->n; i++) {
		cg_addr_format(hosts->addr[i], addr);
		json_array_append_new(array, json_string(addr));
	}
	return array;
}

/* Objects of an address and a count, under these names. */
static json_t *make_top(const struct cg_offenders *all, const char *name, const char *count)
{
	struct cg_offender top[CG_SUMMARY_TOP];
	unsigned int n = cg_offenders_top(all, top, CG_SUMMARY_TOP);
	json_t *array = json_array();
	char addr[INET6_ADDRSTRLEN];

	for (unsigned int i = 0; i < n; i++) {
		cg_addr_format(top[i].addr, addr);
		json_array_append_new(array,
				      json_pack("{ss sI}", name, addr, count, I(top[i].count)));
	}
	return array;
}

static json_t *make_time(__u64 ns)
{
	char text[CG_TIME_TEXT];

	cg_utc_format(ns / 1000, text);
	return ns ? json_string(text) : json_null();
}

static json_t *make_not_read(const struct cg_replay_summary *s)
{
	/* clang-format off */
	return json_pack("{sI sI sI sI sI sI sI sI sI sI}",
		"packets_of_no_host", I(s->judge.of_no_host),
		"invites_of_no_host", I(s->judge.invites_of_no_host),
		"packets_not_ip", I(s->reader.not_ip),
		"packets_cut", I(s->reader.cut),
		"messages_on_other_ports", I(s->reader.other_ports),
		"tcp_gaps", I(s->tcp.gaps),
		"tcp_streams_forgotten", I(s->tcp.forgotten),
		"hep_damaged", I(s->reader.hep_damaged),
		"hep_doubles", I(s->doubles),
		"left_out", I(s->judge.left_out));
	/* clang-format on */
}

json_t *cg_summary_json(const struct cg_replay_summary *s)
{
	__u64 known = s->right + s->wrong + s->silent;

	/* clang-format off */
	return json_pack("{ss so so sI sI sI so sb sI sI sI sI sI sI sI sI sI sI sI sI sf so so so so}",
		"mode", s->mode == CG_ENFORCE ? "enforce" : "observe",
		"first_packet", make_time(s->first_at),
		"last_packet", make_time(s->last_at),
		"packets", I(s->reader.packets),
		"tcp_messages", I(s->reader.tcp),
		"hep_messages", I(s->reader.hep),
		"hosts", make_hosts(&s->hosts),
		"hosts_given", s->hosts_are_given,
		"calls", I(s->calls),
		"open", I(s->open),
		"suspect", I(s->suspect),
		"byes", I(s->byes),
		"byes_unknown_dialog", I(s->byes_unknown),
		"bye_refusals", I(s->bye_refusals),
		"refusals_right", I(s->right),
		"refusals_wrong", I(s->wrong),
		"refusals_silent", I(s->silent),
		"refusals_unknown", I(s->bye_refusals > known ? s->bye_refusals - known : 0),
		"other_refusals", I(s->other_refusals),
		"first_bye_calls", I(s->calls_short),
		"first_bye_seconds_lost", s->lost_us / 1e6,
		"sources", make_top(&s->sources, "source", "refusals"),
		"callees", make_top(&s->callees, "callee_addr", "calls"),
		"unexpected_answerers", make_top(&s->unexpected, "source", "answers"),
		"not_read", make_not_read(s));
	/* clang-format on */
}
