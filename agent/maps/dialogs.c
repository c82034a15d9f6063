// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "maps/dialogs.h"

#include "maps/map_iter.h"
#include "util/progress.h"

struct visitor {
	int (*visit)(void *ctx, const struct cg_dialog *dialog);
	void *ctx;
	int result; /* the first that is not 0 */
};

static void visit_value(void *ctx, const void *key, const void *value)
{
	struct visitor *visitor = ctx;

	(void)key;
	if (!visitor->result)
		visitor->result = visitor->visit(visitor->ctx, value);
}

int cg_dialogs_for_each(const char *instance,
			int (*visit)(void *ctx, const struct cg_dialog *dialog), void *ctx)
{
	struct visitor visitor = { .visit = visit, .ctx = ctx };
	struct cg_map_iter *walk;
	int step = 0, err;

	err = cg_map_iter_open(instance, "dialogs", sizeof(struct cg_dialog_key),
			       sizeof(struct cg_dialog), true, &walk);
	if (err)
		return err;
	cg_progress_start("dialogs", 0);
	while (!step && !visitor.result) {
		step = cg_map_iter_run(walk, 1, visit_value, &visitor);
		cg_progress_update(cg_map_iter_count(walk));
	}
	cg_progress_end();
	cg_map_iter_close(walk);
	return step < 0 ? step : visitor.result;
}
