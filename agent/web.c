// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#define _GNU_SOURCE
#include "web.h"

#include <stdio.h>
#include <string.h>

#include "loop.h"
#include "metrics.h"

#define TEXT "text/plain; charset=utf-8"

/* A guard without its daemon's store loses nothing yet, but somebody has to come. */
static void answer_health(const struct cg_view *view, struct cg_http_answer *answer)
{
	struct cg_writer_status spool;
	struct cg_ship_status ship = { .up = true };
	char *text = NULL;
	int len;

	cg_writer_status(view->writer, &spool);
	if (*view->ship)
		cg_ship_status(*view->ship, &ship);
	if (view->gone)
		len = asprintf(&text, "instance %s was detached: calls are not guarded\n",
			       view->guard->instance);
	else if (spool.error)
		len = asprintf(&text, "spool %s cannot be written: %s; calls stay in the map\n",
			       view->spool, spool.why);
	else
		len = asprintf(&text, "ok%s\n",
			       ship.up ? "" : "; PostgreSQL is away, rows wait in the spool");
	cg_http_text(answer, view->gone || spool.error ? 503 : 200, TEXT, len < 0 ? NULL : text);
}

void cg_web_answer(void *ctx, const struct cg_http_request *request, struct cg_http_answer *answer)
{
	const struct cg_view *view = ctx;

	if (!strcmp(request->path, "/metrics"))
		cg_http_text(answer, 200, CG_METRICS_TYPE, cg_metrics(view, cg_boottime()));
	else if (!strcmp(request->path, "/healthz"))
		answer_health(view, answer);
}
