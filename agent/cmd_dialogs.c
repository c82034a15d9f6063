// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dialogs.h"
#include "list.h"
#include "options.h"
#include "pins.h"
#include "report.h"
#include "text.h"
#include "words.h"

#define TEXT(n) (4 * (n) + 1)

static json_t *text(const char *bytes, size_t max)
{
	char out[TEXT(CG_CALL_ID_MAX)];

	cg_text_utf8(out, sizeof(out), bytes, max);
	return json_string(out);
}

static json_t *leg(const struct cg_leg *leg, __u16 port, __u8 flags)
{
	char addr[INET6_ADDRSTRLEN];

	cg_addr_text(leg->addr, addr);
	return json_pack("{ss si so sb sb sb}", "address", addr, "port", port, "cseq",
			 flags & CG_LEG_COUNTED ? json_integer(leg->cseq) : json_null(), "gateway",
			 !!(flags & CG_LEG_GATEWAY), "host", !!(flags & CG_LEG_HOST), "witness",
			 !!(flags & CG_LEG_WITNESS));
}

static json_t *when(const struct cg_config *config, const struct cg_dialog *d, __u64 at)
{
	char out[CG_TIME_TEXT];

	cg_time_text(config, d->clock, at, out);
	return *out ? json_string(out) : json_null();
}

static json_t *to_json(const struct cg_config *config, const struct cg_dialog *d)
{
	return json_pack(
		"{so so so ss so so so so so so so so ss ss sb si si}", "call_id",
		text(d->call.call_id, CG_CALL_ID_MAX), "from_tag",
		text(d->call.from_tag, CG_TAG_MAX), "to_tag", text(d->to_tag, CG_TAG_MAX), "state",
		cg_state_word(d->state), "caller", leg(&d->caller, d->caller_port, d->caller_flags),
		"callee", leg(&d->callee, d->callee_port, d->callee_flags), "from_uri",
		text(d->call.from_uri, CG_URI_MAX), "to_uri", text(d->call.to_uri, CG_URI_MAX),
		"request_uri", text(d->call.request_uri, CG_URI_MAX), "setup",
		when(config, d, d->setup), "answer", when(config, d, d->answer), "end",
		when(config, d, d->end), "end_reason", cg_end_word(d->end_reason), "ended_by",
		cg_leg_word(d->ended_by), "suspect", !!(d->flags & CG_D_SUSPECT), "blocked_byes",
		d->blocked_byes, "sip_code", d->sip_code);
}

#define NARROW 110 /* columns: on a narrower terminal times and addresses are short */

static void leg_text(const struct cg_leg *leg, __u16 port, __u8 flags, bool narrow, char *out,
		     size_t size)
{
	char addr[INET6_ADDRSTRLEN], cseq[16] = "-", ports[8] = "";

	cg_addr_text(leg->addr, addr);
	if (flags & CG_LEG_COUNTED)
		snprintf(cseq, sizeof(cseq), "%u", leg->cseq);
	if (!narrow)
		snprintf(ports, sizeof(ports), ":%u", port);
	snprintf(out, size, "%s%s %s", addr, ports, cseq);
}

static const struct cg_list_column columns[] = {
	{ "STATE", 0, 0 },
	{ "ANSWERED", 0, 0 },
	{ "CALLER CSEQ", 18, CG_LIST_CUT },
	{ "CALLEE CSEQ", 18, CG_LIST_CUT },
	{ "BLOCKED", 0, CG_LIST_RIGHT },
	{ "CALL-ID", 0, CG_LIST_CUT },
};

static int show(struct cg_list *list, const struct cg_config *config, const struct cg_dialog *d)
{
	char call_id[TEXT(CG_CALL_ID_MAX)], since[CG_TIME_TEXT], caller[80], callee[80],
		blocked[16];
	const char *cells[] = { cg_state_word(d->state), since, caller, callee, blocked, call_id };
	unsigned int width = cg_output_columns();
	bool narrow = width && width < NARROW;

	cg_text_utf8(call_id, sizeof(call_id), d->call.call_id, CG_CALL_ID_MAX);
	cg_time_text(config, d->clock, d->answer, since);
	if (narrow)
		cg_time_short(since);
	leg_text(&d->caller, d->caller_port, d->caller_flags, narrow, caller, sizeof(caller));
	leg_text(&d->callee, d->callee_port, d->callee_flags, narrow, callee, sizeof(callee));
	snprintf(blocked, sizeof(blocked), "%u", d->blocked_byes);
	return cg_list_add(list, cells, d->blocked_byes ? CG_RED : CG_PLAIN);
}

struct shown {
	const struct cg_options *options;
	struct cg_config config;
	struct cg_list *list; /* NULL: JSON */
	bool any;
};

static int take(void *ctx, const struct cg_dialog *dialog)
{
	struct shown *shown = ctx;
	json_t *json;

	if (shown->list)
		return show(shown->list, &shown->config, dialog);
	json = to_json(&shown->config, dialog);
	if (!json)
		return -ENOMEM;
	fputs(shown->any ? ",\n" : "[", stdout);
	json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(json);
	shown->any = true;
	return ferror(stdout) ? -EPIPE : 0;
}

int cg_cmd_dialogs(const struct cg_options *options)
{
	struct shown shown = { .options = options };
	int err, fd;

	fd = cg_config_open(options->instance, &shown.config);
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	close(fd);
	if (!options->json) {
		shown.list = cg_list_new(columns, sizeof(columns) / sizeof(*columns));
		if (!shown.list)
			return cg_fail("dialogs: out of memory");
	}
	err = cg_dialogs_each(options->instance, take, &shown);
	if (err)
		cg_list_free(shown.list);
	else
		err = cg_list_end(shown.list);
	if (options->json && !err)
		puts(shown.any ? "]" : "[]");
	if (ferror(stdout))
		return cg_out_end();
	return err ? cg_fail_open(options->instance, err) : cg_out_end();
}
