/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which events a user wants to see: each condition that was given has to hold. */
#ifndef CG_CLI_EVENT_FILTER_H
#define CG_CLI_EVENT_FILTER_H

#include <stdbool.h>

#include "cseqguard.h"

struct cg_event_filter { /* all 0: every event */
	__u64 reasons; /* a bit each; 0: any */
	bool by_source;
	struct cg_prefix source;
	const char *call_id; /* it has that text in it, as it is shown; NULL: any */
};

/*
 * WORD,...: adds to those given before. 0, or -EINVAL with `bad` the word that is none, cut, and
 * `near` the one that was meant (static; NULL: none is near); the filter is untouched then.
 */
#define CG_REASON_TEXT 49
int cg_filter_reasons(struct cg_event_filter *filter, const char *words, char bad[CG_REASON_TEXT],
		      const char **near);

bool cg_filter_takes(const struct cg_event_filter *filter, const struct cg_event *event);

#endif
