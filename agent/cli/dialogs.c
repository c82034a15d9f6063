// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The dialogs in the map, one line or one JSON object each. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "attach/open_error.h"
#include "calls/cdr.h"
#include "cli/options.h"
#include "format/dialog_json.h"
#include "format/table_print.h"
#include "maps/map_iter.h"
#include "maps/pins.h"
#include "pair/pair_names.h"
#include "util/cli_output.h"
#include "util/enum_names.h"
#include "util/text.h"

#define WIDE_COLUMNS 110 /* a narrower terminal shows short times, and addresses without port */

static void format_leg(const struct cg_leg *leg, __u16 port, __u8 flags, bool narrow, char *out,
		       size_t size)
{
	char addr[INET6_ADDRSTRLEN], cseq[16] = "-", ports[8] = "";

	cg_addr_format(leg->addr, addr);
	if (flags & CG_LEG_CSEQ_VALID)
		snprintf(cseq, sizeof(cseq), "%u", leg->cseq);
	if (!narrow)
		snprintf(ports, sizeof(ports), ":%u", port);
	snprintf(out, size, "%s%s %s", addr, ports, cseq);
}

static const struct cg_table_print_column columns[] = {
	{ .name = "STATE" },
	{ .name = "ANSWERED" },
	{ .name = "CALLER CSEQ", .width = 18, .flags = CG_PRINT_CUT },
	{ .name = "CALLEE CSEQ", .width = 18, .flags = CG_PRINT_CUT },
	{ .name = "BLOCKED", .flags = CG_PRINT_RIGHT },
	{ .name = "SIDES", .flags = CG_PRINT_WIDE },
	{ .name = "TRANSPORT", .flags = CG_PRINT_WIDE },
	{ .name = "CANDIDATE END", .flags = CG_PRINT_WIDE },
	{ .name = "CALL-ID", .flags = CG_PRINT_CUT },
	{ .name = "OWNER" }, /* on a host of a pair */
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

static int add_row(struct cg_table_print *list, const struct cg_config *config, const char *owner,
		   const struct cg_dialog *d)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)], since[CG_TIME_TEXT], caller[80], callee[80],
		blocked[16], sides[32], transport[16], candidate[CG_TIME_TEXT] = "-";
	const char *cells[] = { cg_state_name(d->state),
				since,
				caller,
				callee,
				blocked,
				sides,
				transport,
				candidate,
				call_id,
				owner ? owner : "-" };
	__u64 candidate_end = cg_dialog_recorded_candidate_ns(d);
	unsigned int width = cg_stdout_columns();
	bool narrow = width && width < WIDE_COLUMNS;

	cg_text_escape(call_id, sizeof(call_id), d->call.call_id, CG_CALL_ID_MAX);
	cg_time_format(config, d->clock, d->answer, since);
	if (narrow)
		cg_time_shorten(since);
	format_leg(&d->caller, d->caller_port, d->caller_flags, narrow, caller, sizeof(caller));
	format_leg(&d->callee, d->callee_port, d->callee_flags, narrow, callee, sizeof(callee));
	snprintf(blocked, sizeof(blocked), "%u", cg_dialog_blocked_byes(d));
	snprintf(sides, sizeof(sides), "%s-%s", cg_side_name(cg_leg_side(d->caller_flags)),
		 cg_side_name(cg_leg_side(d->callee_flags)));
	snprintf(transport, sizeof(transport), "%s-%s", cg_dialog_transport_text(d, CG_LEG_CALLER),
		 cg_dialog_transport_text(d, CG_LEG_CALLEE));
	if (candidate_end)
		cg_time_format(config, d->clock, candidate_end, candidate);
	return cg_table_print_row(list, cells, cg_dialog_blocked_byes(d) ? CG_RED : CG_PLAIN);
}

struct printer {
	const struct cg_options *options;
	struct cg_config config;
	struct cg_pair_names names;
	struct cg_table_print *list; /* NULL: JSON */
	bool has_output;
};

static int print_dialog(void *ctx, const struct cg_dialog *dialog)
{
	struct printer *printer = ctx;
	const char *owner = cg_pair_names_find(&printer->names, dialog);
	json_t *json;

	if (printer->options->foreign && !dialog->peer)
		return 0;
	if (printer->list)
		return add_row(printer->list, &printer->config, owner, dialog);
	json = cg_dialog_json(dialog, printer->config.clock_offset);
	if (!json)
		return -ENOMEM;
	json_object_set_new(json, "owner", owner ? json_string(owner) : json_null());
	fputs(printer->has_output ? ",\n" : "[", stdout);
	json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(json);
	printer->has_output = true;
	return ferror(stdout) ? -EPIPE : 0;
}

int cg_cmd_dialogs(const struct cg_options *options)
{
	struct printer printer = { .options = options };
	int err, fd;

	fd = cg_config_open(options->instance, &printer.config);
	if (fd < 0)
		return cg_fail_open(options->instance, fd);
	close(fd);
	cg_pair_names_read(options->instance, &printer.names);
	if (!options->json) {
		printer.list = cg_table_print_new(columns, COLUMNS - !printer.names.any);
		if (!printer.list)
			return cg_fail("dialogs: out of memory");
	}
	err = cg_dialogs_for_each(options->instance, print_dialog, &printer);
	if (err)
		cg_table_print_free(printer.list);
	else
		err = cg_table_print_end(printer.list);
	if (options->json && !err)
		puts(printer.has_output ? "]" : "[]");
	if (ferror(stdout))
		return cg_stdout_flush();
	return err ? cg_fail_open(options->instance, err) : cg_stdout_flush();
}
