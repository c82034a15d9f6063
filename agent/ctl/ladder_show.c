// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ctl/ladder_show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/open_error.h"
#include "calls/ladder.h"
#include "ctl/ctl_proto.h"
#include "format/colour.h"
#include "format/ladder_json.h"
#include "format/ladder_text.h"
#include "maps/map_iter.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/text.h"

struct call_list {
	const char *call_id;
	unsigned int n;
	struct cg_recent_call calls[CG_CTL_CALLS_MAX]; /* more forks are left out */
};

static int add_remembered(void *ctx, const struct cg_recent_call *call)
{
	struct call_list *g = ctx;

	if (g->n < CG_CTL_CALLS_MAX)
		g->calls[g->n++] = *call;
	return 0;
}

/* True for the same dialog: an earlier one may have had the same tags. */
static bool dialog_is_same(const struct cg_recent_call *call, const struct cg_dialog *d)
{
	return call->has_dialog && call->dialog.setup == d->setup &&
	       !strncmp(call->dialog.call.from_tag, d->call.from_tag, CG_TAG_MAX) &&
	       !strncmp(call->dialog.to_tag, d->to_tag, CG_TAG_MAX);
}

/* Adds a dialog of the map, or updates the remembered call with it. */
static int add_dialog(void *ctx, const struct cg_dialog *dialog)
{
	struct call_list *g = ctx;
	unsigned int i = 0;

	if (!cg_call_id_matches(dialog->call.call_id, g->call_id))
		return 0;
	while (i < g->n && !dialog_is_same(&g->calls[i], dialog))
		i++;
	if (i < g->n)
		g->calls[i].dialog = *dialog;
	else if (g->n < CG_CTL_CALLS_MAX)
		cg_ladder_call_from_dialog(dialog, &g->calls[g->n++]);
	return 0;
}

static int compare_answers(const void *one, const void *two)
{
	const struct cg_recent_call *a = one, *b = two;

	return (a->dialog.answer > b->dialog.answer) - (a->dialog.answer < b->dialog.answer);
}

static int show_json(const struct call_list *g, const struct cg_config *config)
{
	json_t *array = json_array();
	struct cg_ladder ladder;

	for (unsigned int i = 0; i < g->n; i++) {
		cg_ladder_build(&g->calls[i], &ladder);
		if (json_array_append_new(array, cg_ladder_json(&ladder, config->clock_offset))) {
			json_decref(array);
			array = NULL;
		}
	}
	return cg_stdout_write_json(array);
}

static int show_text(FILE *file, const struct call_list *g, const struct cg_config *config)
{
	struct cg_ladder ladder;

	for (unsigned int i = 0; i < g->n; i++) {
		cg_ladder_build(&g->calls[i], &ladder);
		if (i)
			fputc('\n', file);
		cg_ladder_draw(file, &ladder, config->clock_offset, cg_stdout_columns());
	}
	return cg_stdout_flush();
}

/* err: the error of the request to the daemon. */
static int fail_not_found(const char *instance, const char *asked, int err, unsigned int remembered)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	cg_text_escape(call_id, sizeof(call_id), asked, CG_CALL_ID_MAX);
	if (err)
		return cg_fail(
			"call %s: not found in instance %s, and cseqguardd, which remembers "
			"recent calls, is not running; see: cseqguard dialogs, cseqguard cdr",
			call_id, instance);
	return cg_fail(
		"call %s: not found in instance %s, nor among the %u dialogs that cseqguardd "
		"remembers; see: cseqguard dialogs, cseqguard cdr",
		call_id, instance, remembered);
}

/* Explains why only the content of the map is shown. */
static void notice_no_daemon(const char *instance, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		cg_notice("instance %s: cseqguardd, which remembers messages, is not running; only "
			  "the content of the map is shown; start cseqguardd",
			  instance);
	else if (err == -EPROTO)
		cg_notice("instance %s: cseqguardd does not answer: it has another version, or too "
			  "many clients; restart cseqguardd",
			  instance);
	else
		cg_notice("instance %s: cannot connect to cseqguardd: %s; run as root, or as a "
			  "member "
			  "of group cseqguard",
			  instance, strerror(-err));
}

int cg_ladder_show(FILE *file, const char *instance, const char *call_id, bool json)
{
	struct call_list *g = calloc(1, sizeof(*g));
	unsigned int remembered = 0;
	struct cg_config config;
	int err, asked, fd, code;

	if (!g)
		return cg_fail("ladder: out of memory");
	g->call_id = call_id;
	fd = cg_config_open(instance, &config);
	if (fd >= 0)
		close(fd);
	asked = fd < 0 ? 0
		       : cg_ctl_request_ladder(instance, call_id, add_remembered, g, &remembered);
	err = fd < 0 ? fd : cg_dialogs_for_each(instance, add_dialog, g);
	if (err < 0) {
		code = cg_fail_open(instance, err);
	} else if (!g->n) {
		code = fail_not_found(instance, call_id, asked, remembered);
	} else {
		if (asked)
			notice_no_daemon(instance, asked);
		qsort(g->calls, g->n, sizeof(*g->calls), compare_answers);
		code = json ? show_json(g, &config) : show_text(file, g, &config);
	}
	free(g);
	return code;
}
