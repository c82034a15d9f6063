/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* JSON of an event, for `events -j` and for Homer. */
#ifndef CG_FORMAT_EVENT_JSON_H
#define CG_FORMAT_EVENT_JSON_H

#include <jansson.h>

#include "cseqguard.h"

/*
 * The keys are the columns of table violation. Returns a new reference, or NULL without memory.
 * interface: name of event->ifindex.
 */
json_t *cg_event_json(const struct cg_config *config, const struct cg_event *event,
		      const char *interface);

#endif
