/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* An event as a line of text or JSON. */
#ifndef CG_FORMAT_EVENT_TEXT_H
#define CG_FORMAT_EVENT_TEXT_H

#include <stdbool.h>

#include "cseqguard.h"

/* Prints the event to stdout, which is not flushed. */
void cg_event_print(const struct cg_config *config, const struct cg_event *event, bool json);

#endif
