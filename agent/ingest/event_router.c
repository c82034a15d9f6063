// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/event_router.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/violation_row.h"
#include "util/clock.h"
#include "util/ifname.h"

/* True if the queue has space for one more event and the updates of this batch. */
bool cg_event_router_has_space(void *ctx)
{
	const struct cg_event_router *router = ctx;

	return cg_writer_queue_space(router->writer) > CG_STEPS_PER_UPDATE * (router->n_keys + 1);
}

static void fill_violation(const struct cg_event_router *router, const struct cg_event *event,
			   struct cg_violation_row *row)
{
	char ifname[IF_NAMESIZE];

	cg_ifname_get(router->ifname_fd, event->ifindex, ifname);
	cg_violation_fill_event(event, router->origin, ifname, row);
}

static bool find_dialog(void *ctx, const struct cg_dialog_key *key, struct cg_dialog *dialog)
{
	const struct cg_event_router *router = ctx;

	return !bpf_map_lookup_elem_flags(router->dialogs_fd, key, dialog, BPF_F_LOCK);
}

static bool put_outcome(void *ctx, const struct cg_event *violation, enum cg_outcome outcome)
{
	const struct cg_event_router *router = ctx;
	struct cg_violation_row row;

	if (!cg_event_router_has_space(ctx))
		return false;
	fill_violation(router, violation, &row);
	snprintf(row.outcome, sizeof(row.outcome), "%s", cg_outcome_name(outcome));
	return cg_writer_put(router->writer, CG_TABLE_VIOLATION, &row) != 0;
}

int cg_event_router_start(struct cg_event_router *router, __u64 bye_timeout)
{
	const struct cg_outcomes_user user = { find_dialog, put_outcome, router };

	router->outcomes = cg_outcomes_new(bye_timeout, &user);
	return router->outcomes ? 0 : -ENOMEM;
}

void cg_event_router_set_bye_timeout(struct cg_event_router *router, __u64 bye_timeout)
{
	cg_outcomes_set_bye_timeout(router->outcomes, bye_timeout);
}

void cg_event_router_stop(struct cg_event_router *router)
{
	cg_homer_free(router->homer);
	cg_outcomes_free(router->outcomes);
}

/*
 * Stores a violation and sends it to Homer. False: it was folded, and has no row for its outcome.
 */
static bool handle_violation(struct cg_event_router *router, const struct cg_event *event)
{
	struct cg_violation_row row;

	fill_violation(router, event, &row);
	if (router->homer)
		cg_homer_send_violation(router->homer, router->config, event, row.interface);
	return cg_violations_put(router->violations, &row) == CG_VIOLATION_STORED;
}

bool cg_event_router_handle(void *ctx, const struct cg_event *event)
{
	struct cg_event_router *router = ctx;

	cg_ctl_server_send_event(router->server, event);
	cg_recent_handle_event(router->recent, event);
	if (event->type != CG_EV_VIOLATION || handle_violation(router, event))
		cg_outcomes_handle(router->outcomes, event);
	if (event->key.call | event->key.tags)
		router->keys[router->n_keys++] = event->key;
	return cg_event_router_has_space(ctx);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cg_dialog_key));
}

/* Updates each dialog once, even if several events of the batch belong to it. */
void cg_event_router_finish_batch(void *ctx)
{
	struct cg_event_router *router = ctx;
	__u64 now = cg_boottime();

	qsort(router->keys, router->n_keys, sizeof(*router->keys), compare_keys);
	for (unsigned int i = 0; i < router->n_keys; i++)
		if ((!i || compare_keys(&router->keys[i], &router->keys[i - 1])) &&
		    cg_tracker_fetch(router->tracker, &router->keys[i], now) == -ENOENT)
			cg_overflow_fetch(router->overflow, &router->keys[i], now);
	router->n_keys = 0;
	cg_violations_flush(router->violations);
}

void cg_event_router_poll(struct cg_event_router *router, __u64 now)
{
	cg_outcomes_run(router->outcomes, now);
	cg_violations_flush(router->violations);
	cg_homer_poll(router->homer, now);
}
