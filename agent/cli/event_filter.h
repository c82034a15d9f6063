/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The conditions of the command `events`. An event must match all conditions that are set. */
#ifndef CG_CLI_EVENT_FILTER_H
#define CG_CLI_EVENT_FILTER_H

#include <stdbool.h>

#include "cseqguard.h"

struct cg_event_filter { /* zeroed: matches every event */
	__u64 reasons; /* a bit for each; 0: any */
	bool by_source;
	struct cg_prefix source;
	const char *call_id; /* text that the Call-ID, as printed, contains; NULL: any */
};

/*
 * Adds the reasons of the list NAME,... to the filter. Returns 0, or -EINVAL with the filter
 * untouched, `bad` the unknown name, truncated, and `near` a similar name (static; NULL: none).
 */
#define CG_REASON_TEXT 49
int cg_event_filter_add_reasons(struct cg_event_filter *filter, const char *words,
				char bad[CG_REASON_TEXT], const char **near);

bool cg_event_filter_matches(const struct cg_event_filter *filter, const struct cg_event *event);

#endif
