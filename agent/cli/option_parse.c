// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Parsers of the option values that are not stored as they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"
#include "maps/pins.h"
#include "stats/range.h"
#include "util/enum_names.h"
#include "util/cli_output.h"
#include "util/text.h"

int cg_parse_option_instance(struct cg_options *options, const char *value)
{
	options->instance = value;
	return cg_instance_check_name(value);
}

int cg_parse_option_xdp(struct cg_options *options, const char *value)
{
	static const char *const words[] = {
		[CG_ATTACH_AUTO] = "auto", [CG_ATTACH_NATIVE] = "native", [CG_ATTACH_SKB] = "skb"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i], value)) {
			options->attach_mode = i;
			return 0;
		}
	return -EINVAL;
}

/* `-m observe` means --mode. */
int cg_parse_option_xdp_or_mode(struct cg_options *options, const char *value)
{
	return cg_parse_option_xdp(options, value)
		       ? cg_settings_parse_mode(&options->settings, value)
		       : 0;
}

int cg_parse_option_replay_mode(struct cg_options *options, const char *value)
{
	return cg_settings_parse_mode(&options->settings, value);
}

int cg_parse_option_replay_host(struct cg_options *options, const char *value)
{
	return cg_settings_parse_hosts(&options->settings, value);
}

int cg_parse_option_reason(struct cg_options *options, const char *value)
{
	char bad[CG_REASON_TEXT], shown[4 * CG_REASON_TEXT];
	const char *near;

	if (!cg_event_filter_add_reasons(&options->filter, value, bad, &near))
		return 0;
	cg_text_escape(shown, sizeof(shown), bad, sizeof(bad));
	if (near)
		return cg_fail_usage("unknown reason '%s'; did you mean %s?", shown, near);
	return cg_fail_usage("unknown reason '%s'; see: cseqguard stats --all", shown);
}

int cg_parse_option_event_source(struct cg_options *options, const char *value)
{
	options->filter.by_source = true;
	return cg_prefix_parse(value, &options->filter.source);
}

#define RANGE(field)                                                                               \
	int cg_parse_option_##field(struct cg_options *options, const char *value)                 \
	{                                                                                          \
		struct cg_range range;                                                             \
		options->field = value;                                                            \
		return cg_range_parse(&range, value);                                              \
	}
RANGE(warning)
RANGE(critical)
RANGE(spool_warning)
RANGE(spool_critical)

int cg_parse_option_expect(struct cg_options *options, const char *value)
{
	int mode = cg_mode_from_name(value);

	options->expect = mode;
	return mode < 0 ? mode : 0;
}

/* From 0.1 seconds to a day, as for top(1). */
int cg_parse_option_delay(struct cg_options *options, const char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !(seconds >= 0.1 && seconds <= 86400))
		return -EINVAL;
	options->delay_ms = seconds * 1000;
	return 0;
}

int cg_parse_option_count(struct cg_options *options, const char *value)
{
	__u64 count;

	if (cg_number_parse(value, 1, 999999999, &count))
		return -EINVAL;
	options->count = count;
	return 0;
}

int cg_fail_clock_change(const char *value)
{
	return cg_fail_usage("invalid time '%s': a clock change skips or repeats this local time; "
			     "add Z or an offset such as +01:00",
			     value);
}

int cg_parse_option_last(struct cg_options *options, const char *value)
{
	__u64 count;

	options->last = value;
	return cg_number_parse(value, 1, 999999999, &count);
}
