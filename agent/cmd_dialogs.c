// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dialogs.h"
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

static void leg_text(const struct cg_leg *leg, __u16 port, __u8 flags, char *out, size_t size)
{
	char addr[INET6_ADDRSTRLEN];

	cg_addr_text(leg->addr, addr);
	snprintf(out, size, flags & CG_LEG_COUNTED ? "%s:%u %u" : "%s:%u -", addr, port, leg->cseq);
}

static void show(const struct cg_config *config, const struct cg_dialog *d)
{
	char call_id[TEXT(CG_CALL_ID_MAX)], since[CG_TIME_TEXT], caller[80], callee[80];

	cg_text_utf8(call_id, sizeof(call_id), d->call.call_id, CG_CALL_ID_MAX);
	cg_time_text(config, d->clock, d->answer, since);
	leg_text(&d->caller, d->caller_port, d->caller_flags, caller, sizeof(caller));
	leg_text(&d->callee, d->callee_port, d->callee_flags, callee, sizeof(callee));
	printf("%-10s %-26.26s %-28s %-28s %7u %s\n", cg_state_word(d->state), since, caller,
	       callee, d->blocked_byes, call_id);
}

struct shown {
	const struct cg_options *options;
	struct cg_config config;
	bool any;
};

static int take(void *ctx, const struct cg_dialog *dialog)
{
	struct shown *shown = ctx;
	json_t *json;

	if (!shown->options->json) {
		show(&shown->config, dialog);
		return ferror(stdout) ? -EPIPE : 0;
	}
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
	if (!options->json)
		printf("%-10s %-26s %-28s %-28s %7s %s\n", "STATE", "ANSWERED", "CALLER CSEQ",
		       "CALLEE CSEQ", "BLOCKED", "CALL-ID");
	err = cg_dialogs_each(options->instance, take, &shown);
	if (options->json && !err)
		puts(shown.any ? "]" : "[]");
	return err ? cg_fail_open(options->instance, err) : cg_out_end();
}
