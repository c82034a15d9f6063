/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Records to a Homer collector, by UDP or TCP, in the loop. A collector that is away, slow or dead
 * holds nothing up: CG_HOMER_QUEUE records wait for it, what finds no room is lost, counted and
 * told. Over TCP a record waits until it is acknowledged, and may come twice after a connection
 * broke; over UDP it is gone once it is sent.
 */
#ifndef CG_HEP_HOMER_H
#define CG_HEP_HOMER_H

#include <linux/types.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "cseqguard.h"

#define CG_HOMER_QUEUE 1024 /* records of CG_HEP_MAX bytes at most */

struct cg_homer;

/* address: of cg_endpoint_parse(). agent: HEP's capture ID. 0 or -errno. */
int cg_homer_new(sd_event *loop, const char *address, int tcp, __u32 agent,
		 struct cg_homer **homer);

/* Says what is lost with it. NULL is ignored. */
void cg_homer_free(struct cg_homer *homer);

__u32 cg_homer_capture_id(const struct cg_homer *homer);

/* The record is copied. lose: one that there is none of, for that reason. */
void cg_homer_queue_record(struct cg_homer *homer, const void *data, size_t len);
void cg_homer_count_loss(struct cg_homer *homer, const char *why);

/* Each second: says, once a minute, what was lost. NULL is ignored. now: CLOCK_BOOTTIME, ns. */
void cg_homer_poll(struct cg_homer *homer, __u64 now);

/* homer_event.c: a violation, as HEPv3 with the JSON of event_json.h. ifname: of event->ifindex. */
void cg_homer_send_violation(struct cg_homer *homer, const struct cg_config *config,
			     const struct cg_event *event, const char *ifname);

#endif
