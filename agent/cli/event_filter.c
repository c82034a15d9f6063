// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "cli/event_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/enum_names.h"
#include "util/suggest.h"
#include "util/text.h"

_Static_assert(CG_REASONS <= 64, "a set of reasons is a __u64");

static const char *find_similar_reason(const char *word)
{
	struct cg_suggestion nearest = { .word = word };

	for (unsigned int i = 0; i < CG_REASONS; i++)
		cg_suggest_compare(&nearest, cg_reason_name(i));
	return nearest.name;
}

int cg_event_filter_add_reasons(struct cg_event_filter *filter, const char *words,
				char bad[CG_REASON_TEXT], const char **near)
{
	__u64 reasons = filter->reasons;

	for (const char *at = words; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		int len = strcspn(at, ","), reason;

		snprintf(bad, CG_REASON_TEXT, "%.*s", len, at);
		reason = cg_reason_from_name(bad);
		if (reason < 0 || len >= CG_REASON_TEXT) {
			*near = find_similar_reason(bad);
			return -EINVAL;
		}
		reasons |= 1ull << reason;
	}
	filter->reasons = reasons;
	return 0;
}

static bool prefix_contains(const struct cg_prefix *prefix, const __u8 addr[16])
{
	unsigned int bytes = prefix->bits / 8, rest = prefix->bits % 8;

	return !memcmp(prefix->addr, addr, bytes) &&
	       (!rest || !((prefix->addr[bytes] ^ addr[bytes]) >> (8 - rest)));
}

static bool call_id_contains(const char *call_id, const char *text)
{
	char shown[CG_ESCAPED_SIZE(CG_CALL_ID_MAX)];

	cg_text_escape(shown, sizeof(shown), call_id, CG_CALL_ID_MAX);
	return strstr(shown, text);
}

bool cg_event_filter_matches(const struct cg_event_filter *filter, const struct cg_event *event)
{
	bool known = event->reason < CG_REASONS;

	if (filter->reasons && !(known && filter->reasons >> event->reason & 1))
		return false;
	if (filter->by_source && !prefix_contains(&filter->source, event->source))
		return false;
	return !filter->call_id || call_id_contains(event->call_id, filter->call_id);
}
