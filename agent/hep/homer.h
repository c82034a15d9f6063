/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sends records to a Homer collector over UDP or TCP, in the event loop. A slow or unreachable
 * collector delays nothing: up to CG_HOMER_QUEUE records are queued, further ones are lost, counted
 * and logged. Over TCP a record stays queued until it is acknowledged, and is sent again after a
 * broken connection. Over UDP it is removed once it is sent.
 */
#ifndef CG_HEP_HOMER_H
#define CG_HEP_HOMER_H

#include <linux/types.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "cseqguard.h"

#define CG_HOMER_QUEUE 1024 /* records, each of at most CG_HEP_MAX bytes */

struct cg_homer;

/* address: of cg_endpoint_parse(). agent: capture ID. Returns 0 or -errno. */
int cg_homer_new(sd_event *loop, const char *address, int tcp, __u32 agent,
		 struct cg_homer **homer);

/* Logs the records that are lost with it. NULL is ignored. */
void cg_homer_free(struct cg_homer *homer);

__u32 cg_homer_capture_id(const struct cg_homer *homer);

/*
 * queue_record copies the record and sends what it can. count_loss counts a record that was not
 * made.
 */
void cg_homer_queue_record(struct cg_homer *homer, const void *data, size_t len);
void cg_homer_count_loss(struct cg_homer *homer, const char *why);

/* Call each second: logs losses at most once a minute. NULL is ignored. now: CLOCK_BOOTTIME, ns. */
void cg_homer_poll(struct cg_homer *homer, __u64 now);

/*
 * Sends a violation as HEPv3 with the JSON of event_json.h (homer_event.c). ifname: name of
 * event->ifindex.
 */
void cg_homer_send_violation(struct cg_homer *homer, const struct cg_config *config,
			     const struct cg_event *event, const char *ifname);

#endif
