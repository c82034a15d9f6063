/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Routes each event of the rings: to the clients of the control socket, to the recent calls, to a
 * row of its violation, and to an update of its dialog.
 */
#ifndef CG_INGEST_EVENT_ROUTER_H
#define CG_INGEST_EVENT_ROUTER_H

#include "calls/outcome.h"
#include "calls/recent.h"
#include "ctl/ctl_server.h"
#include "hep/homer.h"
#include "ingest/dialog_tracker.h"
#include "ingest/overflow_calls.h"
#include "ingest/rings.h"
#include "ingest/violations.h"

struct cg_event_router { /* filled by the caller; its pointers must outlive it */
	struct cg_ctl_server *server;
	struct cg_recent *recent;
	struct cg_writer *writer;
	struct cg_violations *violations;
	struct cg_tracker *tracker;
	struct cg_overflow *overflow;
	const struct cg_origin *origin;
	struct cg_homer *homer; /* NULL: no Homer */
	const struct cg_config *config;
	int dialogs_fd;
	int ifname_fd; /* of cg_ifname_open() */
	/* filled by the router */
	struct cg_outcomes *outcomes;
	struct cg_dialog_key keys[CG_EVENTS_PER_RUN]; /* of this batch's events */
	unsigned int n_keys;
};

/* bye_timeout: ns. 0 or -ENOMEM. */
int cg_event_router_start(struct cg_event_router *router, __u64 bye_timeout);
void cg_event_router_set_bye_timeout(struct cg_event_router *router, __u64 bye_timeout);
void cg_event_router_stop(struct cg_event_router *router);

/* Callbacks of the rings. ctx: a struct cg_event_router. */
bool cg_event_router_has_space(void *ctx);
bool cg_event_router_handle(void *ctx, const struct cg_event *event);
void cg_event_router_finish_batch(void *ctx);

/*
 * Call each second: writes outcomes of violations that are known by now. now: CLOCK_BOOTTIME, ns.
 */
void cg_event_router_poll(struct cg_event_router *router, __u64 now);

#endif
