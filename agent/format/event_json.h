/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One event as JSON: what `events -j` prints and Homer is sent. */
#ifndef CG_FORMAT_EVENT_JSON_H
#define CG_FORMAT_EVENT_JSON_H

#include <jansson.h>

#include "cseqguard.h"

/* interface: the name of event->ifindex. A new reference; NULL: no memory. */
json_t *cg_event_json(const struct cg_config *config, const struct cg_event *event,
		      const char *interface);

#endif
