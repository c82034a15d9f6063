// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "ingest/event_router.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/ifname.h"

static bool room(const struct cg_event_router *intake)
{
	return cg_writer_queue_space(intake->writer) > CG_STEPS_PER_UPDATE * (intake->n_keys + 1);
}

static void violation_row(const struct cg_event_router *intake, const struct cg_event *event,
			  struct cg_violation_row *row)
{
	char ifname[IF_NAMESIZE];

	cg_ifname_get(intake->ifname_fd, event->ifindex, ifname);
	cg_cdr_fill_violation(event, intake->origin, ifname, row);
}

static bool find(void *ctx, const struct cg_dialog_key *key, struct cg_dialog *dialog)
{
	const struct cg_event_router *intake = ctx;

	return !bpf_map_lookup_elem_flags(intake->dialogs_fd, key, dialog, BPF_F_LOCK);
}

static bool told(void *ctx, const struct cg_event *violation, enum cg_outcome outcome)
{
	const struct cg_event_router *intake = ctx;
	struct cg_violation_row row;

	if (!room(intake))
		return false;
	violation_row(intake, violation, &row);
	snprintf(row.outcome, sizeof(row.outcome), "%s", cg_outcome_name(outcome));
	return cg_writer_put(intake->writer, CG_TABLE_VIOLATION, &row) != 0;
}

int cg_event_router_start(struct cg_event_router *intake, __u64 bye_timeout)
{
	const struct cg_outcomes_user user = { find, told, intake };

	intake->outcomes = cg_outcomes_new(bye_timeout, &user);
	return intake->outcomes ? 0 : -ENOMEM;
}

void cg_event_router_set_bye_timeout(struct cg_event_router *intake, __u64 bye_timeout)
{
	cg_outcomes_set_bye_timeout(intake->outcomes, bye_timeout);
}

void cg_event_router_stop(struct cg_event_router *intake)
{
	cg_homer_free(intake->homer);
	cg_outcomes_free(intake->outcomes);
}

bool cg_event_router_handle(void *ctx, const struct cg_event *event)
{
	struct cg_event_router *intake = ctx;
	struct cg_violation_row row;

	cg_ctl_server_send_event(intake->server, event);
	cg_recent_handle_event(intake->recent, event);
	if (event->type == CG_EV_VIOLATION) {
		violation_row(intake, event, &row);
		cg_writer_put(intake->writer, CG_TABLE_VIOLATION, &row);
		if (intake->homer)
			cg_homer_send_violation(intake->homer, intake->config, event,
						row.interface);
	}
	cg_outcomes_handle(intake->outcomes, event);
	if (event->key.call | event->key.tags)
		intake->keys[intake->n_keys++] = event->key;
	return room(intake); /* for one more event */
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct cg_dialog_key));
}

/* A dialog that several events name is looked at once: what they told of stands in the map. */
void cg_event_router_finish_batch(void *ctx)
{
	struct cg_event_router *intake = ctx;
	__u64 now = cg_boottime();

	qsort(intake->keys, intake->n_keys, sizeof(*intake->keys), compare);
	for (unsigned int i = 0; i < intake->n_keys; i++)
		if ((!i || compare(&intake->keys[i], &intake->keys[i - 1])) &&
		    cg_tracker_fetch(intake->tracker, &intake->keys[i], now) == -ENOENT)
			cg_overflow_fetch(intake->overflow, &intake->keys[i], now);
	intake->n_keys = 0;
}

void cg_event_router_poll(struct cg_event_router *intake, __u64 now)
{
	cg_outcomes_run(intake->outcomes, now);
	cg_homer_poll(intake->homer, now);
}
