// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "replay/call_ladder.h"

#include <stdio.h>
#include <stdlib.h>

#include "calls/ladder.h"
#include "format/colour.h"
#include "format/ladder_json.h"
#include "format/ladder_text.h"
#include "util/cli_output.h"
#include "util/text.h"

static const __s64 utc[CG_CLOCKS]; /* the engine's clock is UTC */

struct cg_call_ladder {
	const char *call_id;
	struct cg_recent *recent;
	struct cg_dialog_key changed;
	bool is_changed;
};

struct cg_call_ladder *cg_call_ladder_new(const char *call_id)
{
	struct cg_call_ladder *ladder = calloc(1, sizeof(*ladder));

	if (!ladder)
		return NULL;
	ladder->call_id = call_id;
	ladder->recent = cg_recent_new();
	if (ladder->recent)
		return ladder;
	free(ladder);
	return NULL;
}

void cg_call_ladder_free(struct cg_call_ladder *ladder)
{
	if (!ladder)
		return;
	cg_recent_free(ladder->recent);
	free(ladder);
}

void cg_call_ladder_handle_event(struct cg_call_ladder *ladder, const struct cg_event *event)
{
	if (!cg_call_id_matches(event->call_id, ladder->call_id))
		return;
	cg_recent_handle_event(ladder->recent, event);
	ladder->changed = event->key;
	ladder->is_changed = true;
}

void cg_call_ladder_update(struct cg_call_ladder *ladder)
{
	const struct cg_dialog *dialog =
		ladder->is_changed ? cg_engine_find_dialog(&ladder->changed) : NULL;

	if (dialog)
		cg_recent_update_dialog(ladder->recent, &ladder->changed, dialog);
	ladder->is_changed = false;
}

static int print_text(const struct cg_call_ladder *ladder)
{
	const struct cg_recent_call *call;
	struct cg_ladder drawn;
	unsigned int position = 0;

	for (int i = 0; (call = cg_recent_find(ladder->recent, ladder->call_id, &position)); i++) {
		cg_ladder_build(call, &drawn);
		if (i)
			putchar('\n');
		cg_ladder_draw(stdout, &drawn, utc, cg_stdout_columns());
	}
	return cg_stdout_flush();
}

static int print_json(const struct cg_call_ladder *ladder)
{
	const struct cg_recent_call *call;
	json_t *array = json_array();
	struct cg_ladder drawn;
	unsigned int position = 0;

	while (array && (call = cg_recent_find(ladder->recent, ladder->call_id, &position))) {
		cg_ladder_build(call, &drawn);
		if (!json_array_append_new(array, cg_ladder_json(&drawn, utc)))
			continue;
		json_decref(array);
		array = NULL;
	}
	return cg_stdout_write_json(array);
}

int cg_call_ladder_print(const struct cg_call_ladder *ladder, bool json)
{
	char call_id[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];
	unsigned int position = 0;

	if (cg_recent_find(ladder->recent, ladder->call_id, &position))
		return json ? print_json(ladder) : print_text(ladder);
	cg_text_escape(call_id, sizeof(call_id), ladder->call_id, CG_CALL_ID_MAX);
	return cg_fail(
		"call %s: not found in the capture; without --ladder, replay lists the calls",
		call_id);
}
