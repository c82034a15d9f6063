/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the rings give goes to listeners, memory, rows of violations, and a look at its dialog. */
#ifndef CG_INGEST_EVENT_ROUTER_H
#define CG_INGEST_EVENT_ROUTER_H

#include "calls/outcome.h"
#include "calls/recent.h"
#include "ctl/ctl_server.h"
#include "hep/homer.h"
#include "ingest/dialog_tracker.h"
#include "ingest/overflow_calls.h"
#include "ingest/rings.h"

struct cg_event_router { /* filled by the caller, who keeps what it points to */
	struct cg_ctl_server *server;
	struct cg_recent *recent;
	struct cg_writer *writer;
	struct cg_tracker *tracker;
	struct cg_overflow *overflow;
	const struct cg_origin *origin;
	struct cg_homer *homer; /* NULL: violations go to none */
	const struct cg_config *config;
	int dialogs_fd;
	int ifname_fd; /* of cg_ifname_open() */
	/* its own */
	struct cg_outcomes *outcomes;
	struct cg_dialog_key keys[CG_EVENTS_PER_RUN]; /* that this turn's events name */
	unsigned int n_keys;
};

/* bye_timeout: ns. 0 or -ENOMEM. */
int cg_event_router_start(struct cg_event_router *intake, __u64 bye_timeout);
void cg_event_router_set_bye_timeout(struct cg_event_router *intake, __u64 bye_timeout);
void cg_event_router_stop(struct cg_event_router *intake);

/* take and turned of a struct cg_event_router's rings. */
bool cg_event_router_handle(void *ctx, const struct cg_event *event);
void cg_event_router_finish_batch(void *ctx);

/* Each second: violations whose outcome is known by now are told. now: CLOCK_BOOTTIME, ns. */
void cg_event_router_poll(struct cg_event_router *intake, __u64 now);

#endif
