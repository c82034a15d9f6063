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
#include "maps/dialogs.h"
#include "maps/pins.h"
#include "util/cli_output.h"
#include "util/text.h"

struct gathered {
	const char *call_id;
	unsigned int n;
	struct cg_recent_call calls[CG_CTL_CALLS_MAX]; /* the rest of so many forks is left out */
};

static int take_remembered(void *ctx, const struct cg_recent_call *call)
{
	struct gathered *g = ctx;

	if (g->n < CG_CTL_CALLS_MAX)
		g->calls[g->n++] = *call;
	return 0;
}

/* The same dialog, and not an earlier one of the same name. */
static bool same(const struct cg_recent_call *call, const struct cg_dialog *d)
{
	return call->has_dialog && call->dialog.setup == d->setup &&
	       !strncmp(call->dialog.call.from_tag, d->call.from_tag, CG_TAG_MAX) &&
	       !strncmp(call->dialog.to_tag, d->to_tag, CG_TAG_MAX);
}

static int take_dialog(void *ctx, const struct cg_dialog *dialog)
{
	struct gathered *g = ctx;
	unsigned int i = 0;

	if (!cg_call_id_matches(dialog->call.call_id, g->call_id))
		return 0;
	while (i < g->n && !same(&g->calls[i], dialog))
		i++;
	if (i < g->n)
		g->calls[i].dialog = *dialog;
	else if (g->n < CG_CTL_CALLS_MAX)
		cg_ladder_call_from_dialog(dialog, &g->calls[g->n++]);
	return 0;
}

static int compare(const void *one, const void *two)
{
	const struct cg_recent_call *a = one, *b = two;

	return (a->dialog.answer > b->dialog.answer) - (a->dialog.answer < b->dialog.answer);
}

static int show_json(const struct gathered *g, const struct cg_config *config)
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

static int show_text(FILE *file, const struct gathered *g, const struct cg_config *config)
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

/* err: of asking the daemon. */
static int unknown(const char *instance, const char *asked, int err, unsigned int remembered)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	cg_text_escape(call_id, sizeof(call_id), asked, CG_CALL_ID_MAX);
	if (err)
		return cg_fail("call %s: not in the map of instance %s, and no daemon tells what "
			       "was; see: cseqguard dialogs, and cdr",
			       call_id, instance);
	return cg_fail("call %s: neither in the map of instance %s nor among the %u dialogs that "
		       "the daemon remembers; see: cseqguard dialogs, and cdr",
		       call_id, instance, remembered);
}

/* What the map tells is shown all the same. */
static void no_daemon(const char *instance, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		cg_notice("instance %s: no daemon runs, which would remember the messages: what "
			  "the map tells is all; start cseqguardd",
			  instance);
	else if (err == -EPROTO)
		cg_notice(
			"instance %s: the daemon does not answer: it is of another version, or has "
			"as many clients as it serves; restart cseqguardd",
			instance);
	else
		cg_notice("instance %s: the daemon's socket: %s; run as root, or as a member of "
			  "group cseqguard",
			  instance, strerror(-err));
}

int cg_ladder_show(FILE *file, const char *instance, const char *call_id, bool json)
{
	struct gathered *g = calloc(1, sizeof(*g));
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
		       : cg_ctl_request_ladder(instance, call_id, take_remembered, g, &remembered);
	err = fd < 0 ? fd : cg_dialogs_for_each(instance, take_dialog, g);
	if (err < 0) {
		code = cg_fail_open(instance, err);
	} else if (!g->n) {
		code = unknown(instance, call_id, asked, remembered);
	} else {
		if (asked)
			no_daemon(instance, asked);
		qsort(g->calls, g->n, sizeof(*g->calls), compare);
		code = json ? show_json(g, &config) : show_text(file, g, &config);
	}
	free(g);
	return code;
}
